"""QEMU's boards, whose models of AMD's cores others wrote: what ours are compared with."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

QEMU = shutil.which("qemu-system-microblazeel")
needs_qemu = pytest.mark.skipif(QEMU is None, reason="QEMU is not installed (Debian's qemu-system-misc)")

# A branch to itself, little-endian, where the processor starts: it runs, so that time passes, and does nothing.
FOREVER = 0xB800_0000


class Board:
    """QEMU's side: a MicroBlaze `machine` whose processor does nothing, and whose registers are read and written over the qtest protocol.

    ``network`` is the socket behind its Ethernet, ``serial`` the one behind its first serial port.
    """

    def __init__(self, folder: Path, machine: str = "petalogix-ml605") -> None:
        assert QEMU is not None
        self.network, theirs = socket.socketpair()
        self.network.settimeout(30)
        self._listening = []
        for name in ("qtest", "qmp", "serial"):
            server = socket.socket(socket.AF_UNIX)
            server.bind(str(folder / name))
            server.listen(1)
            server.settimeout(30)
            self._listening.append(server)
        sockets = ["-qtest", f"unix:{folder / 'qtest'}", "-qtest-log", "none", "-qmp", f"unix:{folder / 'qmp'}"]
        sockets += ["-chardev", f"socket,id=serial,path={folder / 'serial'}", "-serial", "chardev:serial"]
        sockets += ["-nic", f"socket,fd={theirs.fileno()}"]
        self._process = subprocess.Popen(
            [QEMU, *["-M", machine, "-display", "none", "-S", "-monitor", "none"], *sockets],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self.serial, _ = self._listening[2].accept()
        self.serial.settimeout(30)
        self._lines, self._monitor = (self._file(server) for server in self._listening[:2])
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
        for each in (self._lines, self._monitor, self.network, self.serial, *self._listening):
            each.close()
