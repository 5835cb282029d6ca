"""UART Lite, UART 16550 and Quad SPI against the models that others wrote: QEMU's, on ``petalogix-s3adsp1800`` and ``petalogix-ml605``.

One script of register operations is played to both, and what is read must agree. What QEMU's lack or do otherwise is left out:

UART Lite (AMD PG142, "Register Space"):

- STAT_REG bit 4 tells there that something interrupts, not that interrupts are enabled ("UART Lite Status Register").
- The receive FIFO holds 8 characters; when it is full the other end is made to wait, so there is no overrun.
- A character that is written is out at once.
- What would have interrupted does so when interrupts are enabled, even when it was read meanwhile ("Interrupts").

UART 16550 (AMD PG143, "Register Space"):

- After a reset the divisor there is 12 and OUT2 is set ("Divisor Latch", "Modem Control Register").
- The other end is made to wait for a full FIFO, so there is no overrun.
- TERI is set with the level of RI in loop-back, not at its trailing edge ("Modem Status Register").

Quad SPI (AMD PG153, "Register Space"):

- SPISR after a reset has neither bit 5 (not selected as a slave) nor bit 7 (no master).
- SPI_TXFIFO_OR and SPI_RXFIFO_OR are 0 always; SPISSR has 32 bits.
- IPISR bit 8 (DRR not empty) is set for a master too, DRR_Full with what is left of a full FIFO, and TXFIFO_Half_Empty is never.
- SPE is not looked at, nor CPOL, CPHA, LSB First; an empty SPI_DRR reads as 0xdeadbeef; there is no loop-back.
- What is written is exchanged at once.
- While the flash takes a command or an address it drives zeros, not nothing; the dummy bytes of its fast read are counted otherwise;
  writing stays enabled when it has programmed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pynq_drivers.axi_quad_spi import registers as spi
from pynq_drivers.axi_quad_spi.target import Flash
from pynq_drivers.axi_uart16550 import registers as u
from pynq_drivers.axi_uartlite import registers as lite
from pynq_widgets import Device, Overlay

from .qemu import Board, needs_qemu

pytestmark = needs_qemu

UARTLITE, UART16550, QUAD_SPI, INTC = 0x8400_0000, 0x83E0_0000, 0x40A0_0000, 0x8180_0000
LINE_OF_UARTLITE, LINE_OF_UART16550 = 3, 5  # of the interrupt controllers there


class Theirs:
    """A core of QEMU's, and what is behind it. The processor runs, so that characters come in."""

    def __init__(self, board: Board, base: int, line: int = 0) -> None:
        self._board, self._base, self._line = board, base, line
        board.write(INTC + 0x1C, 3)  # MER: what arrives is seen
        board.command("cont")

    def word(self, offset: int) -> int:
        return self._board.read(self._base + offset)

    def put(self, offset: int, value: int) -> None:
        self._board.write(self._base + offset, value)

    def until(self, offset: int, mask: int, value: int) -> None:
        """Until the bits of `mask` are `value`; only where a read changes nothing."""
        for _ in range(100_000):
            if self.word(offset) & mask == value:
                return
        raise AssertionError(f"the bits {mask:#x} at {offset:#x} are not {value:#x}")

    def type(self, data: bytes) -> None:
        self._board.serial.sendall(data)

    def sent(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self._board.serial.recv(count - len(data))
        return data

    def interrupted(self) -> bool:
        """Whether its controller has seen an interrupt; that is acknowledged."""
        seen = self._board.read(INTC) >> self._line & 1
        self._board.write(INTC + 0xC, 1 << self._line)
        return bool(seen)


class Ours:
    """Our core, with the same words; its time passes when somebody waits for something."""

    def __init__(self, bench: Any, name: str) -> None:
        self._bench = bench
        self._ip = getattr(bench.overlay, name)
        self._model = bench.model(name)
        bench.overlay.intc.mmio.write(0x1C, 3)

    def word(self, offset: int) -> int:
        word: int = self._ip.mmio.read(offset)
        return word

    def put(self, offset: int, value: int) -> None:
        self._ip.mmio.write(offset, value)

    def until(self, offset: int, mask: int, value: int) -> None:
        self._bench.clock.advance(0.1)
        assert self.word(offset) & mask == value, f"{self.word(offset):#x} at {offset:#x}"

    def type(self, data: bytes) -> None:
        self._model.line.type(data)

    def sent(self, count: int) -> bytes:
        self._bench.clock.advance(0.1)
        got: bytes = self._model.line.take()
        assert len(got) == count
        return got

    def interrupted(self) -> bool:
        controller = self._bench.overlay.intc.mmio
        seen = controller.read(0) & 1
        controller.write(0xC, 1)
        return bool(seen)


def agree_on(both: tuple[Theirs, Ours], scene: Callable[[Any], list[str]]) -> list[str]:
    theirs, ours = scene(both[0]), scene(both[1])
    assert ours == theirs
    return ours


def compared(tmp_path: Path, machine: str, base: int, line: int, ours: Ours) -> Iterator[tuple[Theirs, Ours]]:
    board = Board(tmp_path, machine)
    try:
        yield Theirs(board, base, line), ours
    finally:
        board.close()


EDGES = {"C_KIND_OF_INTR": "0xFFFFFFFF"}


@pytest.fixture
def uartlite(tmp_path: Path, build: Any, block: Any) -> Iterator[tuple[Theirs, Ours]]:
    given = {"C_BAUDRATE": 115200, "C_DATA_BITS": 8, "C_USE_PARITY": 0}
    one = block("uart", "xilinx.com:ip:axi_uartlite:2.0", UARTLITE, given, ("interrupt",))
    bench = build(one, controller=EDGES, autojump=False)
    yield from compared(tmp_path, "petalogix-s3adsp1800", UARTLITE, LINE_OF_UARTLITE, Ours(bench, "uart"))


def status(side: Any) -> str:
    return f"STAT_REG {side.word(lite.STAT) & ~lite.INTERRUPTS:#04x}"


def test_uartlite_sends_and_receives(uartlite: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        seen = [status(side), f"CTRL_REG {side.word(lite.CTRL) & 0}"]
        for value in b"out":
            side.put(lite.TX_FIFO, value)
        seen.append(side.sent(3).decode())
        side.until(lite.STAT, lite.TX_EMPTY, lite.TX_EMPTY)
        seen.append(status(side))
        for text in (b"x", b"abcde"):
            side.type(text)
            for value in text:
                side.until(lite.STAT, lite.RX_VALID, lite.RX_VALID)
                seen.append(f"{side.word(lite.RX_FIFO):c} of {value:c}")
            seen.append(status(side))
        return seen

    seen = agree_on(uartlite, scene)
    assert seen[0] == "STAT_REG 0x04"
    assert "e of e" in seen


def test_uartlite_forgets_what_it_has(uartlite: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        side.type(b"q")
        side.until(lite.STAT, lite.RX_VALID, lite.RX_VALID)
        side.put(lite.CTRL, lite.RESET_TX)
        seen = [status(side)]
        side.put(lite.CTRL, lite.RESET_RX)
        seen.append(status(side))
        side.type(b"r")
        side.until(lite.STAT, lite.RX_VALID, lite.RX_VALID)
        return [*seen, f"{side.word(lite.RX_FIFO):c}", status(side)]

    assert agree_on(uartlite, scene) == ["STAT_REG 0x05", "STAT_REG 0x04", "r", "STAT_REG 0x04"]


def test_uartlite_interrupts_when_it_is_told_to(uartlite: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        side.type(b"a")
        side.until(lite.STAT, lite.RX_VALID, lite.RX_VALID)
        seen = [f"disabled: {side.interrupted()}"]
        side.put(lite.CTRL, lite.RESET_RX)
        side.put(lite.CTRL, lite.ENABLE)
        side.interrupted()
        side.type(b"b")
        side.until(lite.STAT, lite.RX_VALID, lite.RX_VALID)
        seen += [f"received: {side.interrupted()}", f"{side.word(lite.RX_FIFO):c}"]
        return seen

    seen = agree_on(uartlite, scene)
    assert seen == ["disabled: False", "received: True", "b"]


def test_uartlite_interrupts_when_it_has_sent(uartlite: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        side.put(lite.CTRL, lite.ENABLE)
        side.interrupted()
        side.put(lite.TX_FIFO, ord("z"))
        return [side.sent(1).decode(), f"sent: {side.interrupted()}"]

    assert agree_on(uartlite, scene) == ["z", "sent: True"]


@pytest.fixture
def uart16550(tmp_path: Path, build: Any, block: Any) -> Iterator[tuple[Theirs, Ours]]:
    one = block("uart", "xilinx.com:ip:axi_uart16550:2.0", UART16550, {"C_IS_A_16550": 1}, ("ip2intc_irpt",))
    bench = build(one, autojump=False)
    yield from compared(tmp_path, "petalogix-ml605", UART16550, LINE_OF_UART16550, Ours(bench, "uart"))


def fast(side: Any) -> None:
    """8N1, 115200 baud."""
    for offset, value in ((u.LCR, u.DLAB | 3), (u.DLL, 54), (u.DLM, 0), (u.LCR, 3)):
        side.put(offset, value)


def test_uart16550_keeps_its_settings(uart16550: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        seen = [f"{name} {side.word(getattr(u, name)):#04x}" for name in ("IER", "IIR", "LCR", "LSR", "MSR", "SCR")]
        for name, values in {"SCR": (0x5A, 0xFF), "LCR": (0x1B, 3), "IER": (0xF, 0), "MCR": (0x0B, 0)}.items():
            for value in values:
                side.put(getattr(u, name), value)
                seen.append(f"{name} {side.word(getattr(u, name)):#04x}")
        for low, high in ((0x12, 0x34), (1, 0)):
            side.put(u.LCR, u.DLAB)
            side.put(u.DLL, low)
            side.put(u.DLM, high)
            seen += [f"divisor {side.word(u.DLM):x} {side.word(u.DLL):x}"]
            side.put(u.LCR, 3)
        side.put(u.FCR, u.ENABLE)
        seen.append(f"IIR {side.word(u.IIR):#04x}")
        side.put(u.FCR, 0)
        seen.append(f"IIR {side.word(u.IIR):#04x}")
        return seen

    assert "IIR 0xc1" in agree_on(uart16550, scene)


@pytest.mark.parametrize("fifos", [0, u.ENABLE])
def test_uart16550_sends_and_receives(uart16550: tuple[Theirs, Ours], fifos: int) -> None:
    def scene(side: Any) -> list[str]:
        fast(side)
        side.put(u.FCR, fifos)
        seen = []
        for value in b"out":
            side.put(u.THR, value)
            side.until(u.LSR, u.ALL_EMPTY, u.ALL_EMPTY)
        seen.append(side.sent(3).decode())
        for value in b"in":
            side.type(bytes([value]))
            side.until(u.LSR, u.READY, u.READY)
            seen += [f"LSR {side.word(u.LSR):#04x}", f"{side.word(u.RBR):c}", f"LSR {side.word(u.LSR):#04x}"]
        return seen

    assert agree_on(uart16550, scene) == ["out", "LSR 0x61", "i", "LSR 0x60", "LSR 0x61", "n", "LSR 0x60"]


def test_uart16550_interrupts_by_priority(uart16550: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        fast(side)
        seen = []

        def told() -> None:
            seen.append(f"IIR {side.word(u.IIR):#04x}")

        side.put(u.IER, u.ON_EMPTY)
        told()
        told()
        side.put(u.IER, u.ON_EMPTY | u.ON_RECEIVED)
        side.type(b"a")
        side.until(u.LSR, u.READY, u.READY)
        told()
        told()
        side.word(u.RBR)
        told()
        side.put(u.THR, ord("b"))
        seen.append(side.sent(1).decode())
        side.until(u.LSR, u.ALL_EMPTY, u.ALL_EMPTY)
        told()
        told()
        return seen

    assert agree_on(uart16550, scene) == [
        *("IIR 0x02", "IIR 0x01"),
        *("IIR 0x04", "IIR 0x04", "IIR 0x01"),
        *("b", "IIR 0x02", "IIR 0x01"),
    ]


def test_uart16550_waits_for_its_trigger_level_or_for_a_while(uart16550: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        fast(side)
        side.put(u.FCR, u.ENABLE | 1 << 6)
        side.put(u.IER, u.ON_RECEIVED)
        side.type(b"abcd")
        side.until(u.IIR, 0xF, u.RECEIVED)
        seen = [f"{side.word(u.RBR):c}", f"LSR {side.word(u.LSR):#04x}"]
        side.until(u.IIR, 0xF, u.TIMEOUT)
        seen += [f"IIR {side.word(u.IIR):#04x}", f"{side.word(u.RBR):c}", f"{side.word(u.RBR):c}", f"{side.word(u.RBR):c}"]
        return [*seen, f"LSR {side.word(u.LSR):#04x}", f"IIR {side.word(u.IIR):#04x}"]

    assert agree_on(uart16550, scene) == ["a", "LSR 0x61", "IIR 0xcc", "b", "c", "d", "LSR 0x60", "IIR 0xc1"]


def test_uart16550_in_loop_back(uart16550: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        fast(side)
        side.put(u.MCR, u.LOOP)
        side.word(u.MSR)
        seen = []
        for value in (u.RTS, u.DTR, u.RTS | u.OUT2, 0):
            side.put(u.MCR, u.LOOP | value)
            seen.append(f"MSR {side.word(u.MSR) & 0xF0:#04x}")
        side.put(u.THR, 0x5A)
        side.until(u.LSR, u.READY, u.READY)
        return [*seen, f"{side.word(u.RBR):#x}"]

    assert agree_on(uart16550, scene) == ["MSR 0x10", "MSR 0x20", "MSR 0x90", "MSR 0x00", "0x5a"]


@pytest.fixture
def quad_spi(tmp_path: Path, build: Any, block: Any) -> Iterator[tuple[Theirs, Ours]]:
    given = {"C_FIFO_DEPTH": 256, "C_NUM_SS_BITS": 2, "C_NUM_TRANSFER_BITS": 8, "C_SCK_RATIO": 16}
    clocks = ("s_axi_aclk", "ext_spi_clk")
    bench = build(block("spi", "xilinx.com:ip:axi_quad_spi:3.2", QUAD_SPI, given, ("ip2intc_irpt",), clocks=clocks), autojump=False)
    bench.model("spi").attach(0, Flash(b"\x20\xba\x18"))
    yield from compared(tmp_path, "petalogix-ml605", QUAD_SPI, 0, Ours(bench, "spi"))


ON = spi.ENABLE | spi.MASTER | spi.MANUAL_SELECT
SEEN = spi.RX_EMPTY | spi.RX_FULL | spi.TX_EMPTY | spi.TX_FULL
RAISED = spi.SENT | spi.OVERRUN


def flags(side: Any) -> str:
    return f"SPISR {side.word(spi.SPISR) & SEEN:#x} IPISR {side.word(spi.IPISR) & RAISED:#x}"


def command(side: Any, *values: int, skip: int = 1) -> list[str]:
    """A command while the flash is selected: what is seen on the way, and what came back after `skip` bytes."""
    side.put(spi.SSR, 0xFFFF_FFFE)
    seen = []
    for value in values:
        side.put(spi.DTR, value)
    seen.append(flags(side))
    side.put(spi.SPICR, ON)
    side.until(spi.SPISR, spi.TX_EMPTY, spi.TX_EMPTY)
    seen.append(flags(side))
    side.put(spi.SPICR, ON | spi.INHIBIT)
    answer = bytes(side.word(spi.DRR) for _ in values)[skip:]
    side.put(spi.SSR, 0xFFFF_FFFF)
    side.put(spi.IPISR, side.word(spi.IPISR))
    return [*seen, answer.hex(), flags(side)]


def test_quad_spi_identifies_a_flash(quad_spi: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        side.put(spi.SRR, spi.RESET_KEY)
        seen = [flags(side)]
        side.put(spi.SPICR, ON | spi.INHIBIT | spi.RESET_TX | spi.RESET_RX)
        seen.append(f"SPICR {side.word(spi.SPICR):#x}")
        return [*seen, *command(side, 0x9F, 0, 0, 0), *command(side, 0x05, 0)]

    seen = agree_on(quad_spi, scene)
    assert seen[:2] == ["SPISR 0x5 IPISR 0x0", "SPICR 0x186"]
    assert "20ba18" in seen


def test_quad_spi_programs_and_reads_a_flash(quad_spi: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        side.put(spi.SRR, spi.RESET_KEY)
        side.put(spi.SPICR, ON | spi.INHIBIT)
        seen = command(side, 0x06) + command(side, 0x05, 0)
        seen += command(side, 0x02, 0, 1, 0, *range(1, 9))[:1]  # what comes back meanwhile means nothing
        seen += command(side, 0x06)[:1] + command(side, 0x04)[:1]
        side.until(spi.SPISR, spi.TX_EMPTY, spi.TX_EMPTY)  # the time that the flash needs
        return [
            *seen,
            *command(side, 0x03, 0, 1, 0, *bytes(8), skip=4),
            *command(side, 0x05, 0),
        ]

    seen = agree_on(quad_spi, scene)
    assert "0102030405060708" in seen


def test_quad_spi_fills_its_fifos(quad_spi: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        side.put(spi.SRR, spi.RESET_KEY)
        side.put(spi.SPICR, ON | spi.INHIBIT)
        for _ in range(255):
            side.put(spi.DTR, 0)
        seen = [flags(side)]
        side.put(spi.DTR, 0)
        seen.append(flags(side))
        side.put(spi.SPICR, ON)
        side.until(spi.SPISR, spi.TX_EMPTY | spi.RX_FULL, spi.TX_EMPTY | spi.RX_FULL)
        seen += [flags(side), f"DRR_Full {bool(side.word(spi.IPISR) & spi.RECEIVED_FULL)}"]
        side.put(spi.DTR, 0)
        side.until(spi.SPISR, spi.TX_EMPTY, spi.TX_EMPTY)
        seen.append(flags(side))
        side.word(spi.DRR)
        seen.append(flags(side))
        side.put(spi.IPISR, side.word(spi.IPISR))
        seen.append(flags(side))
        side.put(spi.SPICR, ON | spi.INHIBIT | spi.RESET_RX)
        return [*seen, flags(side)]

    seen = agree_on(quad_spi, scene)
    assert "DRR_Full True" in seen
    assert seen[-1] == "SPISR 0x5 IPISR 0x0"


def test_quad_spi_interrupt_registers(quad_spi: tuple[Theirs, Ours]) -> None:
    def scene(side: Any) -> list[str]:
        side.put(spi.SRR, spi.RESET_KEY)
        seen = []
        for offset, value in ((spi.DGIER, 1 << 31), (spi.IPIER, 0x3F), (spi.IPISR, spi.SENT), (spi.IPISR, spi.SENT | spi.OVERRUN)):
            side.put(offset, value)
            seen.append(f"{offset:#x} {side.word(offset):#x}")
        side.put(spi.SRR, spi.RESET_KEY)
        return [*seen, *(f"{offset:#x} {side.word(offset):#x}" for offset in (spi.DGIER, spi.IPIER, spi.IPISR))]

    assert "0x20 0x20" in agree_on(quad_spi, scene)


class QemuDevice(Device):
    """A board as a device of ours: registers over qtest."""

    capabilities: ClassVar[dict[str, bool]] = {"REGISTER_RW": True}

    def __init__(self, board: Board) -> None:
        super().__init__("qemu")
        self._board = board

    def read_registers(self, address: int, length: int) -> bytes:
        return b"".join(self._board.read(at).to_bytes(4, "little") for at in range(address, address + length, 4))

    def write_registers(self, address: int, data: bytes) -> None:
        for at in range(0, len(data), 4):
            self._board.write(address + at, int.from_bytes(data[at : at + 4], "little"))


@pytest.fixture
def on_board(tmp_path: Path, build: Any) -> Iterator[Callable[..., tuple[Any, Board]]]:
    """``on_board(machine, block)``: the overlay of a design with that one core on QEMU's board."""
    boards = []

    def make(machine: str, block: Any) -> tuple[Any, Board]:
        path = build(block).device.design.path
        board = Board(tmp_path, machine)
        boards.append(board)
        board.command("cont")
        return Overlay(path, device=QemuDevice(board), download=False), board

    yield make
    for board in boards:
        board.close()


def talk(uart: Any, board: Board) -> None:
    assert uart.write(b"out and\n") == 8
    uart.flush(timeout=10)
    said = b""
    while len(said) < 8:
        said += board.serial.recv(8)
    assert said == b"out and\n"
    for text in (b"in\r\n", b"again\n"):
        board.serial.sendall(text)
        assert uart.readline(timeout=10) == text
    assert uart.receive(1, timeout=0) == b""
    assert uart.errors == {}


def test_the_driver_of_uartlite_talks_through_the_board(on_board: Any, block: Any) -> None:
    overlay, board = on_board("petalogix-s3adsp1800", block("uart", "xilinx.com:ip:axi_uartlite:2.0", UARTLITE, {"C_BAUDRATE": 115200}))
    talk(overlay.uart, board)


def test_the_driver_of_uart16550_talks_through_the_board(on_board: Any, block: Any) -> None:
    given = {"C_IS_A_16550": 1, "C_HAS_EXTERNAL_XIN": 1, "C_EXTERNAL_XIN_CLK_HZ": 1_843_200}
    overlay, board = on_board("petalogix-ml605", block("uart", "xilinx.com:ip:axi_uart16550:2.0", UART16550, given))
    overlay.uart.configure(115200)
    talk(overlay.uart, board)
    overlay.uart.loop_back = True
    overlay.uart.write(b"inside")
    assert overlay.uart.receive(6, timeout=10) == b"inside"


def test_the_driver_of_quad_spi_reads_and_writes_the_flash_of_the_board(on_board: Any, block: Any) -> None:
    given = {"C_FIFO_DEPTH": 256, "C_NUM_SS_BITS": 4, "C_NUM_TRANSFER_BITS": 8, "C_SCK_RATIO": 16}
    overlay, _ = on_board("petalogix-ml605", block("spi", "xilinx.com:ip:axi_quad_spi:3.2", QUAD_SPI, given))
    flash = overlay.spi.flash()
    assert str(flash.identify()) == "20 ba 18 (Micron, 16 MiB)"
    content = bytes(i * 7 % 251 for i in range(600))
    flash.erase(0x1000)
    assert flash.read(0x1000, 16) == b"\xff" * 16
    flash.program(0x10F0, content)
    assert flash.read(0x10F0, 600) == content
    assert not flash.busy
