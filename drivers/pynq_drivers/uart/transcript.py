"""What was said over a serial line, in its order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_KEPT = 16384  # characters


class Transcript:
    """Pieces of ``(by the core, characters)``; the newest 16 KiB of them."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[bool, bytearray]] = deque()
        self._count = 0
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], object]] = []

    def add(self, by_core: bool, data: bytes) -> None:
        """`data` was sent, by the core or by the other end."""
        if not data:
            return
        with self._lock:
            if self._pieces and self._pieces[-1][0] == by_core:
                self._pieces[-1][1].extend(data)
            else:
                self._pieces.append((by_core, bytearray(data)))
            self._count += len(data)
            while self._count > _KEPT:
                _, oldest = self._pieces[0]
                part = min(len(oldest), self._count - _KEPT)
                del oldest[:part]
                self._count -= part
                if not oldest:
                    self._pieces.popleft()
        for listener in tuple(self._listeners):
            listener()

    def pieces(self) -> list[tuple[bool, bytes]]:
        """All of it."""
        with self._lock:
            return [(by_core, bytes(data)) for by_core, data in self._pieces]

    def clear(self) -> None:
        """Forgets it."""
        with self._lock:
            self._pieces.clear()
            self._count = 0
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], object]) -> None:
        """Have ``listener()`` called after each piece, perhaps with the bus held: it must be quick."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], object]) -> None:
        """Call it no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)
