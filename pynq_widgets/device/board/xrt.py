"""Buffers of XRT, the Xilinx Runtime, whose kernel driver (zocl) gives out contiguous memory of the processing system.

Source: XRT's Python binding ``pyxrt`` (``device``, ``bo``, ``xclBOSyncDirection``), as PYNQ uses it.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import subprocess
import tempfile
from typing import Any

import numpy as np

from pynq_widgets.device.buffer import PynqBuffer
from pynq_widgets.device.simulated.allocation import kind_of, lengths_of

_log = logging.getLogger(__name__)

_PAGE = 4096
# XRT 2.17 gives buffers of less than a page addresses that no 32-bit master reaches, says PYNQ.
_LEAST = 8192
_MAIN = 0  # the group of main memory

_TOPOLOGY = {
    "mem_topology": {
        "m_count": "1",
        "m_mem_data": [{"m_type": "MEM_DDR4", "m_used": "1", "m_sizeKB": "0x40000", "m_tag": "PSDDR", "m_base_address": "0x0"}],
    }
}
_PLATFORM = (
    '<?xml version="1.0" encoding="UTF-8"?><project name="memory"><platform vendor="xilinx" boardid="board" name="board">'
    '<version major="0" minor="1"/></platform></project>'
)


class XrtMemory:
    """The contiguous memory that XRT gives out. `pyxrt` is its module."""

    title = "XRT (pyxrt)"

    def __init__(self, pyxrt: Any, device: Any, index: int = 0) -> None:
        self._pyxrt = pyxrt
        self._device = device
        self._handle = pyxrt.device(index)
        self._described = False

    def allocate(self, shape: Any, dtype: Any, cacheable: bool = False, name: str | None = None, align: int = _PAGE) -> PynqBuffer:
        """An array, all 0. XRT gives no room for a `name`; `align` is at most a page."""
        kind, lengths = kind_of(dtype), lengths_of(shape)
        if align < 1 or align & (align - 1) or align > _PAGE:
            raise ValueError(f"XRT aligns buffers to pages: align is a power of 2 up to {_PAGE}, not {align}")
        nbytes = math.prod(lengths) * kind.itemsize
        bo = self._take(max(nbytes, _LEAST), cacheable)
        memory = memoryview(bo.map()).cast("B")
        address = int(bo.address())
        # The buffer refers to `bo`, and arrays over it to the buffer: XRT has the memory back when the last of them goes.
        buffer = PynqBuffer(lengths, kind, memory[:nbytes], device=self._device, device_address=address, bo=bo, coherent=False)
        np.frombuffer(memory, np.uint8)[:nbytes] = 0
        bo.sync(self._pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE, max(nbytes, _LEAST), 0)
        return buffer

    def _take(self, nbytes: int, cacheable: bool) -> Any:
        flags = self._pyxrt.bo.flags.cacheable if cacheable else self._pyxrt.bo.flags.normal
        try:
            return self._pyxrt.bo(self._handle, nbytes, flags, _MAIN)
        except Exception as error:
            first = error
        if not self._described:
            self._described = True
            self._describe()
            try:
                return self._pyxrt.bo(self._handle, nbytes, flags, _MAIN)
            except Exception as error:
                first = error
        raise MemoryError(
            f"XRT gives no contiguous block of {nbytes} bytes: {first}. Free buffers, or see how much contiguous memory (CMA) the kernel "
            "has: grep Cma /proc/meminfo"
        ) from first

    def _describe(self) -> None:
        """Tell XRT, which has not been told by anybody, that there is main memory."""
        tool = shutil.which("xclbinutil")
        if tool is None:
            _log.info("xclbinutil is not there, so XRT cannot be told of its memory")
            return
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("memory.json", json.dumps(_TOPOLOGY)), ("platform.xml", _PLATFORM)):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            made = os.path.join(folder, "memory.xclbin")
            sections = ("EMBEDDED_METADATA:RAW:platform.xml", "MEM_TOPOLOGY:JSON:memory.json")
            command = [tool, *(f"--add-section={section}" for section in sections), "--output", made, "--skip-bank-grouping"]
            try:
                subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
                self._handle.load_xclbin(made)
            except subprocess.CalledProcessError as error:
                _log.warning("xclbinutil failed: %s", (error.stdout or "") + (error.stderr or ""))
            except Exception as error:
                _log.warning("XRT did not take the description of its memory: %s", error)

    def flush(self, bo: Any, offset: int, nbytes: int) -> None:
        """What the host wrote goes to memory."""
        self._sync(bo, self._pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE, offset, nbytes)

    def invalidate(self, bo: Any, offset: int, nbytes: int) -> None:
        """What is in memory comes to the host."""
        self._sync(bo, self._pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE, offset, nbytes)

    def _sync(self, bo: Any, direction: Any, offset: int, nbytes: int) -> None:
        try:
            bo.sync(direction, nbytes, offset)
        except Exception as error:
            raise RuntimeError(f"XRT could not synchronise {nbytes} bytes at {offset:#x} of a buffer: {error}") from error
