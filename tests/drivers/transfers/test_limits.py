"""What is checked before the first register, each with its exact words."""

from itertools import accumulate
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.transfers.limits import Limits, Reach, Span, check_address, check_length, part_of, parts, span_of
from pynq_widgets import SimulatedDevice, allocate
from pynq_widgets.device.errors import NoAddressError


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice("limits")


def test_span_of_a_part_of_a_slice(device: SimulatedDevice) -> None:
    buffer = allocate((10, 10), "u2", target=device)
    assert span_of("x", device, buffer) == Span(buffer.physical_address, 200, 0)
    assert span_of("x", device, buffer[2:], 20, 40) == Span(buffer.physical_address + 60, 40, 60)
    with pytest.raises(NoAddressError, match="strided"):
        span_of("x", device, buffer[:, 1])
    with pytest.raises(TypeError, match=r"^x transfers buffers made by allocate\(\), not list; copy the data into one first$"):
        span_of("x", device, [1, 2])
    with pytest.raises(TypeError):
        span_of("x", device, buffer, 0.5)  # type: ignore[arg-type]


@given(st.integers(1, 5000), st.integers(1, 300))
def test_parts_cover_everything_once_and_in_order(nbytes: int, longest: int) -> None:
    pieces = parts(nbytes, longest)
    ends = [0, *accumulate(count for _, count in pieces)]
    assert [*(offset for offset, _ in pieces), nbytes] == ends
    assert all(0 < count <= longest for _, count in pieces)


@given(st.integers(1, 1 << 26), st.sampled_from([1, 4, 8, 16, 64]))
def test_the_part_that_others_follow_keeps_them_aligned(longest: int, width: int) -> None:
    aligned = Limits(longest, width, False, 32).longest_aligned
    assert aligned <= longest
    assert aligned % width == 0


@pytest.mark.parametrize(
    ("address", "nbytes", "given", "message"),
    [
        (0x1002, 8, {}, "DMA does not support unaligned transfers; Starting address must be aligned to 4 bytes: x was given 0x1002"),
        (0xFFFF_FFF8, 9, {}, "x reaches 32 bits of address; the buffer ends at 0x100000000"),
        (
            0x1F00,
            0x200,
            {"never_crosses": 4096},
            "x cannot cross a boundary of 4096 bytes in one transfer: 0x1f00..0x20ff does. Transfer the parts on both sides of 0x2000 by "
            "themselves",
        ),
    ],
)
def test_addresses_that_are_refused(address: int, nbytes: int, given: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match="^" + message):
        check_address("x", Span(address, nbytes, 0), Limits(100, 4, False, 32, **given))


def test_addresses_that_are_taken() -> None:
    check_address("x", Span(0x1002, 8, 0), Limits(100, 4, True, 32))
    check_address("x", Span(0xFFFF_FFF8, 8, 0), Limits(100, 4, False, 32))
    check_address("x", Span(0x1F00, 0x100, 0), Limits(0x1000, 4, False, 32, 4096))
    check_length("x", 100, 100, "")
    with pytest.raises(ValueError, match=r"^Transfer size is 101 bytes, which exceeds the maximum DMA buffer size 100 of x\. Do less$"):
        check_length("x", 101, 100, "Do less")


def window(base: int, size: int, interface: str = "M_AXI", kind: str = "memory") -> Any:
    return SimpleNamespace(base=base, high=base + size - 1, size=size, kind=kind, master_interface=interface)


def test_reach_joins_ranges_and_leaves_out_what_is_not_memory() -> None:
    ranges = (window(0x1000, 0x1000), window(0x2000, 0x1000), window(0x8000, 0x1000), window(0x4000, 0x1000, kind="register"))
    reach = Reach(SimpleNamespace(address_maps={"dma": ranges}), "dma", "m_axi")
    reach.check("x", 0x1800, 0x1000)
    for address in (0x2800, 0x4000, 0x7FFF):
        with pytest.raises(
            ValueError, match=r"is not in what m_axi reaches by the design's address map \(0x1000..0x2fff, 0x8000..0x8fff\)"
        ):
            reach.check("x", address, 0x1000)


@pytest.mark.parametrize(
    "design", [None, SimpleNamespace(address_maps={}), SimpleNamespace(address_maps={"dma": (window(0, 9, "other"),)})]
)
def test_reach_is_everything_where_the_design_does_not_say(design: Any) -> None:
    Reach(design, "dma", "M_AXI").check("x", 1 << 40, 100)


def test_part_of_is_in_the_same_memory(device: SimulatedDevice) -> None:
    buffer = allocate(10, np.dtype([("a", "u1"), ("b", "u4")]), target=device)
    assert part_of(buffer, 0, 50) is buffer
    part = part_of(buffer, 5, 10)
    assert (part.physical_address, part.nbytes) == (buffer.physical_address + 5, 10)


def test_a_master_whose_map_is_shifted_sees_the_memory_elsewhere() -> None:
    def part(slave: str, base: int, size: int, kind: str = "memory") -> Any:
        return SimpleNamespace(slave=slave, base=base, high=base + size - 1, size=size, kind=kind, master_interface="M_AXI")

    host = (part("ddr", 0x8000_0000, 0x1000), part("bram", 0x4000, 0x100), part("gpio", 0x100, 0x10, "register"))
    own = (part("ddr", 0, 0x800), part("bram", 0x4000, 0x100), part("gpio", 0x900, 0x10, "register"))
    reach = Reach(SimpleNamespace(address_map=host, address_maps={"dma": own}), "dma", "M_AXI")
    assert [reach.seen(address) for address in (0x8000_0000, 0x8000_07FF, 0x4010, 0x104)] == [0, 0x7FF, 0x4010, 0x104]
    assert reach.seen(0x8000_0800) == 0x8000_0800  # not in its part of the memory
    assert reach.span(Span(0x8000_0010, 4, 1)) == Span(0x10, 4, 1)
    same = Reach(SimpleNamespace(address_map=own, address_maps={"dma": own}), "dma", "M_AXI")
    span = Span(0x10, 4, 1)
    assert same.span(span) is span
