"""What one would look at of a serial port: a terminal at its other end; on a board what the driver has sent and received."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pynq_drivers.uart.transcript import Transcript
from pynq_widgets.widgets.panel import Panel

ENDS = {"CR LF": "\r\n", "LF": "\n", "CR": "\r", "nothing": ""}
SHOWN = 4096  # characters


class Terminal(Panel):
    """A terminal. On the simulated device one types as whoever sits at the other end, and sees what the core sends there.

    On a board the other end is at its cable: the panel shows what the driver has sent and received, and what is typed the driver sends.
    No character is taken out of the core for it.
    """

    module = "panel.js"
    stylesheet = "panel.css"
    reads = ()
    rate = 5.0

    def __init__(self, ip: Any, **options: Any) -> None:
        super().__init__(ip, **options)
        self._listener = self.changed
        self.transcript.listen(self._listener)

    def close(self) -> None:
        """Ends it."""
        self.transcript.forget(self._listener)
        super().close()

    @property
    def line(self) -> Any:
        """The other end on the simulated device, None on a board."""
        return getattr(self.model, "line", None)

    @property
    def transcript(self) -> Transcript:
        """What is shown."""
        line = self.line
        found: Transcript = self.ip.transcript if line is None else line.transcript
        return found

    def look(self) -> Mapping[str, Any]:
        line = self.line
        errors = ", ".join(f"{count} {name}" for name, count in self.ip.errors.items())
        return {
            "setting": self._setting(line),
            "errors": errors,
            "other_end": line is not None,
            "waiting": 0 if line is None else line.waiting,
            "pieces": self._pieces(),
        }

    def _setting(self, line: Any) -> str:
        if line is None:
            return str(self.ip.setting())
        core = self.model
        return f"{core.baud:.6g} baud, {core.format}" if core.baud else "no baud rate yet"

    def _pieces(self) -> list[list[Any]]:
        left, pieces = SHOWN, []
        for by_core, data in reversed(self.transcript.pieces()):
            part = data[max(0, len(data) - left) :]
            left -= len(part)
            pieces.append(["core" if by_core else "other", readable(part)])
            if left <= 0:
                break
        return pieces[::-1]

    def facts(self) -> Iterable[tuple[str, str]]:
        yield "setting", self._setting(self.line)
        yield "other end", "the simulated device's" if self.line is not None else "at its cable"
        for who, text in self._pieces()[-6:]:
            yield ("core" if who == "core" else "other end"), text[-200:]

    def do_type(self, *, text: str, end: str = "CR LF") -> None:
        """Send a line, as the other end; on a board as the driver."""
        if end not in ENDS:
            raise ValueError(f"a line ends with one of {', '.join(ENDS)}, not {end!r}")
        content = (str(text) + ENDS[end]).encode()
        if len(content) > SHOWN:
            raise ValueError(f"a line has at most {SHOWN} characters, not {len(content)}")
        line = self.line
        if line is not None:
            line.type(content)
        else:
            self.ip.write(content, timeout=2.0)

    def do_clear(self) -> None:
        """Empty the screen; what waits to be read stays."""
        self.transcript.clear()


def readable(data: bytes) -> str:
    """Characters as a screen has them: lines, tabs, UTF-8; all else as ``\\x07``."""
    text = data.replace(b"\r\n", b"\n").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
