"""What a recording is taken away as: a table, a dump of signals, a test."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets import Overlay, SimulatedDevice, VirtualClock
from pynq_widgets.device.bus import Transaction
from pynq_widgets.device.conversation import Conversation, Download, Gap, Interruption, read, write
from pynq_widgets.live import tape_csv, tape_pytest, tape_vcd
from pynq_widgets.live.excerpt import Excerpt

SAID = Conversation(
    (
        Transaction(1.0, "user", "write", 0x4000_0000, (5,), 1, 2e-6, ""),
        Transaction(1.5, "sampler", "read", 0x4000_0004, (1, 2), 2, 3e-6, ""),
        Gap(2.0, 7, 0.5),
        Interruption(3.0, "told", "IRQ[0]"),
        Transaction(3.0, "user", "read", 0x4000_0000, (), 1, 1e-6, 'no, "never"'),
        Download(4.0, 2),
    ),
    design="demo",
    kind="simulated",
    tag="t",
    names={0x4000_0000: "ip.CTRL", 0x4000_0004: "=1+1"},
)


def test_a_table_has_a_row_for_each_entry(tmp_path: Path) -> None:
    Excerpt(SAID).to_csv(tmp_path / "tape.csv")
    with open(tmp_path / "tape.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        list(tape_csv.COLUMNS),
        ["1.0", "user", "write", "0x40000000", "ip.CTRL", "0x00000005", "1", "2e-06", ""],
        ["1.5", "sampler", "read", "0x40000004", "'=1+1", "0x00000001 0x00000002", "2", "3e-06", ""],
        ["2.0", "", "gap", "", "", "", "7", "0.5", ""],
        ["3.0", "", "interrupt", "", "IRQ[0]", "told", "", "", ""],
        ["3.0", "user", "read", "0x40000000", "ip.CTRL", "", "1", "1e-06", 'no, "never"'],
        ["4.0", "", "download", "", "", "", "2", "", ""],
    ]


class Dump:
    """A reader of value change dumps, strict about the syntax of IEEE 1364-2005, 18.2."""

    def __init__(self, text: str) -> None:
        head, _, body = text.partition("$enddefinitions $end\n")
        self.signals: dict[str, tuple[str, int]] = {}
        declarations = re.findall(r"\$(\w+)\s(.*?)\s?\$end\n", head, re.DOTALL)
        assert "".join(f"${kind} {rest}{' ' if rest else ''}$end\n" for kind, rest in declarations) == head
        assert [kind for kind, _ in declarations if kind != "var"] == ["version", "comment", "timescale", "scope", "upscope"]
        for kind, rest in declarations:
            if kind == "var":
                found = re.fullmatch(r"reg (\d+) ([!-~]) (\w+)(?: \[(\d+):0\])?", rest)
                assert found is not None, rest
                width = int(found[1])
                assert int(found[4] or 0) == width - 1
                assert found[2] not in self.signals
                self.signals[found[2]] = (found[3], width)
        self.changes: list[tuple[int, str, str]] = []
        now, dumping = -1, False
        for line in body.splitlines():
            if line.startswith("#"):
                assert int(line[1:]) > now
                now = int(line[1:])
            elif line in ("$dumpvars", "$end"):
                dumping = line == "$dumpvars"
                assert now == 0
            else:
                found = re.fullmatch(r"([01x])([!-~])|b(0|1[01]*|x) ([!-~])", line)
                assert found is not None, line
                name, width = self.signals[found[2] or found[4]]
                value = found[1] or found[3]
                assert (width == 1) == bool(found[1])
                assert len(value) <= width
                self.changes.append((now, name, value))
        assert not dumping
        assert {name for at, name, _ in self.changes if at == 0} == {name for name, _ in self.signals.values()}

    def beats(self) -> list[tuple[int, str, int, int | None, str, str]]:
        """At each rising strobe: time, operation, address, data, who, register."""
        value: dict[str, str] = {}
        found = []
        at = [change[0] for change in self.changes]
        for number, (now, name, bits) in enumerate(self.changes):
            value[name] = bits
            if number + 1 < len(at) and at[number + 1] == now:
                continue
            for operation in ("read", "write"):
                if value[operation] == "1":
                    data = None if value["data"] == "x" else int(value["data"], 2)
                    texts = [int(value[text], 2) for text in ("who", "register")]
                    who, register = (text.to_bytes(80, "big").lstrip(b"\0").decode() for text in texts)
                    found.append((now, operation, int(value["address"], 2), data, who, register))
        return found


def test_a_dump_has_the_words_as_signals(tmp_path: Path) -> None:
    Excerpt(SAID).to_vcd(tmp_path / "tape.vcd")
    dump = Dump((tmp_path / "tape.vcd").read_text(encoding="ascii"))
    assert dump.beats() == [
        (1, "write", 0x4000_0000, 5, "user", "ip.CTRL"),
        (500_000_000, "read", 0x4000_0004, 1, "sampler", "=1+1"),
        (500_000_002, "read", 0x4000_0008, 2, "sampler", ""),
        (2_000_000_002, "read", 0x4000_0000, None, "user", "ip.CTRL"),
    ]
    assert [(at, bits) for at, name, bits in dump.changes if name == "recording"] == [
        (0, "1"),
        (1_000_000_000, "0"),
        (1_500_000_000, "1"),
    ]
    assert [(at, bits) for at, name, bits in dump.changes if name == "error"][1:] == [(2_000_000_002, "1"), (2_000_000_003, "0")]


@given(
    st.lists(
        st.one_of(
            st.builds(
                Transaction,
                st.floats(-1e3, 1e3),
                st.text(max_size=5),
                st.sampled_from(["read", "write"]),
                st.integers(0, (1 << 62) - 64).map(lambda n: 4 * n),
                st.lists(st.integers(0, 0xFFFF_FFFF), min_size=1, max_size=3).map(tuple),
                st.just(1),
                st.just(0.0),
                st.sampled_from(["", "$end"]),
            ).map(lambda t: t._replace(count=len(t.words))),
            st.builds(Gap, st.floats(-1e3, 1e3), st.integers(1, 9), st.floats(0, 10)),
            st.builds(Interruption, st.floats(-1e3, 1e3), st.sampled_from(["armed", "told"]), st.text(max_size=5)),
        ),
        max_size=8,
    ),
    st.text(max_size=10),
)
def test_any_recording_is_a_dump(entries: list[Any], name: str) -> None:
    said = Conversation(tuple(entries), design=name + "$end", kind=name, tag=name)
    beats = Dump("".join(f"{line}\n" for line in tape_vcd.lines(said))).beats()
    words = [(t.operation, t.address + 4 * at, word) for t in said.transactions for at, word in enumerate(t.words)]
    assert [(operation, address, data) for _, operation, address, data, _, _ in beats] == words


# The test that a recording becomes.

WORK = '''
"""A cell."""
ol.leds.write(4, 0)
for value in range(3):
    ol.leds.write(0, value)
    seen = ol.leds.read(0)
text = """two
lines"""
assert text == "two\\nlines"
sent = allocate((4,), "u4")
ol.bram.mmio.write(0, bytes(range(16)))
ol.bram.mmio.write(16, sent.physical_address)
'''


@pytest.fixture
def ol(demo_design: Path) -> Any:
    return Overlay(demo_design, device=SimulatedDevice("recorded", clock=VirtualClock(autojump=True)))


def run(folder: Path, file: str) -> tuple[int, str]:
    """Runs pytest on the file, alone."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), "-W", "error", file]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_test_passes_where_it_was_recorded_and_fails_where_a_value_differs(ol: Any, tmp_path: Path) -> None:
    with ol.tape.recording() as part:
        exec(WORK, {"ol": ol, "allocate": ol.device.allocate})
    path = tmp_path / "test_cell.py"
    part.to_pytest(path, f"from pynq_widgets import allocate\n{WORK}")
    code, told = run(tmp_path, path.name)
    assert code == 0, told
    part.to_pytest(tmp_path / "test_words.py")
    code, told = run(tmp_path, "test_words.py")
    assert code == 0, told

    text = path.read_text()
    assert "read(0x41200000, 0x2),  # leds.GPIO_DATA" in text
    path.write_text(text.replace("read(0x41200000, 0x2)", "read(0x41200000, 0x3)"))
    code, told = run(tmp_path, path.name)
    assert code == 1
    assert "1 failed, 1 passed" in told  # the recording answers what it has; the device does not
    assert "expected 0x3 read from 0x41200000 (leds.GPIO_DATA), got 0x2 read from 0x41200000 (leds.GPIO_DATA)" in told

    path.write_text(text.replace("write(0x41200000, 0x2)", "write(0x41200000, 0x6)"))
    code, told = run(tmp_path, path.name)
    assert code == 1
    assert "2 failed" in told
    assert "expected 0x6 written to 0x41200000" in told


def test_code_with_await_and_names_of_strangers() -> None:
    said = Conversation((read(0, 1), write(4, 2, who="o'ther"), read(8, error='"\\')), design='"""\nimport os', names={0: "ip\n'''"})
    text = tape_pytest.source(said, "await ol.ip.wait()\nx = 'a'", "'d.hwh'")
    assert "async def conversation(overlay):\n    ol = overlay\n    await ol.ip.wait()\n" in text
    assert text.count("asyncio.run(conversation(overlay))") == 2
    assert text.count("VirtualClock(following=True)") == 2
    names: dict[str, Any] = {"__file__": "test_x.py"}
    exec(compile(text, "test_x.py", "exec"), names)
    assert names["RECORDED"] == [read(0, 1), write(4, 2, who="o'ther"), read(8, error='"\\')]
    assert "import os" not in text.splitlines()


@pytest.mark.parametrize("value", ["a\tb", "a\x0cb", "a\u2028b", "a\x85b\x1cc", "a\n\tb\n  c\n"])
def test_a_text_in_the_code_stays_as_it_is(value: str) -> None:
    code = f'seen.append("""{value}""")\nif True:\n\tseen.append(1)'
    text = tape_pytest.source(Conversation((read(0, 1),)), code, "'d.hwh'")
    names: dict[str, Any] = {"__file__": "test_x.py", "seen": []}
    exec(compile(text, "test_x.py", "exec"), names)
    names["conversation"](None)
    assert names["seen"] == [value, 1]


@pytest.mark.parametrize(
    ("said", "code", "message"),
    [
        ([Gap(0.0, 3, 1.0)], None, "the recording leaves out 3 transactions, so that a test of it would fail"),
        ([read(0, 1, who="sampler")], None, "there is nothing to test: the recording has no transactions but those of watchers"),
        ([read(0, 1)], "x = (", "the code for the test is no Python, line 1: "),
        (
            [read(0, 1)],
            "from os import *\nx = 1",
            "the code for the test cannot stand in a function: import \\* only allowed at module level",
        ),
        ([read(0, 1)], "x = 1\n%matplotlib inline", "the code for the test is no Python, line 2: .*; magics .* are no Python"),
    ],
)
def test_what_cannot_be_a_test(said: list[Any], code: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tape_pytest.source(Conversation(tuple(said)), code, "'d.hwh'")


def test_a_test_needs_a_design(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no design is known to load in the test"):
        Excerpt([read(0, 1)]).to_pytest(tmp_path / "test_x.py")
