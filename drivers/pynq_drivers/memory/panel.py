"""What one would look at of a memory: the buffer view, over a window that can be moved."""

from __future__ import annotations

from typing import Any

import ipywidgets

from pynq_drivers.memory.window import MemoryWindow
from pynq_widgets.device import BusError
from pynq_widgets.widgets.buffer_view import BufferView
from pynq_widgets.widgets.closing import close_layout
from pynq_widgets.widgets.panel import is_stale
from pynq_widgets.widgets.reuse import shown
from pynq_widgets.widgets.typed import parse_value


class MemoryView(BufferView):
    """A buffer view that reads its window of the memory anew before each look.

    Making it asks no bus: there it is empty until somebody sees it, or calls `refresh`.
    """

    buffer: MemoryWindow
    _made = False

    def __init__(self, window: MemoryWindow, **options: Any) -> None:
        super().__init__(window, **options)
        self._made = True

    def _look(self, budget: float) -> bool:
        with self._drawing:
            if not self._made and not hasattr(self.buffer.device, "peek"):
                return bool(self._say(detail="not read yet"))
            if not self._closed and not self._hold:
                try:
                    self.buffer.refresh()
                except BusError as error:
                    return bool(self._say(problem=str(error)))
            return super()._look(budget)


class MemoryPanel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A memory in the buffer view, at first as hexadecimal words; `start` moves what is shown of a large one.

    It is read twice a second while somebody looks: reading memory changes nothing. Writing is for Python: ``memory[3] = 7``.
    """

    def __init__(self, memory: Any, *, rate: float = 2.0) -> None:
        self._memory = memory
        self.window = MemoryWindow(memory)
        self.view = MemoryView(self.window, rate=rate, mode="hex")
        self.viewers = self.view.viewers
        self._from = ipywidgets.Text(
            value="0x0", description="From", placeholder="byte or address", continuous_update=False, layout={"width": "260px"}
        )
        self._said = ipywidgets.HTML()
        self._from.observe(self._moved, "value")
        moves = self.window.nbytes < memory.size
        row = ipywidgets.HBox([self._from, self._said], layout={"flex_flow": "row wrap"})
        parts = [row, self.view] if moves else [self.view]
        super().__init__(parts, layout=ipywidgets.Layout(width="100%"))

    @classmethod
    def of(cls, memory: Any) -> MemoryPanel:
        """The panel of `memory`, one however often it is shown."""
        return shown(memory, "memory", lambda: cls(memory), lambda: is_stale(memory))

    @property
    def start(self) -> int:
        """Bytes from the base of the memory to the first that is shown. Settable, a multiple of 4; ValueError beyond the last window."""
        return self.window.start

    @start.setter
    def start(self, start: int) -> None:
        last = self._memory.size - self.window.nbytes
        if not 0 <= start <= last or start % 4:
            raise ValueError(f"{self.window.name} is shown from a multiple of 4 bytes, 0 to {last:#x}, not from {start:#x}")
        self.window.start = start
        self.view.refresh()

    def _moved(self, change: Any) -> None:
        try:
            start = parse_value(change["new"], "hex", 64) & ~3
            base, size = self._memory.base_address, self._memory.size
            # Who types an address means that: what is within the memory as one, and is no offset within it.
            self.start = start - base if start >= size and base <= start < base + size else start
        except ValueError as error:
            self._said.value = f"<span>{_plain(str(error))}</span>"
        else:
            self._said.value = ""

    def close(self) -> None:
        """Take it off every page; nothing is read any more."""
        self.view.close()
        close_layout(self)
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        own = self.view._repr_mimebundle_(**options)
        told = own[0] if isinstance(own, tuple) else own
        return {**(data or {}), **{kind: told[kind] for kind in ("text/plain", "text/html") if kind in told}}, metadata


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
