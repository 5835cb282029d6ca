"""What one would look at of a stream switch: which slave interface feeds which master interface, as a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pynq_drivers.axis_switch.registers import MUX
from pynq_widgets.widgets import html
from pynq_widgets.widgets.panel import Group, Panel


class SwitchPanel(Panel):
    """The routes of a stream switch: a row for what comes in, a column for where it goes. A click connects, another takes it back.

    Reads show the routes that were written; they count once they are committed, which the driver does each time.
    """

    module = "panel.js"
    stylesheet = "panel.css"
    rate = 4.0

    def groups(self) -> Iterable[Group]:
        names = [handle.name for handle in self._words() if handle is not None]
        return ((self.ip.registers, names),) if names else ()

    def _words(self) -> list[Any]:
        known = {handle.offset: handle for handle in self.ip.registers.registers.values()}
        return [known.get(MUX + 4 * slot) for slot in range(self.ip.max_slots)]

    def look(self) -> Mapping[str, Any]:
        routes = self._routes()
        return {
            "sources": [self.ip.sources.get(at, "") for at in range(self.ip.slaves)],
            "sinks": [self.ip.sinks.get(at, "") for at in range(self.ip.max_slots)],
            "routes": None if routes is None else list(routes.values()),
        }

    def _routes(self) -> dict[int, int | None] | None:
        words = [None if handle is None else handle.value for handle in self._words()]
        known = [word for word in words if word is not None]
        routes: dict[int, int | None] | None = self.ip.routes_of(known) if len(known) == len(words) else None
        return routes

    # What the page may ask.

    def do_connect(self, *, slave: int, master: int) -> None:
        """Routes a slave interface to a master interface."""
        self.ip.connect(slave, master)
        self._again()

    def do_disconnect(self, *, master: int) -> None:
        """Disables a master interface."""
        self.ip.disconnect(master)
        self._again()

    def do_default(self) -> None:
        """Connects 0 to 0, 1 to 1, …"""
        self.ip.default()
        self._again()

    def do_disable(self) -> None:
        """Disables all: nothing passes."""
        self.ip.disable()
        self._again()

    def _again(self) -> None:
        for mirror, names in self._groups:
            mirror.refresh(names)

    # What a saved notebook shows.

    def facts(self) -> Iterable[tuple[str, str]]:
        routes, sources, sinks = self._routes(), self.ip.sources, self.ip.sinks
        for master in range(self.ip.max_slots):
            slave = None if routes is None else routes[master]
            name = f"M{master:02} {sinks.get(master, '')}".strip()
            said = f"S{slave:02} {sources.get(slave, '')}".strip() if slave is not None else "disabled"
            yield name, "not read" if routes is None else said

    def markup(self) -> html.Markup:
        return html.table(("Master interface", "gets"), self.facts(), mono=(0, 1))
