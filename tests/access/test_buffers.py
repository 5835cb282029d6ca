from __future__ import annotations

import numpy as np
import pytest

from pynq_widgets.access import allocate, freebuffer


class Memory:
    """A memory as PYNQ's mock devices have it: ``allocate(shape, dtype)`` and no keywords."""

    def __init__(self):
        self.asked = []

    def allocate(self, shape, dtype):
        self.asked.append((shape, dtype))
        return np.zeros(shape, dtype)


class KeywordMemory(Memory):
    def allocate(self, shape, dtype, **keywords):
        self.asked.append(keywords)
        return np.zeros(shape, dtype)


@pytest.mark.parametrize(("shape", "passed"), [(4, (4,)), ((2, 3), (2, 3)), ([5], (5,)), (np.int32(6), (6,)), ((), ()), (0, (0,))])
def test_shapes(shape, passed):
    memory = Memory()
    buffer = allocate(shape, target=memory)
    assert memory.asked == [(passed, np.dtype("u4"))]
    assert buffer.shape == passed


def test_a_device_of_pynqs_is_not_given_a_keyword_it_does_not_know():
    allocate(4, "f8", target=Memory(), cacheable=False)
    with pytest.raises(TypeError):
        allocate(4, "f8", target=Memory(), cacheable=True)
    memory = KeywordMemory()
    allocate(4, target=memory, cacheable=True)
    allocate(4, target=memory, bank=2)
    assert memory.asked == [{"cacheable": True}, {"bank": 2}]


def test_the_active_device_is_the_default(bus_spy, active_device):
    active_device(bus_spy)
    bus_spy.default_memory = memory = Memory()
    assert allocate((2, 2), np.int16).dtype == np.int16
    assert memory.asked == [((2, 2), np.dtype("i2"))]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (
            (4, "int23"),
            TypeError,
            "allocate: 'int23' is no numpy type (data type 'int23' not understood); expected one such as 'u4', 'i2' or np.float32",
        ),
        (
            ("u4", 10),
            TypeError,
            "allocate: 10 is no numpy type (Cannot interpret '10' as a data type); expected one such as 'u4', 'i2' or np.float32; "
            "shape comes first: allocate(10, 'u4')",
        ),
        (
            (4, object),
            TypeError,
            "allocate: dtype object holds Python objects, which hardware cannot read: use a numeric type such as 'u4'",
        ),
        ((4, "S"), TypeError, "allocate: dtype |S0 has elements of 0 bytes: give it a size, such as 'S16'"),
        ((1.5,), TypeError, "allocate: shape must be an int or a tuple of ints, not 1.5"),
        (((2, "x"),), TypeError, "allocate: shape must be an int or a tuple of ints, not (2, 'x')"),
        ((-1,), ValueError, "allocate: shape -1 has a negative length"),
        (((2, -3),), ValueError, "allocate: shape (2, -3) has a negative length"),
    ],
)
def test_what_cannot_be_is_not_asked_of_the_memory(arguments, error, text):
    memory = Memory()
    with pytest.raises(error) as raised:
        allocate(*arguments, target=memory)
    assert str(raised.value) == text
    assert memory.asked == []


def test_a_target_without_memory():
    with pytest.raises(TypeError, match="target 'ddr' has no memory to allocate from"):
        allocate(4, target="ddr")


def test_freebuffer_is_the_buffers_own():
    freed = []

    class Buffer:
        def freebuffer(self):
            freed.append(self)

    buffer = Buffer()
    freebuffer(buffer)
    assert freed == [buffer]
    with pytest.raises(TypeError, match=r"^freebuffer: expected a buffer made by allocate\(\), not ndarray$"):
        freebuffer(np.zeros(3))


def test_on_the_simulated_device():
    from pynq_widgets.device import SimulatedDevice

    device = SimulatedDevice("allocate test", pool_size=1 << 20)
    buffer = allocate((4, 8), "i2", target=device)
    assert isinstance(buffer, np.ndarray)
    assert buffer.physical_address == buffer.device_address
    assert buffer[1:].physical_address == buffer.physical_address + 16
    freebuffer(buffer)


def test_a_text_is_no_target_and_what_was_meant_is_named() -> None:
    with pytest.raises(TypeError, match=r"allocate\(\); a text names no memory, try target=ol\.ddr4_0$"):
        allocate(4, "u1", target="ddr4_0")


def test_the_class_of_a_buffer_stands_beside_allocate() -> None:
    from pynq_widgets.access import buffers
    from pynq_widgets.device import PynqBuffer

    assert buffers.PynqBuffer is PynqBuffer
    with pytest.raises(AttributeError, match=r"^module 'pynq_widgets.access.buffers' has no attribute 'PynqBufer'$"):
        buffers.PynqBufer  # type: ignore[attr-defined]
