"""What one would look at of an RF Data Converter: its tiles, how each stands, and what its converters were made for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pynq_widgets.widgets import html
from pynq_widgets.widgets.panel import Group, Panel

from .status import TileStatus, block_line, clock_line


class RFdcPanel(Panel):
    """The tiles that the design uses, with state, clock and PLL; a tile can be started, stopped and reset.

    On the simulated device the clock of a tile can be taken away, as a cable would be.
    """

    module = "panel.js"
    stylesheet = "panel.css"
    rate = 5.0

    def groups(self) -> Iterable[Group]:
        names = [f"{tile.name_in_registers}_{what}" for tile in self.ip.tiles for what in ("CURRENT_STATE", "STATUS")]
        return ((self.ip.registers, names),) if names else ()

    def look(self) -> Mapping[str, Any]:
        off = [tile.design.name for tile in (*self.ip.dac_tiles, *self.ip.adc_tiles) if not tile.enabled]
        return {
            "tiles": [self._facts_of(tile) for tile in self.ip.tiles],
            "stand": [self._stand_of(tile) for tile in self.ip.tiles],
            "off": ", ".join(off),
            "cables": hasattr(self.model, "set_clock"),
        }

    def _facts_of(self, tile: Any) -> dict[str, Any]:
        design = tile.design
        return {
            "kind": design.kind,
            "number": design.number,
            "name": design.name,
            "clock": clock_line(design),
            "blocks": [[f"converter {block.number}", block_line(design, block)] for block in design.blocks if block.enabled],
        }

    def _known(self, tile: Any) -> TileStatus | None:
        """How the tile stood when it was last read; None where it never was."""
        state, word = (self.ip.registers[f"{tile.name_in_registers}_{what}"].value for what in ("CURRENT_STATE", "STATUS"))
        return None if state is None or word is None else TileStatus(tile.design, state & 0xFF, word)

    def _stand_of(self, tile: Any) -> dict[str, Any]:
        status = self._known(tile)
        if status is None:
            return {"known": False, "runs": False, "state": 0, "said": "not read", "clock": None, "lock": "not read"}
        return {
            "known": True,
            "runs": status.running,
            "state": status.state,
            "said": "runs" if status.running else status.why,
            "clock": status.clock_present,
            "lock": status.lock,
        }

    # What the page may ask.

    def _tile(self, kind: str, number: int) -> Any:
        for tile in self.ip.tiles:
            if (tile.design.kind, tile.design.number) == (kind, number):
                return tile
        raise ValueError(f"{self.path} has no RF-{str(kind).upper()} tile {number} in this design")

    def do_start(self, *, kind: str, number: int) -> None:
        """Starts a tile with the settings that it has."""
        self._tile(kind, number).StartUp()

    def do_stop(self, *, kind: str, number: int) -> None:
        """Stops a tile."""
        self._tile(kind, number).ShutDown()

    def do_reset(self, *, kind: str, number: int) -> None:
        """Starts a tile with the settings of the design."""
        self._tile(kind, number).Reset()

    def do_clock(self, *, kind: str, number: int, present: bool) -> None:
        """What a cable does: gives a tile its clock, or takes it away."""
        self._tile(kind, number)
        model = self.model
        if not hasattr(model, "set_clock"):
            raise RuntimeError("the clock of a tile comes through a cable: only the simulated device can take it away")
        model.set_clock(kind, number, bool(present))

    # What a saved notebook shows.

    def facts(self) -> Iterable[tuple[str, str]]:
        for tile in self.ip.tiles:
            stand = self._stand_of(tile)
            yield tile.design.name, f"{stand['said']}; {clock_line(tile.design)}; {stand['lock']}"

    def markup(self) -> html.Markup:
        parts = []
        for tile in self.ip.tiles:
            stand = self._stand_of(tile)
            rows = [("state", f"{stand['said']}, {stand['lock']}"), ("clock", clock_line(tile.design))]
            rows += [(f"converter {block.number}", block_line(tile.design, block)) for block in tile.design.blocks if block.enabled]
            parts.append(html.folded(tile.design.name, html.table(("", ""), rows), open=True))
        return html.element("div", *parts)
