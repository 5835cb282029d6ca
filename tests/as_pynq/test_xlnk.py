"""``pynq.Xlnk``: what notebooks of PYNQ 2 do with it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from pynq_widgets import SimulatedDevice
from pynq_widgets.device.errors import BufferFreedError


@pytest.fixture
def xlnk(pynq: Any, active_device: Callable[[Any], Any]) -> Iterator[Any]:
    active_device(SimulatedDevice())
    xlnk = pynq.Xlnk()
    yield xlnk
    xlnk.xlnk_reset()


def test_it_is_found_in_both_places(pynq: Any) -> None:
    from pynq import Xlnk
    from pynq.xlnk import ContiguousArray

    assert Xlnk is pynq.Xlnk is pynq.xlnk.Xlnk
    assert ContiguousArray is pynq.PynqBuffer


def test_arrays_are_buffers(xlnk: Any, pynq: Any) -> None:
    array = xlnk.cma_array(shape=(100,), dtype=np.uint32)
    assert isinstance(array, pynq.xlnk.ContiguousArray)
    assert (array.shape, array.dtype, array.coherent) == ((100,), np.uint32, True)
    array[:] = np.arange(100) + 0xCAFE0000
    assert hex(array[1]) == "0xcafe0001"
    assert xlnk.cma_array(3).dtype == np.uint32
    assert not xlnk.cma_array((2, 2), np.float32, cacheable=1).coherent


def test_addresses_of_arrays_and_pointers(xlnk: Any) -> None:
    array = xlnk.cma_array(4)
    assert xlnk.cma_get_phy_addr(array.pointer) == xlnk.cma_get_phy_addr(array) == array.physical_address
    assert array.pointer == array.virtual_address
    with pytest.raises(TypeError) as caught:
        xlnk.cma_get_phy_addr(0x1000)
    assert str(caught.value) == (
        "cma_get_phy_addr takes an array of cma_array, or its pointer, not the int 4096; array.physical_address says the same"
    )


def test_memory_is_given_back(xlnk: Any) -> None:
    whole = xlnk.cma_stats()
    assert whole == {"CMA Memory Available": xlnk.cma_mem_size(), "CMA Memory Usage": 0, "Buffer Count": 0}
    first, second, third = (xlnk.cma_array(1024) for _ in range(3))
    assert xlnk.cma_stats()["Buffer Count"] == 3
    assert xlnk.cma_stats()["CMA Memory Usage"] == 3 * 4096
    first.freebuffer()
    xlnk.cma_free(second.pointer)
    xlnk.cma_free(third)
    assert xlnk.cma_stats() == whole
    for array in (first, second, third):
        with pytest.raises(BufferFreedError, match="use after free"):
            array.physical_address
    with pytest.raises(RuntimeError, match="is not in the list of buffers that cma_array has made"):
        xlnk.cma_free(second.pointer)
    kept, lost = xlnk.cma_array(1), xlnk.cma_array(1)
    del lost
    gc.collect()
    xlnk.xlnk_reset()
    assert kept.freed
    assert xlnk.cma_stats() == whole


def test_what_cannot_be(xlnk: Any, active_device: Callable[[Any], Any], bus_spy: Any) -> None:
    with pytest.raises(NotImplementedError, match="leave out pointer and cache"):
        xlnk.cma_array(4, pointer=0x1000)
    active_device(bus_spy)
    with pytest.raises(NotImplementedError, match="device 'bus spy' does not say how much memory it has for buffers"):
        xlnk.cma_stats()


def test_pointers_of_c_are_not_there(pynq: Any) -> None:
    with pytest.raises(AttributeError) as caught:
        pynq.Xlnk().cma_alloc
    assert str(caught.value) == (
        "Xlnk.cma_alloc is not part of pynq_widgets: it deals in pointers of C; "
        "nearest is an array of pynq.allocate(shape, dtype), which has physical_address and is filled as numpy's are"
    )
    assert not hasattr(pynq.Xlnk(), "cma")
