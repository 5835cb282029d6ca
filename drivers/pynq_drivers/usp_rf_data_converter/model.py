"""What the RF Data Converter does, for the simulated device: its tiles start up, stop, lose their clock and flag their converters.

Source: AMD PG269, RF Data Converter v2.6: "Register Space", "Interrupt Status Register (0x0200)", "Converter 0 Interrupt Register
(0x0208)"; from memory of the same guide: "Power-up Sequence" (state 6 waits for the clock). It does not say how long a state takes: 100 µs
here.

Samples are not made: what an RF-ADC's streams carry is given with ``device.stream(path, 'm00_axis').send(...)``. What is sent to an RF-DAC
stays for whoever looks until there is no room; from then on it is taken, as fast as the tile's clock takes it, while the tile runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext
from pynq_widgets.device.clock import Timer

from . import registers as r
from .configuration import Configuration, TileDesign

STATE_TIME = 100e-6  # seconds
_FLOW = 1 << 16  # bytes that an RF-DAC takes at once, once it takes


@dataclass
class Run:
    """One run of a power-on state machine: where it started, when, and where it ends."""

    first: int
    last: int
    since: float


class Tile:
    """One tile: its run, and what the world does to it."""

    def __init__(self, design: TileDesign) -> None:
        self.design = design
        self.clock = True
        self.run = Run(r.DONE, r.DONE, 0.0)

    def state(self, now: float) -> int:
        """Where the state machine stands: a state each `STATE_TIME`, and none behind the clock's without a clock."""
        reached = min(self.run.last, self.run.first + int((now - self.run.since) / STATE_TIME + 1e-9))
        return reached if self.clock else min(reached, r.CLOCK_STATE)

    def status(self, now: float) -> int:
        """The common status word."""
        state = self.state(now)
        word = r.CLOCK_PRESENT if self.clock else 0
        if state >= 3:
            word |= r.SUPPLIES_UP
        if state > r.CLOCK_STATE and self.design.pll:
            word |= r.PLL_LOCKED
        return word | (r.POWERED_UP if state == r.DONE else 0)


class RFdcModel(RegisterModel):
    """The tiles that a design uses; they run when the design has been loaded.

    ``model.set_clock('adc', 0, False)`` takes the clock of a tile away, ``model.flag('adc', 0, 1, 'over_range')`` flags a converter.
    """

    def __init__(self, context: ModelContext) -> None:
        configured = Configuration(context.module.parameters, context.module.buses)
        super().__init__(context, r.layout(configured.tiles), 0x40000)
        self._tiles = {(tile.kind, tile.number): Tile(tile) for tile in configured.tiles}
        self._banks = {r.base(*key): tile for key, tile in self._tiles.items()}
        self._rates = {  # bytes a second of the streams into RF-DAC, and the tile of each
            stream: (tile, tile.design.fabric * block.width / 8)
            for tile in self._tiles.values()
            if tile.design.kind == "dac"
            for block in tile.design.blocks
            for stream in block.streams
        }
        self._flowing: set[str] = set()
        self._plans: dict[str, Timer] = {}
        version = context.module.version.split(".")
        major, minor = (int(part) if part.isdigit() else 0 for part in [*version, "0", "0"][:2])
        self.file.poke(r.VERSION, major << 24 | minor << 16)

    def _tile(self, kind: str, number: int) -> Tile:
        found = self._tiles.get((kind, number))
        if found is None:
            used = ", ".join(f"{kind!r}, {number}" for kind, number in self._tiles)
            raise ValueError(f"{self.context.path} has no {kind!r} tile {number} in this design; it has {used or 'none'}")
        return found

    # What the world does.

    def set_clock(self, kind: str, number: int, present: bool) -> None:
        """The clock of the tile ``'adc'`` or ``'dac'`` `number` goes or comes; with it the tile goes on from where it waits."""
        tile = self._tile(kind, number)
        with self.context.from_outside():
            now = self.context.clock.now()
            state = tile.state(now)
            if tile.clock and not present:
                tile.run = Run(min(state, r.CLOCK_STATE), tile.run.last, now)
                if state == r.DONE:
                    self.file.set_bits(r.base(kind, number) + r.INTERRUPT_STATUS, r.START_UP_ERROR)
            elif present and not tile.clock:
                tile.run = Run(state, tile.run.last, now)
            tile.clock = present
            self._wake(tile)
            self._settle()

    def flag(self, kind: str, number: int, converter: int, name: str, on: bool = True) -> None:
        """Sets (or takes back) a flag of a converter (0 to 3), such as ``'over_range'``; ValueError for one that such tiles do not have."""
        tile, known = self._tile(kind, number), r.flags(kind)
        if name not in known:
            raise ValueError(f"a converter of {tile.design.name} flags {', '.join(known)}, not {name!r}")
        if converter not in range(4):
            raise ValueError(f"{tile.design.name} has the converters 0 to 3, not {converter!r}")
        offset = r.base(kind, number) + r.CONVERTER + 8 * converter
        with self.context.from_outside():
            (self.file.set_bits if on else self.file.clear_bits)(offset, 1 << known[name])
            self._settle()

    # What the bus does.

    def reading(self, offset: int) -> None:
        tile, within = self._banks.get(offset & ~(r.BANK - 1)), offset & (r.BANK - 1)
        if tile is not None and within in (r.CURRENT_STATE, r.TILE_STATUS):
            now = self.context.clock.now()
            self.file.poke(offset, tile.state(now) if within == r.CURRENT_STATE else tile.status(now))

    def read(self, interface: str, offset: int) -> int:
        value = super().read(interface, offset)
        self._settle()
        return value

    def written(self, offset: int, value: int, before: int) -> None:
        tile, within = self._banks.get(offset & ~(r.BANK - 1)), offset & (r.BANK - 1)
        if offset == r.MASTER_RESET:
            self.file.poke(offset, 0)
            if value & 1:
                for each in self._tiles.values():
                    self._start(each, 0, r.DONE)
        elif tile is not None and within == r.RESTART:
            self.file.poke(offset, 0)
            if value & 1:
                limits = self.file.peek(offset - r.RESTART + r.RESTART_STATE)
                self._start(tile, limits >> 8 & 0xFF, limits & 0xFF)
        self._settle()

    def _start(self, tile: Tile, first: int, last: int) -> None:
        last = min(last, r.DONE)
        tile.run = Run(min(first, last), last, self.context.clock.now())
        self._wake(tile)

    # What goes into an RF-DAC.

    def on_stream(self, interface: str) -> None:
        tile, rate = self._rates.get(interface, (None, 0.0))
        queue = self.context.stream(interface)
        if tile is None or interface in self._plans or not (interface in self._flowing or queue.starved):
            return
        if tile.state(self.context.clock.now()) == r.DONE and rate:
            self._flowing.add(interface)
            self._plans[interface] = self.context.clock.call_later(queue.available / rate, lambda: self._take(interface))

    def _take(self, interface: str) -> None:
        self._plans.pop(interface, None)
        queue = self.context.stream(interface)
        while queue.packets or queue.available:
            queue.receive()
        queue.demand(_FLOW)

    def _wake(self, tile: Tile) -> None:
        """Once the tile runs again, it takes what has waited meanwhile."""
        left = (tile.run.last - tile.run.first) * STATE_TIME
        for interface, (owner, _) in self._rates.items():
            if owner is tile:
                self.context.clock.call_later(left, partial(self.on_stream, interface))

    def _settle(self) -> None:
        """Flags go up: converters into the tile's status, tiles into the common one, that to the pin."""
        common = self.file.peek(r.COMMON_STATUS) & r.AXI_TIMEOUT
        for (kind, number), _ in self._tiles.items():
            base = r.base(kind, number)
            status = self.file.peek(base + r.INTERRUPT_STATUS) & r.START_UP_ERROR
            for index in range(4):
                at = base + r.CONVERTER + 8 * index
                if self.file.peek(at) & self.file.peek(at + 4):
                    status |= 1 << index
            self.file.poke(base + r.INTERRUPT_STATUS, status)
            if status & self.file.peek(base + r.INTERRUPT_ENABLE):
                common |= r.bit(kind, number)
        self.file.poke(r.COMMON_STATUS, common)
        self.context.interrupt("irq").set(int(bool(common & self.file.peek(r.COMMON_ENABLE))))
