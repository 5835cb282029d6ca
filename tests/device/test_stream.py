"""Stream connections: bytes in order, packets whole, back-pressure, and the design's wiring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.device import IPModel, model
from pynq_widgets.device.simulated.stream import StreamQueue


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
    from pynq_widgets.design import BusInterface

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
    assert device.assumptions == [f"sink{i} (v:l:end:1) has no model: what goes into its stream S_AXIS stays there" for i in range(2)]
