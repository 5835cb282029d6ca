"""How the tiles of an RF Data Converter stood when they were asked: as text, and as HTML without scripts.

Source: AMD PG269, RF Data Converter v2.6: "Power-up Sequence" (from memory: what the states stand for, and that a tile without a clock
waits in state 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from pynq_widgets.analysis.units import engineering

from . import registers as r
from .configuration import BlockDesign, TileDesign


def hertz(frequency: float) -> str:
    """A frequency in words."""
    return engineering(frequency, "Hz", 7)


GOOD, BAD, GREY = "#15803d", "#b91c1c", "#6b7280"


@dataclass(frozen=True)
class TileStatus:
    """One tile: what the design made of it, the state of its power-on state machine and its status word; None where it is not used."""

    design: TileDesign
    state: int | None
    word: int | None

    def _bit(self, mask: int) -> bool:
        return bool((self.word or 0) & mask)

    @property
    def state_name(self) -> str:
        """The state in words."""
        if self.state is None:
            return "not used"
        return r.STATES[self.state] if self.state < len(r.STATES) else f"unknown ({self.state})"

    @property
    def clock_present(self) -> bool:
        """Whether its clock is there."""
        return self._bit(r.CLOCK_PRESENT)

    @property
    def supplies_up(self) -> bool:
        """Whether its supplies are up."""
        return self._bit(r.SUPPLIES_UP)

    @property
    def powered_up(self) -> bool:
        """Whether it has started up."""
        return self._bit(r.POWERED_UP)

    @property
    def pll_locked(self) -> bool:
        """Whether its PLL has locked; False also where the design does not use it."""
        return self._bit(r.PLL_LOCKED)

    @property
    def running(self) -> bool:
        """Whether it has come to the end of its start, with its PLL locked where the design uses that."""
        return self.state == r.DONE and self.powered_up and (self.pll_locked or not self.design.pll)

    @property
    def why(self) -> str:
        """What keeps it from running, in words; empty where nothing does."""
        if self.running:
            return ""
        if self.state is None:
            return "the design does not use it"
        at = f"it stands in state {self.state} ({self.state_name})"
        if not self.clock_present:
            return f"{at}: there is no clock of {hertz(self.design.reference)} at its input"
        if not self.supplies_up:
            return f"{at}: its supplies are not up"
        if self.design.pll and not self.pll_locked and self.state >= r.CLOCK_STATE:
            return f"{at}: its PLL has not locked to {hertz(self.design.reference)}"
        return f"{at}: it was shut down, or is starting"

    @property
    def lock(self) -> str:
        """The clock in words: ``'PLL locked'``, ``'PLL not locked'``, ``'clock'``, ``'no clock'``."""
        if self.state is None:
            return ""
        if not self.clock_present:
            return "no clock"
        if not self.design.pll:
            return "clock"
        return "PLL locked" if self.pll_locked else "PLL not locked"


def block_line(tile: TileDesign, block: BlockDesign) -> str:
    """One converter in a line: factor, mixer, Nyquist zone and streams."""
    factor = f"{'decimation' if tile.kind == 'adc' else 'interpolation'} {block.factor}"
    mixer = (
        f"{block.mixer} mixer {block.conversion}{f' at {block.shift}' if block.shift else ''}"
        if block.mixer in ("coarse", "fine")
        else "no mixer"
    )
    if not block.shift and block.conversion == "real":
        mixer = "no mixer"  # coarse by 0, from real to real: nothing
    streams = f"{', '.join(block.streams)}: {block.width} bits" if block.streams else "no stream"
    return f"{factor}, {mixer}, Nyquist zone {block.nyquist}, {streams}"


def clock_line(tile: TileDesign) -> str:
    """The rates of a tile in a line."""
    source = f"PLL x{tile.ratio:g} from {hertz(tile.reference)}" if tile.pll else f"clocked with {hertz(tile.reference)}"
    return f"{engineering(tile.sampling_rate, 'S/s', 7)}, {source}, streams at {hertz(tile.fabric)}"


@dataclass(frozen=True)
class ConverterStatus:
    """The tree of an RF Data Converter; shows itself as text and HTML."""

    path: str
    version: str
    tiles: tuple[TileStatus, ...]

    @property
    def used(self) -> tuple[TileStatus, ...]:
        """The tiles that the design uses."""
        return tuple(tile for tile in self.tiles if tile.design.enabled)

    @property
    def running(self) -> bool:
        """Whether all that the design uses run."""
        return all(tile.running for tile in self.used)

    def __str__(self) -> str:
        lines = [f"{self.path}: RF Data Converter {self.version}"]
        for tile in self.used:
            lines.append(f"  {tile.design.name}: {'runs' if tile.running else tile.why}; {clock_line(tile.design)}; {tile.lock}")
            lines += [f"    converter {block.number}: {block_line(tile.design, block)}" for block in tile.design.blocks if block.enabled]
        off = ", ".join(tile.design.name for tile in self.tiles if not tile.design.enabled)
        return "\n".join([*lines, *([f"  not used: {off}"] if off else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html(self)


def html(status: ConverterStatus) -> str:
    """`status` as HTML with inline styles and no script."""
    boxes = []
    for tile in status.used:
        colour = GOOD if tile.running else BAD
        blocks = "".join(
            f"<li>converter {block.number}: {escape(block_line(tile.design, block))}</li>" for block in tile.design.blocks if block.enabled
        )
        said = "runs" if tile.running else tile.why
        boxes.append(
            f'<div style="border-left:4px solid {colour};padding:2px 8px;margin:6px 0"><b>{escape(tile.design.name)}</b> '
            f'<span style="color:{colour}">{escape(said)}</span>, {escape(tile.lock)}'
            f'<div style="color:{GREY}">{escape(clock_line(tile.design))}</div><ul style="margin:2px 0">{blocks}</ul></div>'
        )
    off = ", ".join(tile.design.name for tile in status.tiles if not tile.design.enabled)
    rest = f'<div style="color:{GREY}">not used: {escape(off)}</div>' if off else ""
    return f"<div><b>{escape(status.path)}</b>: RF Data Converter {escape(status.version)}{''.join(boxes)}{rest}</div>"
