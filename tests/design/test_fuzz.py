"""Whatever stands in the file: a design that can be read to its end, or one ``DesignError``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynq_widgets.design import Design, DesignError, read_design

Touch = Callable[[Design], None]

_VALUE = re.compile(rb'="[^"]*"')
_HOSTILE = [
    b"",
    b"0x",
    b"-1",
    b"1000000000",
    b"0xFFFFFFFFFFFFFFFFFFFFFFFF",
    b"9" * 5000,
    b"1e9",
    b"nan",
    b"\xc3\xa9",
    b"::::",
    b"/",
    b"//",
    b"a/b/c",
    b"..",
    b"IRQ_F2P",
    b"ps",
    b"n_irq",
    b"n_joined",
    b"axi_intc",
    b"xlconcat",
    b"xlslice",
    b"O",
    b"I",
    b"REGISTER",
    b"MEMORY",
    b"FALSE",
    b"BLOCK_CONTAINER",
    b"&lt;",
    b"&bomb;",
    b"&#0;",
]

relaxed = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def mutations(draw: st.DrawFn, sizes: int = 4) -> list[tuple[str, float, float, bytes]]:
    """What to do to a file: the kind of change, two places as fractions of it, and bytes to put there."""
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from(["value", "swap", "line", "double", "move", "bytes", "cut"]),
                st.floats(0, 1, exclude_max=True),
                st.floats(0, 1, exclude_max=True),
                st.sampled_from(_HOSTILE) | st.binary(max_size=6),
            ),
            min_size=1,
            max_size=sizes,
        )
    )


def mutate(data: bytes, changes: list[tuple[str, float, float, bytes]]) -> bytes:
    for kind, first, second, put in changes:
        spots = [match.span() for match in _VALUE.finditer(data)]
        lines = data.split(b"\n")
        at, other = int(first * len(lines)), int(second * len(lines))
        if kind == "value" and spots:
            start, end = spots[int(first * len(spots))]
            data = data[: start + 2] + put + data[end - 1 :]
        elif kind == "swap" and spots:
            (a, b), (c, d) = sorted([spots[int(first * len(spots))], spots[int(second * len(spots))]])
            data = data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:] if b <= c else data
        elif kind == "line":
            data = b"\n".join(lines[:at] + lines[at + 1 :])
        elif kind == "double":
            data = b"\n".join(lines[: at + 1] + lines[at:])
        elif kind == "move":
            line = lines.pop(at)
            data = b"\n".join([*lines[:other], line, *lines[other:]])
        elif kind == "bytes":
            place = int(first * len(data))
            data = data[:place] + put + data[place + len(put) :]
        elif kind == "cut":
            data = data[: int(first * len(data))]
    return data


def attempt(path: Path, data: bytes, touch: Touch) -> None:
    path.write_bytes(data)
    caught = None
    try:
        touch(read_design(path))
    except DesignError as error:
        caught = error
    if caught is not None:
        assert str(caught).startswith(str(path))
        assert caught.cause
        assert len(str(caught)) < 2000


@relaxed
@given(changes=mutations())
def test_mutated_small_design(
    changes: list[tuple[str, float, float, bytes]], small_text: str, tmp_path: Path, touch_everything: Touch
) -> None:
    attempt(tmp_path / "mutated.hwh", mutate(small_text.encode(), changes), touch_everything)


@relaxed
@given(changes=mutations())
def test_mutated_demonstration_design(
    changes: list[tuple[str, float, float, bytes]], demo_design: Path, tmp_path: Path, touch_everything: Touch
) -> None:
    attempt(tmp_path / "mutated.hwh", mutate(demo_design.read_bytes(), changes), touch_everything)


@settings(relaxed, max_examples=60)
@given(changes=mutations(12), which=st.sampled_from(["ps_gpio", "bd_0-hls", "composable_pr_0_dilate_erode", "SOC-ZTurn"]))
def test_mutated_public_design(
    changes: list[tuple[str, float, float, bytes]], which: str, hwh_folder: Path, tmp_path: Path, touch_everything: Touch
) -> None:
    found = sorted(hwh_folder.glob(f"*{which}*.hwh"))
    attempt(tmp_path / "mutated.hwh", mutate(found[0].read_bytes(), changes), touch_everything)


@relaxed
@given(data=st.binary(max_size=200))
@pytest.mark.parametrize("suffix", [".hwh", ".xsa", ".hdf"])
def test_any_bytes(data: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    with pytest.raises(DesignError):
        read_design(path)
