"""Which AXI-Stream connection is where: the streams of a design, wired as the design wires them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from pynq_widgets.device.simulated.stream import DEFAULT_CAPACITY, StreamQueue, forward

if TYPE_CHECKING:
    from pynq_widgets.design import Module
    from pynq_widgets.device.simulated.world import World

End = tuple[str, str]  # a module's path, and its interface

_FLOW = 1 << 20  # bytes that pass at once into IP that has no model
_USUAL_RATE = 400e6  # bytes a second of a stream whose width or clock the design does not say: 32 bits at 100 MHz
_CLOCKS = {"clock", "diff_clock", "reset"}  # interfaces by which a core gets no data and brings none

# IP that passes a stream as it is. `axis_data_fifo` and its kin also store.
STRAIGHT = {
    "axis_register_slice",
    "axis_data_fifo",
    "axis_clock_converter",
    "axis_dwidth_converter",
    "axis_interconnect",
    "axis_protocol_checker",
    "axis_ila",
    "axis_subset_converter",
    "axis_switch",
    "axis_packet_fifo",
    "fifo_generator",
    "system_ila",
    "axis_vio",
    "dfx_axi_shutdown_manager",
    "dfx_decoupler",
    "pr_decoupler",
    "pr_axi_shutdown_manager",
    "axis_noc",
}


class Tie(NamedTuple):
    """What a connection joins, and the IP on its way."""

    source: End | None
    sink: End | None
    way: tuple[str, ...]

    def name(self, asked: End) -> str:
        return f"{_name(self.source or asked)} → {_name(self.sink)}"


class StreamGraph:
    """Every stream connection of a design, each made when one of its ends is first asked for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._next: dict[End, End] = {}
        self._before: dict[End, End] = {}
        self._masters: dict[str, list[str]] = {}
        self._slaves: dict[str, list[str]] = {}
        self._queues: dict[End, StreamQueue] = {}
        self._ties: dict[int, Tie] = {}  # by the id of the queue
        self._read()

    def _read(self) -> None:
        for table in (self._next, self._before, self._masters, self._slaves):
            table.clear()
        for link in self._world.design.connections:
            if link.protocol != "axis":
                continue
            source, sink = (link.master, link.master_interface), (link.slave, link.slave_interface)
            self._next[source] = sink
            self._before[sink] = source
            self._masters.setdefault(link.master, []).append(link.master_interface)
            self._slaves.setdefault(link.slave, []).append(link.slave_interface)

    def interfaces(self, path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The connected stream interfaces of a module: its slaves (in), and its masters (out)."""
        return tuple(self._slaves.get(path, ())), tuple(self._masters.get(path, ()))

    def queue(self, path: str, interface: str) -> StreamQueue:
        """The connection of which an interface is a part. IP that passes it straight on is a part of it.

        An interface that is connected to nothing has a queue of its own.
        """
        end = self._source(self._end(path, interface))
        if end in self._queues:
            return self._queues[end]
        tie = self._trace(end)
        entry, slowest = self._rates(tie)
        queue = StreamQueue(
            tie.name(end),
            DEFAULT_CAPACITY + sum(map(self._stored, tie.way)),
            now=self._world.clock.now,
            post=self._world.post,
            rate=slowest,
            entry_rate=entry,
        )
        self._tie(queue, tie, end)
        return queue

    def _trace(self, end: End) -> Tie:
        if end in self._next:
            sink, way = self._follow(end, self._next, self._masters)
            return Tie(end, sink, tuple(way))
        if end in self._before:
            source, way = self._follow(end, self._before, self._slaves)
            return Tie(source, end, tuple(way))
        return Tie(None, None, ())

    def _rates(self, tie: Tie) -> tuple[float | None, float | None]:
        """Bytes a second at the sender, and of the narrowest part of the way."""
        rates = [rate for step in tie.way for rate in map(self._rate, self._ends_of(step)) if rate]
        entry = self._rate(tie.source) if tie.source is not None else None
        exit_ = self._rate(tie.sink) if tie.sink is not None else None
        return entry, min([*rates, *filter(None, (entry, exit_))], default=None)

    def _tie(self, queue: StreamQueue, tie: Tie, end: End) -> None:
        for side in {end, *((tie.source,) if tie.source else ()), *((tie.sink,) if tie.sink else ())}:
            self._queues[side] = queue
        self._ties[id(queue)] = tie
        self._connect(queue, tie.source, tie.sink, end)

    def exchange(self, holds: Callable[[str], bool]) -> None:
        """The modules whose path `holds` have gone, and others are there, as the design says now.

        The connections of all others stay the same objects; what was on its way into or out of the region is lost.
        """
        self._read()
        ends: dict[int, tuple[StreamQueue, list[End]]] = {}
        gone: dict[int, StreamQueue] = {}
        for end, queue in list(self._queues.items()):
            if holds(end[0]):
                del self._queues[end]
                gone[id(queue)] = queue
            else:
                ends.setdefault(id(queue), (queue, []))[1].append(end)
        for key, queue in gone.items():
            if key not in ends:
                queue.on_data = queue.on_space = None
                queue.dead_end = "its IP has gone"
                self._ties.pop(key, None)
        for key, (queue, standing) in ends.items():
            end = standing[0]
            tie = self._trace(self._source(end))
            if key not in gone and tie == self._ties.get(key):
                continue
            for other in standing[1:]:
                if other not in (tie.source, tie.sink):
                    del self._queues[other]  # the wire between them was cut: whoever asks again gets one of its own
            self._retie(queue, tie, end)

    def _retie(self, queue: StreamQueue, tie: Tie, end: End) -> None:
        """`queue`, which the IP at `end` has, joins other ends now, and is empty."""
        entry, slowest = self._rates(tie)
        queue.rename(tie.name(end))
        queue.capacity = DEFAULT_CAPACITY + sum(map(self._stored, tie.way))
        queue.rate, queue.entry_rate = slowest, entry if entry is not None else slowest
        queue.on_data = queue.on_space = None
        queue.dead_end = ""
        far = tie.sink if end == tie.source else tie.source
        other = None if far is None else self._queues.get(far)
        if far is None or other is None or other is queue:
            self._tie(queue, tie, end)
        else:
            # Both ends have a connection already, and may hold it: what goes into the one comes out of the other.
            self._ties[id(queue)] = tie
            source, sink = (queue, other) if end == tie.source else (other, queue)
            self._join(source, sink)
        queue.clear()

    def _join(self, source: StreamQueue, sink: StreamQueue) -> None:
        def carry() -> None:
            while forward(source, (sink,)) is not None:
                pass

        tie = self._ties[id(source)]
        self._connect(sink, tie.source, tie.sink, tie.sink or ("", ""))
        self._connect(source, tie.source, tie.sink, tie.source or ("", ""))
        source.onward = (sink,)
        source.dead_end = ""
        source.on_data = lambda: self._world.post_once(("join", source.name, ""), carry)
        sink.on_space = source.on_data

    def begins_at(self, path: str, interface: str) -> bool:
        """Whether the wire at this interface is the one that leaves the sender, with nothing that stores between."""
        end = self._end(path, interface)
        return not self._is_straight(self._before.get(end, end)[0])

    def _source(self, end: End) -> End:
        """Where the connection comes from, if `end` is at IP that passes it straight on; else `end`."""
        at, seen = end, set()
        while at[0] not in seen and self._is_straight(at[0]):
            seen.add(at[0])
            at = self._before[at[0], self._slaves[at[0]][0]]
        return end if at[0] in seen else at

    def _connect(self, queue: StreamQueue, source: End | None, sink: End | None, asked: End) -> None:
        """Who is told of what happens in a connection."""
        world = self._world
        if sink is None:
            queue.dead_end = f"{_name(source or asked)} is connected to nothing that takes it"
        elif world.is_region(sink[0]) and self._keeps(sink[0]):
            queue.dead_end = f"nobody knows what region {sink[0]} holds: it takes nothing before a module is loaded into it"
        elif self._keeps(sink[0]):
            vlnv = world.design.modules[sink[0]].vlnv
            what, remedy = f"{sink[0]} ({vlnv})", f"@model({(vlnv or '').rpartition(':')[0]!r}) gives it a behaviour"
            if self._is_final(sink[0]):
                queue.dead_end = f"{what} has no model: it takes what comes once there is no room for more"
                said = f"{what} has no model: its stream {sink[1]} takes what comes, at its clock, and nothing is done with it; {remedy}"
                self._swallow(queue, said)
            else:
                queue.dead_end = f"{what} has no model, and takes nothing ({remedy})"
                world.assume(f"{what} has no model: what goes into its stream {sink[1]} stays there; {remedy}")
        elif sink is not None and sink[0] in world.design.modules:
            sink_path, sink_interface = sink
            queue.on_data = lambda: world.post_once(
                ("stream", sink_path, sink_interface), lambda: world.notify_stream(sink_path, sink_interface)
            )
        if source is not None and source[0] in world.design.modules:
            source_path, source_interface = source
            queue.on_space = lambda: world.post_once(
                ("space", source_path, source_interface), lambda: world.notify_space(source_path, source_interface)
            )
            # A source may send by itself (a converter, a pattern generator): it has to be there for its receiver.
            if source != asked:
                world.post_once(("make", source_path, ""), lambda: world.model_of(source_path))

    def _swallow(self, queue: StreamQueue, said: str) -> None:
        """What comes into `queue` stays for whoever looks until there is no room; from then on it is taken, in the time that it takes.

        `said` is said of the first. A core that sends by itself would fill what takes any amount at once for ever: there is a limit.
        """
        clock = self._world.clock
        flows = False

        def take() -> None:
            while queue.packets or queue.available:
                queue.receive()
            queue.demand(_FLOW)

        def came() -> None:
            nonlocal flows
            self._world.assume(said)
            if flows or queue.starved:
                flows = True
                nbytes = queue.available
                clock.call_later(nbytes / (queue.rate or _USUAL_RATE), take)

        queue.on_data = lambda: self._world.post_once(("swallow", queue.name, ""), came)

    def _is_final(self, path: str) -> bool:
        """Whether the data that go into an IP leave the design there: a converter, a codec, an output of pictures.

        Of any other core results may be expected, or it has to be started first: one that takes nothing is what tells.
        """
        design = self._world.design
        outside = {bus.bus for bus in design.buses.values()} - {None}
        return any(bus.bus in outside and bus.protocol not in _CLOCKS for bus in design.modules[path].buses.values())

    def _ends_of(self, path: str) -> tuple[End, ...]:
        return tuple((path, name) for name in (*self._slaves.get(path, ()), *self._masters.get(path, ())))

    def _rate(self, end: End) -> float | None:
        """Bytes a second that an interface carries, its width by its clock; None where the design does not say."""
        module = self._world.design.modules.get(end[0])
        bus = module.buses.get(end[1]) if module is not None else None
        if bus is None:
            return None
        try:
            return int(bus.parameters["TDATA_NUM_BYTES"], 0) * float(bus.parameters["FREQ_HZ"]) or None
        except (KeyError, ValueError):
            return None

    def _end(self, path: str, interface: str) -> End:
        end = (path, interface)
        if end in self._next or end in self._before:
            return end
        for name in (*self._masters.get(path, ()), *self._slaves.get(path, ())):
            if name.lower() == interface.lower():
                return (path, name)
        return end

    def _follow(self, end: End, step: dict[End, End], onward: dict[str, list[str]]) -> tuple[End | None, list[str]]:
        """The far end of a connection through the IP that passes it straight on, and that IP."""
        way: list[str] = []
        seen = {end[0]}
        at = step[end]
        while self._is_straight(at[0]) and at[0] not in seen:
            seen.add(at[0])
            way.append(at[0])
            ahead = (at[0], onward[at[0]][0])
            if ahead not in step:
                return None, way
            at = step[ahead]
        return at, way

    def passes(self, path: str) -> bool:
        """Whether the IP has one stream in and one out, and nothing that says what it does between them."""
        module = self._world.design.modules.get(path)
        if module is None or len(self._slaves.get(path, ())) != 1 or len(self._masters.get(path, ())) != 1:
            return False
        masters = any(bus.protocol == "aximm" and bus.mode == "master" for bus in module.buses.values())
        return _type(module) in STRAIGHT or not masters

    def _is_straight(self, path: str) -> bool:
        world = self._world
        module = world.design.modules.get(path)
        if module is None or len(self._slaves.get(path, ())) != 1 or len(self._masters.get(path, ())) != 1:
            return False
        if world.has_model(path) or world.is_region(path):
            return False
        if _type(module) not in STRAIGHT:
            if any(bus.protocol == "aximm" and bus.mode == "master" for bus in module.buses.values()):
                return False  # it moves data to or from memory
            world.assume(f"{path} ({module.vlnv}) has no model: what goes into its stream comes out unchanged")
        return True

    def _keeps(self, path: str) -> bool:
        """Whether the IP at the end of a connection has nothing that could take what comes."""
        return path in self._world.design.modules and not self._world.has_model(path)

    def _stored(self, path: str) -> int:
        parameters = self._world.design.modules[path].parameters
        try:
            depth = int(parameters.get("FIFO_DEPTH", "0"), 0)
            width = int(parameters.get("TDATA_NUM_BYTES", "4"), 0)
        except ValueError:
            return 0
        return max(0, depth * width)


def _type(module: Module) -> str:
    return (module.vlnv or "::").split(":")[2]


def _name(end: End | None) -> str:
    return "nothing" if end is None else f"{end[0]}/{end[1]}"
