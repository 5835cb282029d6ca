"""Parameters of an IP as design files write them."""

import pytest

from pynq_drivers import parameters


@pytest.mark.parametrize(
    ("written", "value"),
    [("32", 32), ("0x20", 32), ('"1"', 1), ("true", 1), ("FALSE", 0), ("0xFFFF_FFFF", 0xFFFF_FFFF), ("08", 8), (" 4 ", 4), ("", 7)],
)
def test_integers(written: str, value: int) -> None:
    assert parameters.integer({"C_X": written}, "C_X", 7) == value


@pytest.mark.parametrize("name", ["C_X", "c_x", "C_x"])
def test_case_does_not_matter(name: str) -> None:
    assert parameters.integer({name: "5"}, "C_X", 7) == 5
    assert parameters.integer({name: "5"}, "c_x", 7) == 5


def test_what_is_no_number() -> None:
    assert parameters.integer({}, "C_X", 7) == 7
    with pytest.raises(ValueError, match=r"^Parameter C_X should be an integer such as 32 or 0x20, but the design says 'wide'$"):
        parameters.integer({"C_X": "wide"}, "C_X", 7)
