"""The timer and the interrupt controller against models that others wrote: QEMU's, on the board ``petalogix-ml605``.

One script of register operations is played to both, over QEMU's qtest protocol there, and every value that is read must agree. Time is let
pass on each side until an interval has surely ended: events and their order are compared, not clock counts.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

QEMU = shutil.which("qemu-system-microblazeel")
pytestmark = pytest.mark.skipif(QEMU is None, reason="QEMU is not installed (Debian's qemu-system-misc)")

INTC, TIMER = 0x8180_0000, 0x83C0_0000
ISR, IPR, IER, IAR, SIE, CIE, IVR, MER = range(INTC, INTC + 0x20, 4)
TCSR0, TLR0, TCR0, _, TCSR1, TLR1, TCR1, _ = range(TIMER, TIMER + 0x20, 4)
UDT, GENT, ARHT, LOAD, ENIT, ENT, TINT = 0x2, 0x4, 0x10, 0x20, 0x40, 0x80, 0x100
# A branch to itself, little-endian, where the processor starts: it runs, so that time passes, and does nothing.
FOREVER = 0xB800_0000


class Board:
    """QEMU's side."""

    def __init__(self, folder: Path) -> None:
        assert QEMU is not None
        self._listening = []
        for name in ("qtest", "qmp"):
            server = socket.socket(socket.AF_UNIX)
            server.bind(str(folder / name))
            server.listen(1)
            server.settimeout(30)
            self._listening.append(server)
        sockets = ["-qtest", f"unix:{folder / 'qtest'}", "-qtest-log", "none", "-qmp", f"unix:{folder / 'qmp'}"]
        self._process = subprocess.Popen(
            [QEMU, *["-M", "petalogix-ml605", "-display", "none", "-S", "-serial", "null", "-monitor", "none"], *sockets],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._lines, self._monitor = (self._file(server) for server in self._listening)
        self._monitor.readline()
        self.command("qmp_capabilities")
        self.ask(f"writel 0 {FOREVER:#x}")

    @staticmethod
    def _file(server: socket.socket) -> Any:
        connection, _ = server.accept()
        connection.settimeout(30)
        with connection:
            return connection.makefile("rw", buffering=1, encoding="ascii")

    def ask(self, line: str) -> str:
        """The answer to a line of the qtest protocol."""
        self._lines.write(line + "\n")
        self._lines.flush()
        while not (answer := str(self._lines.readline())).startswith("OK"):
            assert answer, f"QEMU went away at {line!r}"
            assert not answer.startswith(("FAIL", "ERR")), (line, answer)
        return answer

    def command(self, name: str) -> None:
        """A command of the machine protocol, such as ``cont``."""
        self._monitor.write(json.dumps({"execute": name}) + "\n")
        self._monitor.flush()
        while "return" not in json.loads(self._monitor.readline()):
            continue

    def read(self, address: int) -> int:
        return int(self.ask(f"readl {address:#x}").split()[1], 16) & 0xFFFF_FFFF

    def write(self, address: int, value: int) -> None:
        self.ask(f"writel {address:#x} {value:#x}")

    def pass_until(self, address: int, mask: int) -> None:
        """Lets time pass until a bit of `mask` is set at `address`."""
        self.command("cont")
        for _ in range(100_000):
            if self.read(address) & mask:
                break
        else:
            raise AssertionError(f"no bit of {mask:#x} at {address:#x}")
        self.command("stop")

    def close(self) -> None:
        self._process.kill()
        self._process.wait(30)
        for each in (self._lines, self._monitor, *self._listening):
            each.close()


class Ours:
    """Our side: the same two blocks, the timer on input 2 and taken by its edge, as on that board."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self._bases = {INTC: bench.overlay.intc.mmio.base_addr, TIMER: bench.overlay.timer.mmio.base_addr}

    def _at(self, address: int) -> int:
        return self._bases[address & ~0xFF] + (address & 0xFF)

    def read(self, address: int) -> int:
        word: int = self._bench.device.read_word(self._at(address))
        return word

    def write(self, address: int, value: int) -> None:
        self._bench.device.write_word(self._at(address), value)

    def pass_until(self, address: int, mask: int) -> None:
        self._bench.clock.advance(1)
        assert self.read(address) & mask


@pytest.fixture
def both(tmp_path: Path, build: Any, gpio_block: Any, timer_block: Any) -> Iterator[tuple[Board, Ours]]:
    bench = build(gpio_block("a"), gpio_block("b", 0x4121_0000), timer_block(), controller={"C_KIND_OF_INTR": "0xFFFFFFFC"}, autojump=False)
    board = Board(tmp_path)
    try:
        yield board, Ours(bench)
    finally:
        board.close()


Step = tuple[str, int, int] | tuple[str, int]


def play(side: Any, script: list[Step]) -> list[int]:
    """What was read, in order."""
    seen = []
    for operation, address, *value in script:
        if operation == "read":
            seen.append(side.read(address))
        else:
            getattr(side, operation)(address, *value)
    return seen


def agree(both: tuple[Board, Ours], script: list[Step], check: Callable[[list[int]], bool] = bool) -> None:
    theirs, ours = play(both[0], script), play(both[1], script)
    names = [f"{step[1]:#x}" for step in script if step[0] == "read"]
    assert [f"{n}: {v:#x}" for n, v in zip(names, ours, strict=True)] == [f"{n}: {v:#x}" for n, v in zip(names, theirs, strict=True)]
    assert check(ours)


def test_controller_played_by_software(both: tuple[Board, Ours]) -> None:
    agree(
        both,
        [
            *(("read", register) for register in (ISR, IPR, IER, IVR, MER)),
            ("write", ISR, 0b101),
            ("read", ISR),
            ("read", IPR),
            ("write", IER, 0b100),
            ("read", IPR),
            ("read", IVR),
            ("write", SIE, 0b001),
            ("read", IER),
            ("read", IVR),
            ("write", CIE, 0b001),
            ("read", IER),
            ("read", IVR),
            ("write", IAR, 0b100),
            ("read", ISR),
            ("read", IPR),
            ("read", IVR),
            ("write", MER, 3),
            ("read", MER),
            ("read", ISR),
            ("write", ISR, 0b100),  # not any more
            ("read", ISR),
        ],
    )


def test_one_interval_through_the_controller(both: tuple[Board, Ours]) -> None:
    agree(
        both,
        [
            ("write", MER, 3),
            ("write", IER, 0b100),
            ("write", TLR0, 1000),
            ("read", TLR0),
            ("read", TCSR0),
            ("write", TCSR0, UDT | ENIT | LOAD),
            ("write", TCSR0, UDT | ENIT | ENT),
            ("pass_until", TCSR0, TINT),
            ("read", TCSR0),
            ("read", ISR),
            ("read", IPR),
            ("read", IVR),
            ("write", IAR, 0b100),
            ("read", ISR),  # an edge: it does not come back while the timer still asks
            ("read", IPR),
            ("write", TCSR0, UDT | ENIT | ENT | TINT),
            ("read", TCSR0),
            ("read", ISR),
        ],
        lambda seen: 0x1C2 in seen and 4 in seen,
    )


def test_interval_with_no_interrupt_enabled(both: tuple[Board, Ours]) -> None:
    agree(
        both,
        [
            ("write", MER, 3),
            ("write", IER, 0b100),
            ("write", TLR1, 500),
            ("write", TCSR1, UDT | LOAD),
            ("write", TCSR1, UDT | ENT),
            ("pass_until", TCSR1, TINT),
            ("read", TCSR1),
            ("read", TCSR0),
            ("read", ISR),
        ],
    )


def test_auto_reload_comes_again_after_it_was_acknowledged(both: tuple[Board, Ours]) -> None:
    mode = UDT | ARHT | ENIT
    again: list[Step] = [
        ("pass_until", TCSR0, TINT),
        ("read", TCSR0),
        ("read", ISR),
        ("write", TCSR0, mode | ENT | TINT),
        ("write", IAR, 0b100),
    ]
    agree(
        both,
        [
            ("write", MER, 3),
            ("write", IER, 0b100),
            ("write", TLR0, 200_000),
            ("write", TCSR0, mode | LOAD),
            ("write", TCSR0, mode | ENT),
            *again,
            *again,
        ],
    )
