"""Writers of one port, threads and coroutines, one after the other."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """Who came first is first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._order: deque[object] = deque()

    def enter(self) -> object:
        """Stand in line; give what comes back to `mine` and `leave`."""
        ticket = object()
        with self._lock:
            self._order.append(ticket)
        return ticket

    def mine(self, ticket: object) -> bool:
        """Whether it is the turn of `ticket`."""
        return self._order[0] is ticket

    def leave(self, ticket: object) -> None:
        """Go, whether it was one's turn or not."""
        with self._lock:
            self._order.remove(ticket)
