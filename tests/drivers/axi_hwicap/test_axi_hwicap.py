"""AXI HWICAP: the registers of the guide, and words to and from the configuration port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from pynq_drivers.axi_hwicap.driver import AxiHwIcap
from pynq_drivers.configuration import SYNC, digest, words_of
from pynq_widgets.design import DesignError

# PG134, "Register Space": offset, reset value, bits that are written and read back (or why none are).
REGISTERS: dict[str, tuple[int, int | None, int | str]] = {
    "GIER": (0x01C, 0, 0x8000_0000),
    "ISR": (0x020, 0, 0xF),  # toggle on write: test_interrupts_are_toggled
    "IER": (0x028, 0, 0xF),
    "WF": (0x100, None, "write-only"),  # test_words_go_in_as_many_as_the_fifo_takes
    "RF": (0x104, None, "read-only"),  # test_words_of_the_port_come_back
    "SZ": (0x108, None, "write-only"),  # test_words_of_the_port_come_back
    "CR": (0x10C, 0, 0),  # each bit clears itself: test_words..., test_reset_and_abort
    "SR": (0x110, 0x5, 0),
    "WFV": (0x114, 64, 0),
    "RFO": (0x118, 0, 0),
    "ASR": (0x11C, 0, 0),
}
IMAGE = [0xFFFF_FFFF, SYNC, 0x2000_0000, 0x3000_4001, 0x0000_0123, 0x3000_8001, 13, 0x2000_0000]


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    """A core with FIFOs of 64 and 128 words."""
    given = {"C_WRITE_FIFO_DEPTH": 64, "C_READ_FIFO_DEPTH": 128}
    return build(block("hwicap", "xilinx.com:ip:axi_hwicap:3.0", 0x4000_0000, given, ("ip2intc_irpt",), clocks=("s_axi_aclk", "icap_clk")))


def test_every_register_of_the_guide(bench: Any, walk: Callable[..., None]) -> None:
    assert type(bench.overlay.hwicap) is AxiHwIcap
    rows = {name: row for name, row in REGISTERS.items() if name not in ("ISR", "CR")}
    known = {name: handle.offset for name, handle in bench.overlay.hwicap.registers.registers.items()}
    assert known == {name: row[0] for name, row in REGISTERS.items()}
    for name, (offset, reset, writable) in rows.items():
        if isinstance(writable, str):
            assert bench.overlay.hwicap.registers.registers[name].access == writable
            continue
        assert bench.overlay.hwicap.read(offset) == reset, name
        bench.overlay.hwicap.write(offset, 0xFFFF_FFFF)
        assert bench.overlay.hwicap.read(offset) == writable | (0 if writable else reset or 0), name
        bench.overlay.hwicap.write(offset, 0)


def test_making_the_driver_and_looking_at_it_touches_nothing(bench: Any) -> None:
    def look() -> None:
        assert (bench.overlay.hwicap.write_depth, bench.overlay.hwicap.read_depth) == (64, 128)
        repr(bench.overlay.hwicap)

    assert bench.accesses("hwicap", look) == []
    assert bench.overlay.hwicap.registers["RF"].guard  # a read takes a word out


def test_words_go_in_as_many_as_the_fifo_takes(bench: Any) -> None:
    hwicap, words = bench.overlay.hwicap, list(range(100))
    log = bench.accesses("hwicap", lambda: hwicap.send(words))
    assert [entry[2] for entry in log if entry[:2] == ("write", 0x100)] == words
    assert [entry for entry in log if entry[:2] == ("write", 0x10C)] == [("write", 0x10C, 1)] * 2
    assert next(at for at, entry in enumerate(log) if entry[:2] == ("write", 0x10C)) == 65  # a look at the vacancy, 64 words
    port = bench.model("hwicap").port
    assert (port.words, port.crc) == (100, crc32(b"".join(word.to_bytes(4, "big") for word in words)))
    assert hwicap.done
    assert hwicap.vacancy == 64


def test_a_word_takes_a_cycle_of_the_ports_clock(bench: Any) -> None:
    before = bench.clock.now()
    bench.overlay.hwicap.send(range(64))
    assert 64 / 100e6 <= bench.clock.now() - before < 64 / 100e6 + 20e-6


def test_words_of_the_port_come_back(bench: Any) -> None:
    hwicap = bench.overlay.hwicap
    hwicap.send(IMAGE[:-3])  # FDRI <- 0x123, still synchronised
    assert bench.model("hwicap").port.synchronised
    assert hwicap.configuration_register(2) == 0x123
    assert not bench.model("hwicap").port.synchronised
    assert (hwicap.occupancy, hwicap.configuration_register(9)) == (0, 0)


@pytest.mark.parametrize("count", [0, 129, 1.5])
def test_more_than_the_read_fifo_holds_is_refused(bench: Any, count: Any) -> None:
    with pytest.raises(ValueError, match="hwicap brings 1 to 128 words at once"):
        bench.overlay.hwicap.receive(count)


@pytest.mark.parametrize("word", [-1, 1 << 32, "x", 1.0])
def test_what_is_no_word_is_refused_before_the_first_is_written(bench: Any, word: Any) -> None:
    def refused() -> None:
        with pytest.raises(ValueError, match=r"the configuration port takes words of 32 bits, 0 to 0xffffffff, not "):
            bench.overlay.hwicap.send([1, word])

    assert bench.accesses("hwicap", refused) == []


def test_a_port_that_takes_nothing_is_told_of(bench: Any) -> None:
    model = bench.model("hwicap")
    model._start = lambda count, done: None
    with pytest.raises(TimeoutError, match=r"^hwicap: the port has not taken the words up to 3 of 3$"):
        bench.overlay.hwicap.send([1, 2, 3], timeout=0.01)


def test_reset_and_abort(bench: Any) -> None:
    hwicap = bench.overlay.hwicap
    hwicap.write(0x100, 1)
    hwicap.write(0x028, 0xF)
    assert hwicap.vacancy == 63
    hwicap.reset()
    assert (hwicap.vacancy, hwicap.read(0x028), hwicap.read(0x10C)) == (64, 0, 0)
    hwicap.write(0x100, 1)
    hwicap.write(0x10C, 1)
    assert hwicap.abort() == 0
    assert hwicap.done
    hwicap.write(0x100, 1)
    hwicap.write(0x10C, 4)
    assert hwicap.vacancy == 64


def test_interrupts_are_toggled(bench: Any) -> None:
    hwicap = bench.overlay.hwicap
    hwicap.write(0x01C, 0x8000_0000)
    hwicap.write(0x028, 4)
    hwicap.send([1])
    assert hwicap.read(0x020) == 0x5  # write FIFO empty, and less than half full
    assert bench.device.probe("hwicap/ip2intc_irpt") == 1
    hwicap.write(0x020, 0x4)
    assert hwicap.read(0x020) == 0x1
    assert bench.device.probe("hwicap/ip2intc_irpt") == 0


def bit_file(path: Path, words: list[int], part: str = "7z020clg400") -> Path:
    """A ``.bit`` file of these words."""
    data = b"".join(word.to_bytes(4, "big") for word in words)
    fields = b"".join(
        key + len(text).to_bytes(2, "big") + text
        for key, text in ((b"a", b"top;X\0"), (b"b", part.encode() + b"\0"), (b"c", b"d\0"), (b"d", b"t\0"))
    )
    path.write_bytes(bytes.fromhex("00090ff00ff00ff00ff0000001") + fields + b"e" + len(data).to_bytes(4, "big") + data)
    return path


def test_a_bitstream_that_nobody_knows_is_counted(bench: Any, tmp_path: Path) -> None:
    path = bit_file(tmp_path / "unknown.bit", IMAGE)
    assert bench.overlay.hwicap.load(path) == len(IMAGE)
    model = bench.model("hwicap")
    assert (model.loaded, model.port.words, model.port.registers[4]) == ([], len(IMAGE), 13)
    assert "hwicap: a bitstream of 6 words came that is none of the .bit files" in bench.device.assumptions[-1]
    (tmp_path / "raw.bin").write_bytes(b"".join(word.to_bytes(4, "big") for word in IMAGE))
    assert bench.overlay.hwicap.load(tmp_path / "raw.bin") == len(IMAGE)
    assert digest(words_of(path)) == digest(words_of(tmp_path / "raw.bin")) != ""


@pytest.mark.parametrize(
    ("name", "make", "text"),
    [
        (
            "other.bit",
            lambda path: bit_file(path, IMAGE, "7z010clg400"),
            r"is for the part 7z010clg400, but the design is for 7z020-clg400-1$",
        ),
        ("empty.bin", lambda path: path.write_bytes(b"1234"), r"the synchronisation word AA995566 is not in them$"),
        ("odd.bin", lambda path: path.write_bytes(b"12345"), r"5 bytes are no whole words of configuration data$"),
        ("none.bin", lambda path: None, r"the file cannot be read: No such file"),
    ],
)
def test_files_that_are_no_bitstreams_are_refused(bench: Any, tmp_path: Path, name: str, make: Any, text: str) -> None:
    make(tmp_path / name)

    def refused() -> None:
        with pytest.raises(DesignError, match=text):
            bench.overlay.hwicap.load(tmp_path / name)

    assert bench.accesses("hwicap", refused) == []
