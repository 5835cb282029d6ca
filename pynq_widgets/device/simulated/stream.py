"""AXI-Stream connections, wired as the design wires them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.world import World

# What fits into a connection by itself (bytes): the registers and small FIFOs of the IP at its ends. FIFOs on the way add to it.
DEFAULT_CAPACITY = 4096

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


class StreamQueue:
    """One connection: bytes in order, parted into packets by TLAST.

    The queue takes up to `capacity` bytes (None: any amount) and what its receiver has `demand`\\ ed; a sender that finds no `space`
    is told by ``on_space`` when there is some.
    """

    def __init__(
        self,
        name: str,
        capacity: int | None = DEFAULT_CAPACITY,
        on_data: Callable[[], object] | None = None,
        on_space: Callable[[], object] | None = None,
    ) -> None:
        self.name = name
        self.capacity = capacity
        self.on_data = on_data
        self.on_space = on_space
        self.sent = 0
        self.received = 0
        self._segments: deque[tuple[memoryview, bool]] = deque()
        self._available = 0
        self._packets = 0
        self._demand = 0
        self._starved = False

    def __repr__(self) -> str:
        return f"<StreamQueue {self.name}: {self._available} bytes, {self._packets} complete packets>"

    @property
    def available(self) -> int:
        """How many bytes wait for the receiver."""
        return self._available

    @property
    def packets(self) -> int:
        """How many complete packets wait."""
        return self._packets

    @property
    def space(self) -> int:
        """How many bytes the queue takes now."""
        if self.capacity is None:
            return 1 << 62
        space = self.capacity + self._demand - self._available
        if space <= 0:
            self._starved = True
            return 0
        return space

    def demand(self, nbytes: int) -> None:
        """The receiver is ready for `nbytes` more than the queue holds by itself; it lessens as they are received."""
        self._demand = max(0, nbytes)
        self._tell_space()

    def send(self, data: Any, last: bool = True) -> int:
        """Put in the bytes of `data` (anything with a buffer), `last` at its end; how many were taken.

        Where not all were, `last` has not been sent: send the rest when there is `space` again.
        """
        source = memoryview(data)
        if source.format != "B" or source.ndim != 1:
            source = source.cast("B") if source.c_contiguous else memoryview(source.tobytes())
        take = min(len(source), self.space)
        if take < len(source):
            self._starved = True
            last = False
            if take == 0:
                return 0
        elif take == 0 and not last:
            return 0
        # A copy: the sender may change its memory before the receiver looks.
        self._segments.append((memoryview(bytes(source[:take])), last))
        self._available += take
        self._packets += last
        self.sent += take
        if self.on_data is not None:
            self.on_data()
        return take

    def receive(self, nbytes: int | None = None) -> tuple[bytes | memoryview, bool]:
        """Up to `nbytes` bytes (None: all there are) of one packet, and whether they end it; ``(b"", False)`` if there is nothing."""
        segments = self._segments
        wanted = self._available if nbytes is None else min(nbytes, self._available)
        parts: list[memoryview] = []
        got, last = 0, False
        while segments and not last:
            data, ends = segments[0]
            room = wanted - got
            if len(data) > room:
                if room:
                    parts.append(data[:room])
                    segments[0] = (data[room:], ends)
                    got += room
                break
            segments.popleft()
            if len(data):
                parts.append(data)
            got += len(data)
            last = ends
        self._available -= got
        self._packets -= last
        self._demand = max(0, self._demand - got)
        self.received += got
        if got:
            self._tell_space()
        return (parts[0] if len(parts) == 1 else b"".join(parts)), last

    def clear(self) -> None:
        """Throw away what waits, as a reset does."""
        self._segments.clear()
        self._available = self._packets = self._demand = 0
        self._tell_space()

    def _tell_space(self) -> None:
        if self._starved and self.on_space is not None and self.space > 0:
            self._starved = False
            self.on_space()


class StreamGraph:
    """Every stream connection of a design, each made when one of its ends is first asked for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._next: dict[tuple[str, str], tuple[str, str]] = {}
        self._before: dict[tuple[str, str], tuple[str, str]] = {}
        self._masters: dict[str, list[str]] = {}
        self._slaves: dict[str, list[str]] = {}
        self._queues: dict[tuple[str, str], StreamQueue] = {}
        for link in world.design.connections:
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
        """The connection at one end. Straight IP on the way is part of it. An end that is connected to nothing has a queue of its own."""
        end = self._end(path, interface)
        if end in self._queues:
            return self._queues[end]
        source: tuple[str, str] | None
        sink: tuple[str, str] | None
        capacity = DEFAULT_CAPACITY
        if end in self._next:
            source, (sink, capacity) = end, self._follow(end, self._next, self._masters)
        elif end in self._before:
            sink = end
            source, capacity = self._follow(end, self._before, self._slaves)
        else:
            source = sink = None
        queue = StreamQueue(f"{_name(source or end)} → {_name(sink)}", capacity)
        for side in {end, *((source,) if source else ()), *((sink,) if sink else ())}:
            self._queues[side] = queue
        world = self._world
        if sink is not None and self._keeps(sink[0]):
            world.assume(f"{sink[0]} ({world.design.modules[sink[0]].vlnv}) has no model: what goes into its stream {sink[1]} stays there")
        if sink is not None and sink[0] in world.design.modules:
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
            if source != end:
                world.post_once(("make", source_path, ""), lambda: world.model_of(source_path))
        return queue

    def _end(self, path: str, interface: str) -> tuple[str, str]:
        end = (path, interface)
        if end in self._next or end in self._before:
            return end
        for name in (*self._masters.get(path, ()), *self._slaves.get(path, ())):
            if name.lower() == interface.lower():
                return (path, name)
        return end

    def _follow(
        self, end: tuple[str, str], step: dict[tuple[str, str], tuple[str, str]], onward: dict[str, list[str]]
    ) -> tuple[tuple[str, str] | None, int]:
        """The far end of a connection through the IP that passes it straight on, and what fits into it."""
        capacity = DEFAULT_CAPACITY
        seen = {end[0]}
        at = step[end]
        while self._is_straight(at[0]) and at[0] not in seen:
            seen.add(at[0])
            capacity += self._stored(at[0])
            ahead = (at[0], onward[at[0]][0])
            if ahead not in step:
                return None, capacity
            at = step[ahead]
        return at, capacity

    def _is_straight(self, path: str) -> bool:
        world = self._world
        module = world.design.modules.get(path)
        if module is None or len(self._slaves.get(path, ())) != 1 or len(self._masters.get(path, ())) != 1:
            return False
        if world.has_model(path):
            return False
        name = (module.vlnv or "::").split(":")[2]
        if name not in STRAIGHT:
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


def _name(end: tuple[str, str] | None) -> str:
    return "nothing" if end is None else f"{end[0]}/{end[1]}"
