"""PYNQ's AxiIIC on ours, with AMD's own driver in C beneath it: its ``libiic.so`` is built here of the C file that PYNQ has of AMD.

That library works on pointers into mapped memory, which a simulated device has not: its accesses to registers are led to the device.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pynq_drivers.axi_iic.chips import Eeprom24, Tmp102
from pynq_widgets.access import array

BASE = 0x4160_0000
HEADERS = {
    "xil_types.h": """#include <stdint.h>
#include <stddef.h>
typedef uint8_t u8; typedef uint16_t u16; typedef uint32_t u32; typedef int32_t s32; typedef unsigned long UINTPTR;
#define TRUE 1
#define FALSE 0
""",
    "xil_assert.h": "#define Xil_AssertVoid(x)\n#define Xil_AssertNonvoid(x)\n",
    "xil_io.h": """#include "xil_types.h"
static unsigned word_in(unsigned long address);
static void word_out(unsigned long address, unsigned value);
#define Xil_In32 word_in
#define Xil_Out32 word_out
""",
    "xstatus.h": "#define XST_SUCCESS 0\n#define XST_FAILURE 1\n",
    "xil_printf.h": "",
    "sleep.h": "#define usleep(x)\n",
}
FUNCTIONS = """
unsigned XIic_Recv(unsigned long BaseAddress, unsigned char Address, unsigned char *BufferPtr, unsigned ByteCount, unsigned char Option);
unsigned XIic_Send(unsigned long BaseAddress, unsigned char Address, unsigned char *BufferPtr, unsigned ByteCount, unsigned char Option);
unsigned int XIic_CheckIsBusBusy(unsigned long BaseAddress);
unsigned int XIic_WaitBusFree(unsigned long BaseAddress);
int XIic_DynInit(unsigned long BaseAddress);
unsigned XIic_DynSend(unsigned long BaseAddress, unsigned short Address, unsigned char *BufferPtr, unsigned char Count, unsigned char Opt);
unsigned XIic_DynRecv(unsigned long BaseAddress, unsigned char Address, unsigned char *BufferPtr, unsigned char ByteCount);
"""


@pytest.fixture(scope="module")
def library(theirs: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """AMD's driver, compiled."""
    cffi = pytest.importorskip("cffi")
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    below = Path(theirs("lib.iic").__file__).parent
    source = next(iter(below.glob("_pynq/embeddedsw/**/iic/src/xiic_l.c")), None)
    if source is None:
        pytest.skip("AMD's sources in C are not among the files of PYNQ that were fetched")
    folder = tmp_path_factory.mktemp("iic")
    for name, text in HEADERS.items():
        (folder / name).write_text(text)
    builder = cffi.FFI()
    builder.cdef('extern "Python" unsigned word_in(unsigned long);\nextern "Python" void word_out(unsigned long, unsigned);\n' + FUNCTIONS)
    builder.set_source(
        "_libiic", '#include "xil_io.h"\n' + source.read_text(), include_dirs=[str(folder), str(source.parent)], extra_compile_args=["-w"]
    )
    spec = importlib.util.spec_from_file_location("_libiic", builder.compile(tmpdir=str(folder)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("_libiic", None)


@pytest.fixture
def iic(load: Any, device: Any, theirs: Any, block: Any, library: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module = theirs("lib.iic")

    @library.ffi.def_extern(name="word_in")
    def word_in(address: int) -> int:
        return int(device.read_word(address))

    @library.ffi.def_extern(name="word_out")
    def word_out(address: int, value: int) -> None:
        device.write_word(address, value)

    monkeypatch.setattr(module.AxiIIC, "_lib", library.lib)
    monkeypatch.setattr(module.AxiIIC, "_ffi", library.ffi)
    # Where the array of a board is in memory: here its address on the bus.
    monkeypatch.setattr(array.BusArray, "ctypes", types.SimpleNamespace(data=BASE), raising=False)
    made = load(block("iic", "xilinx.com:ip:axi_iic:2.1", BASE, {"C_IIC_FREQ": 100_000})).iic
    assert type(made) is module.AxiIIC
    model = device.model_of("iic")
    model.attach(0x48, Tmp102(21.5))
    model.attach(0x50, Eeprom24())
    return made


def test_a_register_after_a_repeated_start(iic: Any) -> None:
    data = iic._ffi.new("unsigned char[2]")
    assert iic.send(0x48, b"\0", 1, iic.REPEAT_START) == 1
    assert iic.receive(0x48, data, 2) == 2
    assert bytes(data) == b"\x15\x80"
    iic.wait()


def test_a_memory(iic: Any, device: Any) -> None:
    assert iic.send(0x50, b"\x01\x20hello", 7) == 7
    device.clock.sleep(10e-3)
    data = iic._ffi.new("unsigned char[5]")
    assert iic.send(0x50, b"\x01\x20", 2, iic.REPEAT_START) == 2
    assert iic.receive(0x50, data, 5) == 5
    assert bytes(data) == b"hello"


def test_the_dynamic_logic(iic: Any) -> None:
    library, data = iic._lib, iic._ffi.new("unsigned char[40]")
    assert library.XIic_DynInit(BASE) == 0
    assert library.XIic_DynSend(BASE, 0x50, b"\0\0", 2, iic.REPEAT_START) == 2
    assert library.XIic_DynRecv(BASE, 0x50, data, 40) == 40
    assert bytes(data) == b"\xff" * 40
