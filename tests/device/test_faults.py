"""Faults put in on purpose: what they do, what they say, and that nothing is left of them."""

from __future__ import annotations

import html
import pickle
import re
from typing import Any

import pytest

from pynq_widgets import showing
from pynq_widgets.design import InterruptLine, Port
from pynq_widgets.device import BufferFreedError, BusError, IPModel, NoAddressError, model
from pynq_widgets.device.simulated.faults import Fault, Faults
from pynq_widgets.device.simulated.masters import AddressDecoder, Window
from pynq_widgets.device.simulated.memory import Ram

GPIO = 0x4120_0000


@pytest.fixture
def device(build: Any) -> Any:
    """A host with registers, a master in the logic, a stream from source through a FIFO to sink, and a pin to the interrupts."""

    class Mover(IPModel):
        def __init__(self, context: Any) -> None:
            super().__init__(context)
            self.taken: list[tuple[bytes, bool]] = []
            self.spaces = 0

        def on_stream(self, interface: str) -> None:
            queue = self.context.stream(interface)
            while queue.available or queue.packets:
                data, last = queue.receive()
                self.taken.append((bytes(data), last))

        def on_space(self, interface: str) -> None:
            self.spaces += 1

    model("v:l:mover")(Mover)
    build.module("gpio", "v:l:gpio:1", registers=[build.register("DATA", 0, reset=7), build.register("TRI", 4)])
    build.range("gpio", GPIO)
    for name in ("source", "sink", "near", "far"):
        build.module(name, "v:l:mover:1")
    build.range("ps", 0x0, 0x2000_0000, kind="memory", interface="S_AXI_HP0", master="source")
    build.range("ps", 0x0, 0x2000_0000, kind="memory", interface="S_AXI_HP0", master="sink")
    build.module("fifo", "xilinx.com:ip:axis_data_fifo:2.0", FIFO_DEPTH="16", TDATA_NUM_BYTES="4")
    build.stream("source", "fifo")
    build.stream("fifo", "sink")
    build.stream("near", "far")
    for name, sense in (("source", "LEVEL_HIGH"), ("sink", "EDGE_FALLING")):
        build.modules[name].ports["irq"] = Port("irq", "O", 1, "INTERRUPT", None, None, None, None)
        build.interrupts.append(InterruptLine(name, "irq", 0, None, 0 if name == "source" else 1, "IRQ_F2P", None, sense))
    made = build.device()
    made.write_word(GPIO + 4, 0)
    return made


def master(device: Any, path: str) -> Any:
    return device.world.context(path).memory()


# Addresses.


def test_a_decode_error_is_for_every_master_and_for_its_bytes_only(device: Any) -> None:
    buffer = device.allocate(16, "u4")
    buffer[:] = 5
    fault = device.faults.decode_error(buffer[4:8])
    base = buffer.physical_address + 16
    for read in (lambda: master(device, "source").read(base, 4), lambda: device.read_word(base)):
        with pytest.raises(BusError) as error:
            read()
        assert (error.value.address, error.value.response) == (base, "DECERR")
        assert str(error.value) == f"read of 0x{base:08x} failed: decode error put in by device.faults"
    with pytest.raises(BusError):
        master(device, "sink").write(base - 8, bytes(16))
    assert buffer.tolist() == [5, 5, 0, 0] + [5] * 12, "what comes before the bad address is written"
    assert bytes(master(device, "source").read(base + 16, 4)) == b"\5\0\0\0"
    assert fault.hits == 3
    fault.remove()
    assert bytes(master(device, "sink").read(base, 4)) == b"\5\0\0\0"
    assert device.read_word(base) == 5


def test_a_slave_error_for_one_master_and_so_often(device: Any) -> None:
    buffer = device.allocate(16, "u4")
    address = buffer.physical_address
    fault = device.faults.slave_error(address, 8, master="sink", times=2)
    assert repr(fault) == f"<Fault: slave error for sink at 0x{address:08x}..0x{address + 7:08x}: has not struck yet, 2 to go>"
    assert bytes(master(device, "source").read(address, 8)) == bytes(8)
    assert device.read_word(address) == 0
    for operation in (lambda m: m.read(address, 4), lambda m: m.view(address + 4, 4)):
        with pytest.raises(BusError) as error:
            operation(master(device, "sink"))
        assert error.value.response == "SLVERR"
    assert bytes(master(device, "sink").read(address, 8)) == bytes(8)
    assert (fault.active, fault.hits, fault.state) == (False, 2, "over, struck 2 times")


def test_a_register_that_answers_with_an_error(device: Any) -> None:
    with device.faults.slave_error(GPIO) as fault:
        with pytest.raises(BusError) as error:
            device.read_word(GPIO)
        assert error.value.response == "SLVERR"
        with pytest.raises(BusError):
            device.write_word(GPIO, 1)
        assert device.read_word(GPIO + 4) == 0
        assert (fault.hits, fault.active) == (2, True)
    assert not fault.active
    assert device.read_word(GPIO) == 7


def test_an_error_where_nothing_is_and_one_over_another(device: Any) -> None:
    first = device.faults.decode_error(0x9000_0000, 16)
    second = device.faults.slave_error(0x9000_0004, 4)
    seen = []
    for address in (0x9000_0000, 0x9000_0004, 0x9000_0008, 0x9000_0010):
        with pytest.raises(BusError) as error:
            device.read_word(address)
        seen.append((error.value.response, "device.faults" in error.value.hint))
    assert seen == [("DECERR", True), ("SLVERR", True), ("DECERR", True), ("DECERR", False)]
    second.remove()
    second.remove()
    with pytest.raises(BusError, match="decode error put in"):
        device.read_word(0x9000_0004)
    assert (first.hits, second.hits) == (3, 1)


@pytest.mark.parametrize(
    ("ask", "kind", "message"),
    [
        (lambda f: f.decode_error("here"), TypeError, "decode error: expected an address or a buffer made by allocate(), not str"),
        (
            lambda f: f.decode_error(-4),
            ValueError,
            "decode error: expected an address of 0 or more and at least one byte, not 4 bytes at -0x4",
        ),
        (
            lambda f: f.slave_error(0, 0),
            ValueError,
            "slave error: expected an address of 0 or more and at least one byte, not 0 bytes at 0x0",
        ),
        (lambda f: f.decode_error(0, master="sorce"), KeyError, "no IP 'sorce' in design 'made'; did you mean source?"),
        (
            lambda f: f.decode_error(0, times=0),
            ValueError,
            "decode error: a fault strikes at least once: expected times=1 or more, or None for always, not 0",
        ),
        (lambda f: f.stuck_ready("source", "M_AXI"), KeyError, "source has no stream 'M_AXI'; it has M_AXIS"),
        (lambda f: f.stuck_valid("sorce", "M_AXIS"), KeyError, "no IP 'sorce' in design 'made'; did you mean source?"),
        (lambda f: f.short_packet("source", "M_AXIS", 0), ValueError, "short packet: expected nbytes of 1 or more, not 0"),
        (lambda f: f.short_packet("source", "M_AXIS", 1.5), ValueError, "short packet: expected nbytes of 1 or more, not 1.5"),
        (
            lambda f: f.missing_last("source", "M_AXIS", times="2"),
            ValueError,
            "missing TLAST: a fault strikes at least once: expected times=1 or more, or None for always, not '2'",
        ),
        (lambda f: f.slave_error(0, 1.5), TypeError, "slave error: expected a whole number of bytes, not 1.5"),
        (lambda f: f.stuck_ready(None, "M_AXIS"), KeyError, "no IP None in design 'made'"),
        (lambda f: f.stuck_ready("source", None), KeyError, "source has no stream None; it has M_AXIS"),
        (lambda f: f.lost_interrupt("source", None), KeyError, "source has no interrupt pin None; it has irq"),
        (lambda f: f.lost_interrupt("source", "irk"), KeyError, "source has no interrupt pin 'irk'; it has irq"),
        (lambda f: f.lost_interrupt("gpio", "irq"), KeyError, "gpio has no interrupt pin 'irq'; it has none"),
        (lambda f: f.lost_interrupt("sinc", "irq"), KeyError, "no IP 'sinc' in design 'made'; did you mean sink?"),
    ],
)
def test_a_mistake_puts_nothing_in(device: Any, ask: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as error:
        ask(device.faults)
    assert error.value.args[0] == message
    assert len(device.faults) == 0
    assert device.read_word(GPIO) == 7


def test_a_master_that_reaches_a_failing_model_gets_a_slave_error(build: Any) -> None:
    class Broken(IPModel):
        def read(self, interface: str, offset: int) -> int:
            raise ZeroDivisionError("no")

        def write(self, interface: str, offset: int, value: int) -> None:
            raise ZeroDivisionError("neither")

    model("v:l:broken")(Broken)
    build.module("broken", "v:l:broken:1")
    build.module("dma", "v:l:dma:1")
    build.range("broken", GPIO)
    build.range("broken", GPIO, master="dma")
    device = build.device()
    for access in (lambda: master(device, "dma").read(GPIO, 4), lambda: master(device, "dma").write(GPIO, bytes(4))):
        with pytest.raises(BusError) as error:
            access()
        assert error.value.response == "SLVERR"
        assert isinstance(error.value.__cause__, ZeroDivisionError)
    assert str(error.value) == f"write of 0x{GPIO:08x} failed: the model of broken failed: ZeroDivisionError('neither')"
    assert [str(each) for each in device.model_errors] == ["no", "neither"]


def test_a_strided_view_has_no_address_for_a_fault(device: Any) -> None:
    buffer = device.allocate(16, "u4")
    with pytest.raises(NoAddressError, match=r"^decode error: this view of shape \(8,\) and dtype uint32 is strided: its elements do not"):
        device.faults.decode_error(buffer[::2])
    with pytest.raises(TypeError, match="expected an address or a buffer made by allocate\\(\\), not ndarray"):
        device.faults.decode_error(buffer.copy())
    part = buffer[4:8]
    assert device.faults.decode_error(part).words.endswith(f"at 0x{part.physical_address:08x}..0x{part.physical_address + 15:08x}")
    buffer.freebuffer()
    with pytest.raises(BufferFreedError, match="use after free"):
        device.faults.decode_error(part)
    assert len(device.faults) == 1


def test_the_error_keeps_its_response_when_it_is_pickled() -> None:
    error = pickle.loads(pickle.dumps(BusError(16, "read", "why", "SLVERR")))
    assert (error.address, error.operation, error.hint, error.response) == (16, "read", "why", "SLVERR")
    assert BusError(16, "read").response == "DECERR"


def test_a_decoder_keeps_what_it_has_made_when_something_covers_it() -> None:
    made: list[str] = []

    def ram(name: str) -> Any:
        made.append(name)
        return Ram(64)

    decoder = AddressDecoder([Window("low", 0, 64, lambda: ram("low")), Window("high", 64, 64, lambda: ram("high"))])
    decoder.write(0, bytes(range(128)))
    over = Window("over", 32, 64, lambda: ram("over"))
    decoder.cover(over)
    assert decoder.bases == [0, 32, 96]
    assert bytes(decoder.read(0, 128)) == bytes(range(32)) + bytes(64) + bytes(range(96, 128))
    decoder.write(32, b"x")
    decoder.uncover(over)
    assert bytes(decoder.read(0, 128)) == bytes(range(128))
    assert made == ["low", "high", "over"]


# Streams.


def send(device: Any, data: bytes, last: bool = True, path: str = "source") -> int:
    taken: int = device.stream(path, "M_AXIS").send(data, last)
    device.settle()
    return taken


def test_a_stuck_ready_at_the_sender_lets_nothing_out(device: Any) -> None:
    fault = device.faults.stuck_ready("source", "M_AXIS")
    assert send(device, b"abcd") == 0
    queue = device.stream("source", "M_AXIS")
    assert queue.standing == "held by fault: TREADY of source/M_AXIS is stuck low"
    assert fault.hits == 1
    fault.remove()
    assert device.models["source"].spaces == 1
    assert send(device, b"abcd") == 4
    assert device.models["sink"].taken == [(b"abcd", True)]


@pytest.mark.parametrize("kind", ["stuck_ready", "stuck_valid"])
def test_a_gate_at_the_receiver_lets_what_is_stored_before_it_fill_up(device: Any, kind: str) -> None:
    fault = getattr(device.faults, kind)("sink", "S_AXIS")
    queue = device.stream("sink", "S_AXIS")
    assert send(device, bytes(6000)) == 4096 + 64
    assert (queue.available, queue.packets, queue.head, queue.receive()) == (0, 0, None, (b"", False))
    assert send(device, b"x") == 0
    queue.demand(1000)
    assert send(device, b"x") == 0, "who is not ready has no room to offer"
    assert device.models.get("sink") is None or device.models["sink"].taken == []
    assert fault.hits == 1
    fault.remove()
    assert [len(data) for data, _ in device.models["sink"].taken] == [4160]


def test_one_wire_has_one_gate(device: Any) -> None:
    with device.faults.stuck_ready("far", "S_AXIS") as fault:
        assert send(device, b"abcd", path="near") == 0
        with device.faults.stuck_valid("near", "M_AXIS"):
            assert device.stream("far", "S_AXIS").standing == (
                "held by fault: TREADY of far/S_AXIS is stuck low and TVALID of near/M_AXIS is stuck low"
            )
        assert send(device, b"abcd", path="near") == 0
    assert fault.hits == 2
    assert send(device, b"abcd", path="near") == 4


def test_a_short_packet_ends_early_and_the_rest_is_lost(device: Any) -> None:
    fault = device.faults.short_packet("source", "M_AXIS", 6)
    assert send(device, b"short") == 5
    assert send(device, b"0123", last=False) == 4
    assert send(device, b"4567", last=False) == 4
    assert send(device, b"89") == 2
    assert send(device, b"the next one") == 12
    whole = b"".join(data + b"|" * last for data, last in device.models["sink"].taken)
    assert whole == b"short|012345|the next one|"
    assert (fault.hits, fault.active) == (1, False)


def test_a_reset_ends_the_packet_that_was_cut(device: Any) -> None:
    queue = device.stream("source", "M_AXIS")
    device.faults.short_packet("source", "M_AXIS", 4)
    assert queue.send(b"12345678", last=False) == 8
    device.settle()
    queue.clear()
    queue.send(b"abcd")
    device.settle()
    assert device.world.model_of("sink").taken == [(b"1234", True), (b"abcd", True)]


def test_a_packet_that_is_cut_where_a_block_ends(device: Any) -> None:
    device.faults.short_packet("source", "M_AXIS", 4, times=2)
    assert send(device, b"0123", last=False) == 4
    assert send(device, b"45") == 2
    assert send(device, b"0123") == 4
    assert send(device, b"01234567") == 8
    assert device.models["sink"].taken == [(b"0123", True)] * 3
    assert device.faults.active == ()


def test_a_short_packet_through_a_full_stream(device: Any) -> None:
    device.faults.short_packet("source", "M_AXIS", 5000)
    gate = device.faults.stuck_ready("sink", "S_AXIS")
    assert send(device, bytes(6000)) == 4160
    gate.remove()
    assert send(device, bytes(6000 - 4160)) == 6000 - 4160
    taken = device.models["sink"].taken
    assert (sum(len(data) for data, _ in taken), [last for _, last in taken]) == (5000, [False, True])


def test_a_missing_last_joins_two_packets(device: Any) -> None:
    fault = device.faults.missing_last("sink", "S_AXIS")
    send(device, b"one")
    assert device.stream("sink", "S_AXIS").standing == (
        "waits for TLAST: sink/S_AXIS has 3 bytes of a packet; source/M_AXIS has sent nothing for 0 ns"
    )
    send(device, b"two")
    assert b"".join(data + b"|" * last for data, last in device.models["sink"].taken) == b"onetwo|"
    assert fault.state == "over, struck 1 time"


# Interrupts.


def test_an_interrupt_gets_lost_once(device: Any) -> None:
    lines = {line.module: line for line in device.design.interrupts}
    source = device.interrupt_source(lines["source"])
    told: list[int] = []
    source.subscribe(lambda: told.append(1))
    source.enable()
    fault = device.faults.lost_interrupt("source", "IRQ")
    pin = device.world.context("source").interrupt("irq")

    def drive(level: int) -> None:
        pin.set(level)
        device.settle()

    drive(1)
    assert (told, fault.hits, fault.active, pin.value) == ([], 1, False, 1)
    drive(1)
    assert told == []
    assert device.probe("source/irq") == 0, "nobody sees it"
    drive(0)
    drive(1)
    assert (told, device.probe("source/irq")) == ([1], 1)


def test_a_falling_edge_gets_lost_too(device: Any) -> None:
    pin = device.world.context("sink").interrupt("irq")
    pin.set(1)
    device.settle()
    fault = device.faults.lost_interrupt("sink", "irq", times=2)
    for level in (0, 1, 0, 1, 0):
        pin.set(level)
        device.settle()
    assert fault.hits == 2
    assert device.probe("sink/irq") == 0
    line = device.interrupt_source(device.design.interrupts[1])
    told: list[int] = []
    line.subscribe(lambda: told.append(1))
    line.enable()
    assert told == [1], "the third"


# All of them.


def test_nothing_is_paid_for_before_it_is_asked_for(device: Any) -> None:
    assert device._faults is None
    assert device.stream("source", "M_AXIS").faults is None
    assert device.world.signals.lossy is None
    assert isinstance(device.faults, Faults)
    assert device.faults is device.faults
    assert repr(device.faults) == "Faults of test: none"


def test_they_are_listed_in_words(device: Any) -> None:
    faults = device.faults
    faults.stuck_ready("source", "M_AXIS")
    faults.missing_last("near", "M_AXIS", times=3)
    faults.decode_error(GPIO, times=1)
    send(device, b"x", path="near")
    with pytest.raises(BusError):
        device.read_word(GPIO)
    never = faults.lost_interrupt("sink", "irq")
    never.remove()
    assert repr(faults).splitlines() == [
        "Faults of test:",
        "  TREADY of source/M_AXIS is stuck low: has not struck yet",
        "  packets at near/M_AXIS come without TLAST: struck 1 time, 2 to go",
        "  decode error for every master at 0x41200000..0x41200003: over, struck 1 time",
        "  interrupts of sink/irq get lost: over, never struck",
    ]
    assert [fault.kind for fault in faults.active] == ["stuck TREADY", "missing TLAST"]
    assert len(list(faults)) == len(faults) == 4
    bundle = showing.mimebundle(faults)
    assert bundle["text/plain"] == repr(faults)
    assert "2 active" in bundle["text/html"]
    assert "TREADY of source/M_AXIS is stuck low" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_where_there_is_none_a_line_shows_how_to_put_one_in_this_design(device: Any) -> None:
    shown = showing.mimebundle(device.faults)["text/html"]
    line = re.search(r"device\.faults\.stuck_ready\([^)]*\)", html.unescape(shown))
    assert line is not None
    eval(line.group(), {"device": device})
    assert len(device.faults.active) == 1


def test_all_are_cleared_and_what_they_held_goes_on(device: Any) -> None:
    faults = device.faults
    made = [
        faults.stuck_valid("sink", "S_AXIS"),
        faults.slave_error(GPIO),
        faults.short_packet("near", "M_AXIS", 2),
        faults.lost_interrupt("source", "irq"),
    ]
    send(device, b"held")
    faults.clear()
    assert not any(fault.active for fault in made)
    assert len(faults) == 0
    assert device.read_word(GPIO) == 7
    assert device.models["sink"].taken == [(b"held", True)]
    send(device, b"whole", path="near")
    assert device.models["far"].taken == [(b"whole", True)]


def test_another_load_has_none(device: Any) -> None:
    faults = device.faults
    made = [faults.slave_error(GPIO), faults.stuck_ready("source", "M_AXIS"), faults.lost_interrupt("source", "irq")]
    device.reset()
    assert (len(faults), [fault.active for fault in made]) == (0, [False] * 3)
    assert device.read_word(GPIO) == 7
    assert send(device, b"abcd") == 4
    made[0].remove()
    assert device.faults is faults
    with faults.slave_error(GPIO), pytest.raises(BusError):
        device.read_word(GPIO)


def test_only_the_last_hundred_that_are_over_are_kept(device: Any) -> None:
    lasting = device.faults.stuck_ready("source", "M_AXIS")
    for _ in range(150):
        device.faults.decode_error(0x9000_0000).remove()
    assert lasting in list(device.faults)
    assert len(device.faults) <= 102


def test_a_fault_says_its_state(device: Any) -> None:
    fault = Fault(device, "kind", "it is wrong", 3)
    said = [fault.state]
    for _ in range(3):
        fault.hit()
        said.append(fault.state)
    assert said == ["has not struck yet, 3 to go", "struck 1 time, 2 to go", "struck 2 times, 1 to go", "over, struck 3 times"]
    assert repr(fault) == "<Fault: it is wrong: over, struck 3 times>"
