"""Stream connections: bytes in order, packets whole, back-pressure, and the design's wiring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.design import BusInterface
from pynq_widgets.device import IPModel, model
from pynq_widgets.device.simulated import registry
from pynq_widgets.device.simulated.stream import Head, StreamQueue, forward


@given(
    st.integers(1, 40), st.lists(st.one_of(st.tuples(st.binary(max_size=30), st.booleans()), st.integers(0, 30), st.none()), max_size=60)
)
def test_what_goes_in_comes_out_in_order_and_in_packets(capacity: int, steps: list[Any]) -> None:
    queue = StreamQueue("q", capacity)
    sent: list[tuple[bytes, bool]] = []
    got: list[tuple[bytes, bool]] = []
    for step in steps:
        if isinstance(step, tuple):
            data, last = step
            taken = queue.send(data, last)
            assert taken == min(len(data), capacity - (queue.available - taken))
            sent.append((data[:taken], last and taken == len(data) and not (taken == 0 and data)))
        else:
            available = queue.available
            data, last = queue.receive(step)
            assert len(data) <= (available if step is None else min(step, available))
            got.append((bytes(data), last))
        assert 0 <= queue.available <= capacity
    while queue.available or queue.packets:
        got.append(tuple(queue.receive()))  # type: ignore[arg-type]
    assert _packets(got) == _packets(sent)


def _packets(parts: list[tuple[Any, bool]]) -> list[bytes]:
    packets, rest = [], b""
    for data, last in parts:
        rest += bytes(data)
        if last:
            packets.append(rest)
            rest = b""
    return [*packets, rest]


def test_a_full_queue_tells_its_sender_when_there_is_space() -> None:
    told: list[str] = []
    queue = StreamQueue("q", 8, lambda: told.append("data"), lambda: told.append("space"))
    assert queue.send(b"123456") == 6
    assert queue.send(b"789") == 2
    assert queue.send(b"9") == 0
    assert told == ["data", "data"]
    assert queue.receive(3) == (b"123", False)
    assert told[2:] == ["space"]
    queue.receive(3)
    assert told[3:] == []
    assert queue.receive()[1] is False


def test_a_receiver_that_is_ready_makes_room() -> None:
    queue = StreamQueue("q", 8)
    queue.demand(100)
    assert queue.space == 108
    assert queue.send(bytes(200)) == 108
    assert queue.space == 0
    queue.receive(50)
    assert queue.space == 0
    queue.receive(58)
    assert queue.space == 8


def test_any_array_can_be_sent_and_is_copied() -> None:
    queue = StreamQueue("q")
    array = np.arange(8, dtype="u2")
    queue.send(array[::2])
    queue.send(array)
    array[:] = 0
    assert bytes(queue.receive()[0]) == np.array([0, 2, 4, 6], "u2").tobytes()
    assert bytes(queue.receive()[0]) == np.arange(8, dtype="u2").tobytes()


class Reference:
    """What a connection does, byte by byte: each with its TDEST and TUSER, and whether the packet ends behind it."""

    def __init__(self) -> None:
        self.bytes: list[tuple[int, int, int]] = []
        self.ends: list[int] = []  # how many bytes had come when a packet ended

    def send(self, data: bytes, last: bool, dest: int, user: int) -> None:
        self.bytes += [(value, dest, user if i == 0 else 0) for i, value in enumerate(data)]
        if last:
            self.ends.append(len(self.bytes))


_sends = st.tuples(
    st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=24), st.booleans(), st.integers(0, 2), st.sampled_from((0, 0, 0, 1))
)


@given(st.integers(1, 40), st.lists(st.one_of(_sends, st.integers(0, 30), st.none()), max_size=60), st.booleans(), st.booleans())
def test_what_goes_beside_the_bytes_stays_with_them(capacity: int, steps: list[Any], as_integer: bool, lend: bool) -> None:
    later: list[Any] = []
    queue = StreamQueue("a → b", capacity, post=later.append)
    reference = Reference()
    at, ended = 0, 0
    got_ends: list[int] = []

    def receive(wanted: int | None) -> None:
        nonlocal at
        head = queue.head
        data, last = queue.receive(wanted)
        part = reference.bytes[at : at + len(data)]
        assert bytes(data) == bytes(value for value, _, _ in part)
        assert len({dest for _, dest, _ in part}) <= 1
        assert all(user == 0 for _, _, user in part[1:])
        if part:
            assert head == Head(*part[0][1:])
        at += len(data)
        if last:
            got_ends.append(at)

    for step in steps:
        if isinstance(step, tuple):
            pairs, last, dest, user = step
            memory = bytearray(value for value, _ in pairs)
            keep: Any = [counts for _, counts in pairs]
            if as_integer:
                keep = sum(1 << i for i, counts in enumerate(keep) if counts)
            taken = queue.send(memory, last, keep=keep, dest=dest, user=user, lend=lend)
            whole = taken == len(pairs)
            kept = bytes(value for value, counts in pairs[:taken] if counts)
            if not whole:
                assert pairs[taken][1], "only a byte that counts can find no room"
                assert queue.space == 0
            if kept or (last and whole):
                reference.send(kept, last and whole, dest, user)
            for action in later:
                action()
            later.clear()
            memory[:] = bytes(len(memory))
        else:
            receive(step)
    while queue.available or queue.packets:
        receive(None)
    assert at == len(reference.bytes)
    assert got_ends == reference.ends
    assert ended == queue.available == queue.packets


def test_null_bytes_go_no_further() -> None:
    queue = StreamQueue("a → b", 4)
    assert queue.send(b"a-b-c-d-e-", keep=[1, 0] * 5) == 8
    assert queue.receive() == (b"abcd", False)
    assert queue.send(b"e-", keep=np.uint8(0b01)) == 2
    assert queue.receive() == (b"e", True)
    assert queue.send(b"--", keep=[0, 0], last=False) == 2
    assert (queue.head, queue.packets) == (None, 0)
    assert queue.send(b"--", keep=[0, 0]) == 2
    assert queue.receive() == (b"", True)


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        ({"keep": [1]}, "a → b: keep says of each of 2 bytes whether it counts, not of 1"),
        ({"keep": 4}, "a → b: keep is a mask of 2 bits, one for each byte, not 0x4"),
        ({"dest": -1}, "a → b: TDEST and TUSER are 0 or more, not -1 and 0"),
        ({"user": -2}, "a → b: TDEST and TUSER are 0 or more, not 0 and -2"),
    ],
)
def test_what_cannot_go_beside_bytes_is_refused(beside: dict[str, Any], message: str) -> None:
    queue = StreamQueue("a → b")
    with pytest.raises(ValueError, match="a → b") as error:
        queue.send(b"xy", **beside)
    assert str(error.value) == message
    assert queue.sent == 0


def test_a_receiver_takes_no_less_than_nothing() -> None:
    queue = StreamQueue("a → b")
    queue.send(b"xyz")
    with pytest.raises(ValueError, match=r"^a → b: a receiver takes 0 bytes or more, not -1$"):
        queue.receive(-1)
    assert queue.receive(0) == (b"", False)
    assert queue.receive() == (b"xyz", True)


def test_memory_that_is_lent_is_copied_once_at_most() -> None:
    later: list[Any] = []
    memory = bytearray(range(256)) * 32
    queue = StreamQueue("a → b", None, post=later.append)
    queue.send(memory, lend=True)
    data, _ = queue.receive(100)
    assert isinstance(data, memoryview)
    assert data.obj is memory
    later.pop()()
    memory[:] = bytes(len(memory))
    assert bytes(queue.receive()[0]) == (bytes(range(256)) * 32)[100:]
    constant = bytes(8192)
    queue.send(constant)
    data, _ = queue.receive()
    assert isinstance(data, memoryview)
    assert data.obj is constant
    assert later == []


class Time:
    """A clock in the test's hand."""

    now = 0.0


def test_time_passes_beside_the_blocks() -> None:
    time = Time()
    queue = StreamQueue("a → b", 1000, now=lambda: time.now, rate=100.0, entry_rate=100.0)
    queue.demand(1000)
    queue.send(bytes(2000), ready_at=15.0)
    assert queue.accepted_at == 20.0, "the connection is slower than the sender"
    queue.receive(1000)
    assert queue.ready_at == 10.0
    queue.receive()
    assert queue.ready_at == 20.0
    time.now = 50.0
    queue.send(bytes(100))
    assert queue.accepted_at == 51.0
    queue.receive()
    assert queue.ready_at == 51.0
    queue.send(bytes(100), ready_at=60.0)
    queue.receive()
    assert queue.ready_at == 60.0


def test_a_slow_receiver_slows_the_sender_down() -> None:
    time = Time()
    queue = StreamQueue("a → b", 1000, now=lambda: time.now)
    queue.demand(4000)
    assert queue.send(bytes(5000), ready_at=5.0) == 5000
    assert queue.accepted_at == 0.0, "nobody has taken anything yet"
    queue.receive(5000)
    queue.taken(until=50.0, rate=100.0)
    assert queue.accepted_at == 40.0, "when the last 1000 bytes found room"


def test_a_narrow_part_of_the_way_slows_the_sender_down_behind_what_is_stored() -> None:
    queue = StreamQueue("a → b", 1000, now=lambda: 0.0, rate=100.0, entry_rate=400.0)
    queue.demand(3000)
    queue.send(bytes(4000))
    assert queue.accepted_at == 30.0
    other = StreamQueue("a → b", 1000, now=lambda: 0.0, rate=100.0, entry_rate=400.0)
    other.send(bytes(1000))
    assert other.accepted_at == 2.5, "it fits into the store, and goes in as fast as the sender's interface"


def test_time_is_passed_on_by_who_forwards() -> None:
    first = StreamQueue("a → switch", 1000, now=lambda: 0.0)
    second = StreamQueue("switch → b", 1000, now=lambda: 0.0)
    first.onward = (second,)
    second.onward = (first,)  # a ring is no endless question
    second.demand(2000)
    first.send(bytes(1000), last=False, dest=2, user=3, ready_at=7.0)
    assert forward(first, [second]) is False
    assert first.send(bytes(1500), dest=2) == 1500, "the demand is handed up"
    assert forward(first, [second]) is True
    assert forward(first, [second]) is None
    assert second.head == Head(2, 3)
    second.receive()
    assert second.ready_at == 7.0
    second.taken(until=30.0, rate=100.0)
    assert first.accepted_at == pytest.approx(30.0 - 20.0)


def test_why_nothing_moves() -> None:
    time = Time()
    queue = StreamQueue("dma/M_AXIS → core/S_AXIS", 8, now=lambda: time.now)
    said = [queue.standing]
    queue.send(b"1234", last=False)
    said.append(queue.standing)
    queue.receive()
    time.now = 2e-6
    said.append(queue.standing)
    queue.send(b"56")
    said.append(queue.standing)
    queue.receive()
    time.now = 3.5
    said.append(queue.standing)
    queue.send(bytes(8), last=False)
    said.append(queue.standing)
    queue.dead_end = "core has no model, and takes nothing"
    said.append(queue.standing)
    assert said == [
        "empty: dma/M_AXIS has never sent anything",
        "waits for TLAST: 4 bytes of a packet came from dma/M_AXIS, and not its end",
        "waits for TLAST: core/S_AXIS has 4 bytes of a packet; dma/M_AXIS has sent nothing for 2 µs",
        "1 complete packet, 2 bytes, for core/S_AXIS",
        "empty: dma/M_AXIS has sent nothing for 3.5 s (6 bytes before that)",
        "full: core/S_AXIS takes nothing for 3.5 s (6 bytes before that); 8 bytes wait",
        "full: core has no model, and takes nothing for 3.5 s (6 bytes before that); 8 bytes wait",
    ]


class Sink(IPModel):
    """Takes what comes when it is told to."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.calls: list[str] = []

    def on_stream(self, interface: str) -> None:
        self.calls.append(interface)

    def on_space(self, interface: str) -> None:
        self.calls.append(f"space {interface}")


@pytest.fixture
def chain(build: Any) -> Any:
    """source → FIFO → unknown → sink."""
    model("v:l:end")(Sink)
    build.module("source", "v:l:end:1")
    build.module("fifo", "xilinx.com:ip:axis_data_fifo:2.0", FIFO_DEPTH="512", TDATA_NUM_BYTES="8")
    build.module("what", "v:l:what:1")
    build.module("sink", "v:l:end:1")
    build.stream("source", "fifo")
    build.stream("fifo", "what")
    build.stream("what", "sink", into="S_AXIS_X")
    return build


def test_straight_ip_is_part_of_the_connection(chain: Any) -> None:
    device = chain.device()
    queue = device.stream("source", "m_axis")
    assert queue is device.stream("sink", "S_AXIS_X")
    assert queue.name == "source/M_AXIS → sink/S_AXIS_X"
    assert queue.space == 4096 + 512 * 8
    assert device.assumptions == ["what (v:l:what:1) has no model: what goes into its stream comes out unchanged"]
    queue.send(b"abcd")
    device.settle()
    assert device.models["sink"].calls == ["S_AXIS_X"]
    queue.send(bytes(10000))
    queue.receive()
    device.settle()
    assert device.models["source"].calls == ["space M_AXIS"]


def test_ip_with_a_model_is_an_end(chain: Any) -> None:
    model("v:l:what")(Sink)
    device = chain.device()
    assert device.stream("source", "M_AXIS").name == "source/M_AXIS → what/S_AXIS"
    assert device.stream("what", "M_AXIS").name == "what/M_AXIS → sink/S_AXIS_X"
    assert device.assumptions == []


def test_what_moves_data_to_memory_is_not_straight(chain: Any) -> None:
    chain.modules["what"].buses["M_AXI"] = BusInterface("M_AXI", "master", None, None, "aximm", 32, {}, {})
    device = chain.device()
    queue = device.stream("source", "M_AXIS")
    assert queue is not device.stream("sink", "S_AXIS_X")
    assert queue.send(bytes(10000)) == 4096 + 512 * 8
    device.settle()


def test_a_ring_of_straight_ip_and_loose_ends_do_no_harm(build: Any) -> None:
    for name in ("a", "b"):
        build.module(name, "xilinx.com:ip:axis_register_slice:1.1")
    build.stream("a", "b")
    build.stream("b", "a")
    build.module("loose", "v:l:loose:1")
    device = build.device()
    assert device.stream("a", "M_AXIS").send(b"1234") == 4
    assert device.stream("loose", "M_AXIS").send(bytes(9999)) == 4096
    with pytest.raises(KeyError) as error:
        device.stream("lose", "M_AXIS")
    assert error.value.args == ("no IP 'lose' in design 'made'; did you mean loose?",)
    with pytest.raises(KeyError) as error:
        device.stream("a", "AXIS")
    assert error.value.args == ("a has no stream 'AXIS'; it has M_AXIS, S_AXIS",)
    device.settle()


def _axis(name: str, nbytes: int, frequency: str) -> BusInterface:
    return BusInterface(name, "master", None, None, "axis", None, {"TDATA_NUM_BYTES": str(nbytes), "FREQ_HZ": frequency}, {})


def test_every_interface_on_the_way_is_the_same_connection(chain: Any) -> None:
    device = chain.device()
    ends = [("sink", "S_AXIS_X"), ("what", "M_AXIS"), ("what", "s_axis"), ("fifo", "M_AXIS"), ("fifo", "S_AXIS"), ("source", "M_AXIS")]
    assert len({device.stream(*end) for end in ends}) == 1
    assert [device.world.streams.begins_at(*end) for end in ends] == [False, False, False, False, True, True]


def test_the_bandwidth_of_a_connection_is_that_of_its_narrowest_part(chain: Any) -> None:
    chain.modules["source"].buses["M_AXIS"] = _axis("M_AXIS", 8, "100000000")
    chain.modules["fifo"].buses["S_AXIS"] = _axis("S_AXIS", 2, "100000000")
    chain.modules["fifo"].buses["M_AXIS"] = _axis("M_AXIS", 0, "nonsense")
    chain.modules["sink"].buses["S_AXIS_X"] = _axis("S_AXIS_X", 4, "150000000.0")
    queue = chain.device().stream("sink", "S_AXIS_X")
    assert (queue.entry_rate, queue.rate) == (800e6, 200e6)
    assert (queue.source, queue.sink) == ("source/M_AXIS", "sink/S_AXIS_X")


def test_a_connection_without_widths_takes_no_time(chain: Any) -> None:
    device = chain.device()
    queue = device.stream("source", "M_AXIS")
    assert (queue.entry_rate, queue.rate) == (None, None)
    queue.send(bytes(100))
    assert queue.accepted_at == device.clock.now()


def test_what_stands_at_a_dead_end_says_so(chain: Any) -> None:
    registry.unregister("v:l:end")
    device = chain.device()
    queue = device.stream("source", "M_AXIS")
    queue.send(b"1234")
    assert queue.standing == (
        "1 complete packet, 4 bytes, for sink/S_AXIS_X: sink (v:l:end:1) has no model, and takes nothing "
        "(@model('v:l:end') gives it a behaviour)"
    )
    device.settle()
    assert queue.available == 4


def _leaves(device: Any, protocol: str) -> None:
    bus = BusInterface("vout", "master", "net", None, protocol, None, {}, {})
    device.design.modules["sink"].buses["vout"] = bus
    device.design.buses["vout"] = bus


def test_a_converter_takes_what_comes_at_its_clock_and_that_is_said_once(chain: Any) -> None:
    registry.unregister("v:l:end")
    chain.modules["sink"].buses["S_AXIS_X"] = _axis("S_AXIS_X", 1, "1000000")
    device = chain.device()
    _leaves(device, "diff_analog_io")
    queue = device.stream("source", "M_AXIS")
    said = "sink (v:l:end:1) has no model: its stream S_AXIS_X takes what comes, at its clock, and nothing is done with it; "
    said += "@model('v:l:end') gives it a behaviour"
    assert said not in device.assumptions
    assert queue.send(b"abcd") == 4
    device.settle()
    device.clock.advance(1.0)
    assert bytes(queue.receive()[0]) == b"abcd", "what there is room for stays for whoever looks"
    data, sent = bytes(3 << 20), 0
    for _ in range(100):
        sent += queue.send(data[sent:])
        device.settle()
        if sent == len(data):
            break
        assert queue.space == 0, "nothing passes in no time"
        device.clock.advance(0.1)
    assert sent == len(data)
    assert device.clock.now() == pytest.approx(1 + 2.1, abs=0.3), "a byte a microsecond, but for the last MiB"
    device.clock.advance(2.0)
    assert (queue.available, queue.packets) == (0, 0)
    assert device.assumptions.count(said) == 1


def test_a_core_with_a_clock_from_outside_is_no_converter(chain: Any) -> None:
    registry.unregister("v:l:end")
    device = chain.device()
    _leaves(device, "diff_clock")
    queue = device.stream("source", "M_AXIS")
    room = queue.space
    assert queue.send(bytes(room + 1)) == room
    device.settle()
    device.clock.advance(1.0)
    assert queue.available == room


def test_a_broadcaster_goes_at_the_pace_of_the_slowest(build: Any) -> None:
    build.module("source", "v:l:end:1")
    build.module("split", "xilinx.com:ip:axis_broadcaster:1.1")
    build.stream("source", "split")
    for i in range(2):
        build.module(f"sink{i}", "v:l:end:1")
        build.stream("split", f"sink{i}", out=f"M{i:02}_AXIS")
    device = build.device()
    source, one, two = device.stream("source", "M_AXIS"), device.stream("sink0", "S_AXIS"), device.stream("sink1", "S_AXIS")
    data = np.arange(5000, dtype="u1").tobytes()
    sent = source.send(data[:4096], last=False)
    device.settle()
    sent += source.send(data[sent:])
    device.settle()
    assert (sent, one.available, two.available) == (5000, 4096, 4096)
    first = bytes(one.receive()[0])
    device.settle()
    assert one.available == 0
    assert bytes(two.receive()[0]) == data[:4096]
    device.settle()
    rest, last = one.receive()
    assert (first + bytes(rest), last) == (data, True)
    assert device.assumptions == [
        f"sink{i} (v:l:end:1) has no model: what goes into its stream S_AXIS stays there; @model('v:l:end') gives it a behaviour"
        for i in range(2)
    ]
