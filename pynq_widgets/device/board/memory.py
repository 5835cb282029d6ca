"""Where a board's buffers come from: XRT or u-dma-buf, whichever is there."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from pynq_widgets.device.board.linux import Linux
from pynq_widgets.device.buffer import PynqBuffer


class ContiguousMemory(Protocol):
    """Gives out contiguous memory of the processing system. `title` says what it is."""

    title: str

    def allocate(self, shape: Any, dtype: Any, cacheable: bool = False, name: str | None = None, align: int = 4096) -> PynqBuffer: ...
    def flush(self, bo: Any, offset: int, nbytes: int) -> None: ...
    def invalidate(self, bo: Any, offset: int, nbytes: int) -> None: ...


def memory_of(linux: Linux, device: Any) -> ContiguousMemory:
    """The memory for buffers of `device`: XRT's where its Python binding can be imported and opened, else u-dma-buf's largest free region.

    ``RuntimeError`` names both ways, and why neither goes.
    """
    try:
        pyxrt = importlib.import_module("pyxrt")
    except ImportError as error:
        xrt = f"pyxrt cannot be imported ({error}); it comes with XRT: source /opt/xilinx/xrt/setup.sh, or put it on PYTHONPATH"
    else:
        from pynq_widgets.device.board.xrt import XrtMemory

        try:
            return XrtMemory(pyxrt, device)
        except Exception as error:
            xrt = f"XRT cannot open the device ({error}); its kernel driver is zocl: lsmod | grep zocl"
    from pynq_widgets.device.board.udmabuf import UdmabufMemory, regions

    refused = []
    for place in regions(linux):
        try:
            return UdmabufMemory(linux, place, device)
        except BlockingIOError:
            refused.append(f"{place} belongs to another process, or to another device of this one: end it, or make a second region")
        except OSError as error:
            refused.append(f"{place} cannot be opened ({error.strerror or error}): run Python, or Jupyter, as root")
    none = "no region of u-dma-buf is there: insmod u-dma-buf.ko udmabuf0=67108864, or a node 'ikwzm,u-dma-buf' of the device tree"
    raise RuntimeError(f"there is no contiguous memory for buffers on this board. XRT: {xrt}. u-dma-buf: {'; '.join(refused) or none}")
