from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from pynq_widgets.design import Design, DesignError, read_design

Small = Callable[..., Design]


@pytest.fixture
def error(tmp_path: Path) -> Callable[[bytes], DesignError]:
    """The error that a file with these bytes gives."""

    def read(data: bytes) -> DesignError:
        path = tmp_path / "bad.hwh"
        path.write_bytes(data)
        with pytest.raises(DesignError) as caught:
            read_design(path)
        assert caught.value.path == str(path)
        assert str(path) in str(caught.value)
        return caught.value

    return read


def test_empty(error: Callable[[bytes], DesignError]) -> None:
    assert (error(b"").cause, error(b"\xef\xbb\xbf\n").cause) == ("the file is empty", "the file is empty")


def test_truncated(error: Callable[[bytes], DesignError], small_text: str) -> None:
    data = small_text.encode("utf-8-sig")
    cut = data[: data.index(b"INSTANCE=", len(data) // 2)]
    found = error(cut)
    assert found.cause == "the file is truncated (unclosed token): it ends before </EDKSYSTEM>; copy it again"
    assert found.line == cut.count(b"\n") + 1
    between = data[: data.index(b"<MODULE ", len(data) // 2)]
    assert error(between).cause == "the file is truncated (no element found): it ends before </EDKSYSTEM>; copy it again"


def test_not_xml(error: Callable[[bytes], DesignError]) -> None:
    assert error(b"\x7fELF\x02\x01").cause == r"this is not XML: it begins with b'\x7fELF\x02\x01'"
    assert error(b"<EDKSYSTEM></WRONG></EDKSYSTEM>").cause == "this is not well-formed XML: mismatched tag"


def test_another_xml(error: Callable[[bytes], DesignError]) -> None:
    found = error(b"<?xml version='1.0'?>\n\n<component/>")
    assert found.cause == "this is another XML file: its root element is <component>, a hardware handoff has <EDKSYSTEM>"
    assert found.line == 3


def test_no_modules(error: Callable[[bytes], DesignError]) -> None:
    assert error(b"<EDKSYSTEM/>").cause == "there is no <MODULES> in it: not a block design's handoff, or one that was cut"


BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<EDKSYSTEM>&b;</EDKSYSTEM>'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_a_document_type_in_any_encoding(error: Callable[[bytes], DesignError], encoding: str) -> None:
    found = error(BOMB.encode(encoding))
    assert found.cause == "a document type or entity is declared, which no hardware handoff does"
    assert found.line == 2


def test_an_encoding_that_hides_the_document_type(error: Callable[[bytes], DesignError]) -> None:
    hidden = b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x><EDKSYSTEM/>'
    assert error(hidden).cause == "the encoding 'utf-7' is not supported, a hardware handoff is in UTF-8"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "latin-1"])
def test_a_handoff_in_another_encoding(encoding: str, small_text: str, tmp_path: Path) -> None:
    path = tmp_path / "small.hwh"
    path.write_bytes(
        small_text.replace("UTF-8", encoding if encoding == "latin-1" else "UTF-8")
        .replace("maker:board", "maker:bo\xe4rd")
        .encode(encoding)
    )
    assert read_design(path).board == "maker:bo\xe4rd:part0:1.0"


def test_too_many_bytes(tmp_path: Path) -> None:
    path = tmp_path / "huge.hwh"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(DesignError, match="2147483648 bytes are too many for a hardware handoff"):
        read_design(path)


def test_too_many_elements(error: Callable[[bytes], DesignError]) -> None:
    assert error(b"<EDKSYSTEM>" + b"<a/>" * 3_000_001 + b"</EDKSYSTEM>").cause == "there are too many elements for a hardware handoff"


def test_deep_nesting_harms_nothing(error: Callable[[bytes], DesignError]) -> None:
    assert "<MODULES>" in error(b"<EDKSYSTEM>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</EDKSYSTEM>").cause


@pytest.mark.parametrize("attribute", ["FULLNAME", "INSTANCE"])
def test_duplicate_names(small: Small, line_of: Callable[[str], int], attribute: str) -> None:
    with pytest.raises(DesignError) as caught:
        small(
            (
                f'{attribute}="{"/low" if attribute == "FULLNAME" else "low"}"',
                f'{attribute}="{"/wide" if attribute == "FULLNAME" else "bram"}"',
            )
        )
    if attribute == "FULLNAME":
        assert (caught.value.cause, caught.value.line) == ("two modules are named 'wide'", line_of('FULLNAME="/wide"'))
    else:
        assert (caught.value.cause, caught.value.line) == ("'low' and 'bram' have the same INSTANCE 'bram'", line_of('FULLNAME="/low"'))


def test_the_collector_is_left_as_it_was(small: Small) -> None:
    assert gc.isenabled()
    small()
    assert gc.isenabled()
    gc.disable()
    try:
        small()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_no_file_stays_open(small: Small, tmp_path: Path) -> None:
    design = small()
    with pytest.raises(DesignError):
        small(("</EDKSYSTEM>", ""))
    assert [path.name for path in tmp_path.iterdir()] == ["small.hwh"]
    descriptors = Path("/proc/self/fd")
    if descriptors.is_dir():
        assert design.path not in {str(link.resolve()) for link in descriptors.iterdir() if link.exists()}


def test_the_error_can_be_pickled() -> None:
    import pickle

    error = DesignError("a.hwh", "wrong", 3)
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.cause, again.line, str(again)) == ("a.hwh", "wrong", 3, "a.hwh, line 3: wrong")
    assert isinstance(error, ValueError)
