"""A serial port as one of Python's file objects."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynq_drivers.uart.port import UartPort


class RawPort(io.RawIOBase):
    """An unbuffered file over a `UartPort`; what `UartPort.raw` gives."""

    def __init__(self, port: UartPort, timeout: float | None) -> None:
        self._port = port
        self.timeout = timeout
        port.open()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """What is there, at least one character; None where none comes within the timeout."""
        self._checkClosed()
        view = memoryview(buffer).cast("B")
        if not len(view):
            return 0
        data = self._port.receive(1, self.timeout)
        data += self._port.receive(min(len(view) - len(data), self._port.in_waiting), 0) if data else b""
        view[: len(data)] = data
        return len(data) or None

    def write(self, data: Any) -> int:
        self._checkClosed()
        return int(self._port.write(data))

    def flush(self) -> None:
        if not self.closed:
            self._port.flush()

    def close(self) -> None:
        """Lets go of the port, which can be used on."""
        if not self.closed:
            super().close()
            self._port.close()

    def fileno(self) -> int:
        raise io.UnsupportedOperation(f"{self._port._where()} is registers, not a file of the operating system")
