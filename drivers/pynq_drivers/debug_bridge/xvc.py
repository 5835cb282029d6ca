"""A server of Xilinx Virtual Cable 1.0: Vivado's way to a JTAG chain across a network.

Source: AMD XAPP1251, and the protocol's description in github.com/Xilinx/XilinxVirtualCable: commands ``getinfo:``, ``settck:`` and
``shift:``, numbers of 32 bits, little-endian.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)

Shift = Callable[[int, bytes, bytes], bytes]
_COMMANDS = (b"getinfo:", b"settck:", b"shift:")


class _Over(Exception):
    """The client has gone, or is to go."""


class Server:
    """A thread that listens at `address`, one client at a time; `shift` carries out what it asks for, `tell` is told what happens."""

    def __init__(self, shift: Shift, buffer_bytes: int, address: tuple[str, int], reconnect: bool, tell: Callable[[str], object]) -> None:
        if buffer_bytes < 4:
            raise ValueError(f"an XVC server has a buffer of 4 bytes or more, not {buffer_bytes!r}")
        self._shift = shift
        self._most = buffer_bytes
        self._reconnect = reconnect
        self._tell = tell
        self._listening = socket.create_server(address)
        self.address: tuple[str, int] = self._listening.getsockname()[:2]
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=f"XVC server at port {self.address[1]}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it listens still."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Let the client go and stop listening; returns when the thread has ended."""
        self._wake.close()  # which is readable at the other end
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        self._tell(f"XVC server started at {self.address[0]}:{self.address[1]}")
        with self._listening, self._woken:
            while self._readable(self._listening):
                try:
                    connection, client = self._listening.accept()
                except OSError:  # it went before it was let in
                    continue
                with connection:
                    self._tell(f"Connection from {client[0]}:{client[1]}")
                    go_on = self._converse(connection)
                    self._tell(f"Client at {client[0]}:{client[1]} disconnected")
                if not go_on or not self._reconnect:
                    break
        self._wake.close()
        self._tell("XVC server stopped")

    def _readable(self, place: socket.socket) -> bool:
        """Waits until there is something to read; False where the server is to stop."""
        ready, _, _ = select.select([place, self._woken], [], [])
        return self._woken not in ready

    def _converse(self, connection: socket.socket) -> bool:
        """Whether another client may come after this one."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while True:
                self._answer(connection)
        except _Over as over:
            if str(over):
                _log.warning("XVC client: %s; it is let go", over)
        except OSError as error:
            _log.info("XVC client: %s", error)
        except Exception as error:  # of the hardware: the overlay has gone, the core stands still
            _log.error("XVC server ends: %s: %s", type(error).__name__, error)
            self._tell(f"XVC server ends: {error}")
            return False
        return True

    def _answer(self, connection: socket.socket) -> None:
        command = self._command(connection)
        if command == b"getinfo:":
            connection.sendall(b"xvcServer_v1.0:%d\n" % self._most)
        elif command == b"settck:":
            connection.sendall(self._take(connection, 4))  # the core's own clock goes on
        else:
            bits = int.from_bytes(self._take(connection, 4), "little")
            count = (bits + 7) // 8
            if count > self._most:
                raise _Over(f"a shift of {bits} bits is more than the {self._most} bytes that it was told of")
            tms, tdi = self._take(connection, count), self._take(connection, count)
            connection.sendall(self._shift(bits, tms, tdi))

    def _command(self, connection: socket.socket) -> bytes:
        given = self._take(connection, 2)
        found = next((command for command in _COMMANDS if command.startswith(given)), None)
        if found is None:
            raise _Over(f"it sent {given!r}, which begins no command")
        rest = self._take(connection, len(found) - 2)
        if given + rest != found:
            raise _Over(f"it sent {given + rest!r}, which is no command")
        return found

    def _take(self, connection: socket.socket, count: int) -> bytes:
        got = bytearray()
        while len(got) < count:
            if not self._readable(connection):
                raise _Over
            part = connection.recv(count - len(got))
            if not part:
                raise _Over(f"it went in the middle of a command, after {bytes(got[:16])!r}" if got else "")
            got += part
        return bytes(got)
