"""The specification of the Python overlay API, sentence by sentence.

The docstring of each test is the sentence it tests; the templates stand as they are written there, with ``pynq_widgets`` for ``pynq``.
"""

from __future__ import annotations

import ast
import ctypes
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pynq_widgets
from pynq_widgets import (
    DefaultHierarchy,
    DefaultIP,
    DefaultOverlay,
    Overlay,
    PynqBuffer,
    SimulatedDevice,
    StaleOverlayError,
    allocate,
    freebuffer,
)
from pynq_widgets.access import GPIO, Interrupt
from pynq_widgets.device import BufferFreedError
from pynq_widgets.overlay import packages

CORE = "me.org:test:core:1.0"
INSTALLED = packages.installed  # a fixture puts another in its place for each test


@pytest.fixture
def simulated(active_device: Any) -> SimulatedDevice:
    """A simulated device, the active one during the test."""
    device: SimulatedDevice = active_device(SimulatedDevice("specification"))
    return device


def run(template: str, **names: Any) -> dict[str, Any]:
    """Run a template as a notebook's cell does; what it defines."""
    space: dict[str, Any] = {"__name__": "__main__", **names}
    exec(compile(template.replace("from pynq ", "from pynq_widgets "), "<template>", "exec"), space)
    return space


# Python Overlay API


def test_the_api_exposes_the_functionality_of_the_design(simulated: Any, small: Path) -> None:
    """The Python API is the user interface for the overlay, exposing the programmable functionality in the design."""
    ol = Overlay(small)
    programmable = {path for path, entry in ol.ip_dict.items() if "phys_addr" in entry}
    assert programmable == {"core", "hier/core", "hier/other"}
    for path in programmable:
        ol[path].write(0, 3)
        assert ol[path].read() == ol[path].read(0) == 3


class Scaler(DefaultIP):
    """A wrapper: a name for each register."""

    @property
    def factor(self) -> int:
        return self.read(0)

    @factor.setter
    def factor(self, value: int) -> None:
        self.write(0, value)


def test_a_simple_wrapper(simulated: Any, small: Path) -> None:
    """An API for a PYNQ overlay can consist of
    a simple Python wrapper that interfaces directly with the hardware IP blocks in the overlay"""
    scaler = Scaler(Overlay(small).core.description)
    scaler.factor = 6
    assert (scaler.factor, scaler.read(0)) == (6, 6)


def test_a_python_layer_on_other_packages(simulated: Any, demo_design: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """a more substantial Python layer utilising other Python packages"""
    monkeypatch.setattr(packages, "installed", INSTALLED)
    ol = Overlay(demo_design)

    def smoothed(samples: Any) -> Any:
        ol.filter.fir.coefficients = np.hanning(6)[1:-1] / np.hanning(6)[1:-1].sum()
        ol.filter.fir.start()
        with allocate(len(samples), "i2") as sent, allocate(len(samples), "i2") as got:
            sent[:] = np.round(samples)
            ol.filter.dma.recvchannel.transfer(got)
            ol.filter.dma.sendchannel.transfer(sent)
            ol.filter.dma.sendchannel.wait()
            ol.filter.dma.recvchannel.wait()
            return np.array(got)

    noisy = 1000 * np.tile([1.0, -1.0], 16) + 500
    assert smoothed(noisy)[8:].std() < 0.2 * noisy.std()


def test_a_library_over_a_lower_level_one(simulated: Any, small: Path) -> None:
    """a Python library that interfaces to a lower level higher performance library (written in C/C++ for example) to control the overlay"""
    libc = ctypes.CDLL(None)
    Overlay(small)
    with allocate(8, "u4") as buffer:
        libc.memset(ctypes.c_void_p(buffer.virtual_address), 0xA5, ctypes.c_size_t(buffer.nbytes))
        assert buffer.tolist() == [0xA5A5A5A5] * 8
        seen = bytes(simulated.memory.read(buffer.physical_address, buffer.nbytes))
        assert seen == b"\xa5" * 32, "and the hardware sees it at the physical address"


def test_the_api_moves_data_between_python_and_the_overlay(simulated: Any, small: Path) -> None:
    """The API for an overlay will manage the transfer of data between the Python environment in the PS, and the overlay in the PL."""
    ol = Overlay(small)
    ol.core.write(8, 0x1234)
    assert simulated.read_word(0x43C0_0008) == 0x1234


def test_to_a_peripheral_or_through_memory(simulated: Any, small: Path) -> None:
    """This may be the transfer of data directly from the PS to a peripheral or managing system memory to allow a peripheral in the PL to
    read or write data from DRAM that can also be access by from the Python environment."""
    ol = Overlay(small)
    ol.core.write(0, 1)
    buffer = allocate(4, "u4")
    buffer[:] = [1, 2, 3, 4]
    assert np.frombuffer(bytes(simulated.memory.read(buffer.physical_address, 16)), "u4").tolist() == [1, 2, 3, 4]
    simulated.memory.write(buffer.physical_address + 4, b"\x09\x00\x00\x00")
    assert buffer.tolist() == [1, 9, 3, 4]
    freebuffer(buffer)


# The Default API


def test_all_ip_and_hierarchies_get_drivers_and_make_an_object_hierarchy(simulated: Any, demo_design: Path) -> None:
    """When and Overlay is loaded using the pynq.Overlay function all of the IP and hierarchies in the overlay will have drivers assigned
    to them and used to construct an object hierarchy."""
    ol = pynq_widgets.Overlay(demo_design)
    for path in ol.ip_dict:
        assert isinstance(ol[path], ol.drivers[path].driver)
        assert isinstance(ol[path], DefaultIP)
    for path in ol.hierarchy_dict:
        assert isinstance(ol[path], ol.drivers[path].driver)
        assert isinstance(ol[path], DefaultHierarchy)


def test_they_are_attributes_by_their_names_in_the_block_diagram(simulated: Any, demo_design: Path) -> None:
    """The IP can then be accessed via attributes on the returned overlay class using the names of the IP and hierarchies in the block
    diagram."""
    ol = Overlay(demo_design)
    assert ol.leds is ol["leds"]
    assert ol.filter.dma is ol["filter/dma"]
    assert ol.leds.mmio.base_addr == ol.ip_dict["leds"]["phys_addr"] == 0x4120_0000


def test_default_ip_reads_writes_and_has_named_accessors(simulated: Any, demo_design: Path) -> None:
    """If no driver has been specified for a type of IP then a DefaultIP will be instantiated offering read and write functions to access
    the IP’s address space and named accessors to any interrupts or GPIO pins connected to the IP."""
    ol = Overlay(demo_design)
    timer = ol.timer
    assert type(timer) is DefaultIP
    timer.write(0x4, 0x55)
    assert timer.read(0x4) == 0x55
    assert isinstance(timer.interrupt, Interrupt)
    wired = DefaultIP({**timer.description, "gpio": {"enable": {"index": 1, "state": None, "pins": {"timer/enable"}}}})
    assert isinstance(wired.enable, GPIO)
    wired.enable.write(1)
    assert {"interrupt", "enable"} <= set(dir(wired))


def test_gpio_of_a_real_design_are_named_accessors(hwh_folder: Path) -> None:
    """If no driver has been specified for a type of IP then a DefaultIP will be instantiated offering read and write functions to access
    the IP’s address space and named accessors to any interrupts or GPIO pins connected to the IP."""
    ol = Overlay(hwh_folder / "Xilinx__PYNQ__base-PynqZ1-2018.3.hwh", device=SimulatedDevice("real"))
    wired = {(path, pin) for path, entry in ol.ip_dict.items() for pin in entry["gpio"]}
    assert ("audio_direct_0", "sel_direct") in wired
    for path, pin in wired:
        assert isinstance(ol[path][pin], GPIO)


def test_default_hierarchy_offers_what_it_contains(simulated: Any, write_design: Callable[..., Path]) -> None:
    """Hierarchies likewise will be instances of DefaultHierarchy offering access to any sub hierarchies or contained IP."""
    ol = Overlay(write_design({"outer/inner/core": CORE, "outer/core": CORE}))
    assert type(ol.outer) is DefaultHierarchy
    assert type(ol.outer.inner) is DefaultHierarchy
    assert type(ol.outer.core) is type(ol.outer.inner.core) is DefaultIP


def test_default_overlay_acts_as_any_other_ip(simulated: Any, small: Path) -> None:
    """The top-level DefaultOverlay also acts just like any other IP."""
    ol = Overlay(small)
    assert type(ol) is DefaultOverlay
    ol.write(0x43C0_0000, 4)
    assert ol.read(0x43C0_0000) == ol.core.read() == 4
    for shared in ("device", "read", "write", "panel", "observe", "_repr_mimebundle_", "__getitem__"):
        assert hasattr(ol, shared), shared
        assert hasattr(ol.core, shared), shared
        assert hasattr(ol.hier, shared) or shared in ("read", "write"), shared
    for thing in (ol, ol.core, ol.hier):
        assert thing.__doc__


# Customising Drivers


def test_a_higher_level_driver(simulated: Any, small: Path) -> None:
    """While the default drivers are useful for getting started with new hardware in a design it is preferable to have a higher level
    driver for end users to interact with."""

    class Core(DefaultIP):
        bindto = [CORE]

        def double(self, value: int) -> int:
            self.write(0, value)
            return 2 * self.read(0)

    assert Overlay(small).core.double(4) == 8


def test_each_can_be_subclassed_and_is_bound_by_itself(simulated: Any, small: Path) -> None:
    """Each of DefaultIP, DefaultHierarchy and DefaultOverlay can be subclassed and automatically bound to elements of the block diagram."""

    class Core(DefaultIP):
        bindto = [CORE]

    class Hier(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "other" in description["ip"]

    small.with_suffix(".py").write_text(
        "from pynq_widgets import DefaultOverlay\nclass Whole(DefaultOverlay):\n    pass\nOverlay = Whole\n", encoding="utf-8"
    )
    ol = Overlay(small)
    assert type(ol).__name__ == "Whole"
    assert type(ol.hier) is Hier
    assert type(ol.core) is type(ol.hier.core) is Core


def test_new_drivers_bind_when_the_overlay_is_loaded_again(simulated: Any, small: Path) -> None:
    """New drivers will only be bound when the overlay is reloaded."""
    before = Overlay(small)

    class Core(DefaultIP):
        bindto = [CORE]

    assert type(before.core) is DefaultIP
    assert type(Overlay(small).core) is Core


# Creating IP Drivers


def test_ip_drivers_inherit_and_have_bindto(simulated: Any, small: Path) -> None:
    """All IP drivers should inherit from DefaultIP and include a bindto class attribute consisting of an array of strings."""

    class NoDriver:
        bindto = [CORE]

    class NoBindto(DefaultIP):
        pass

    assert type(Overlay(small).core) is DefaultIP
    with pytest.raises(TypeError, match=r"Wrong.bindto must be a list of VLNV strings"):

        class Wrong(DefaultIP):
            bindto = CORE


def test_each_string_is_a_type_of_ip(simulated: Any, small: Path) -> None:
    """Each string should be a type of IP that the driver should bind to."""

    class Both(DefaultIP):
        bindto = [CORE, "me.org:test:other:2.1"]

    ol = Overlay(small)
    assert type(ol.core) is type(ol.hier.other) is Both


@pytest.mark.parametrize("calls", ["super().__init__(description)", "self.mine = 1"])
def test_calling_super_is_recommended_and_not_needed(calls: str, simulated: Any, small: Path) -> None:
    """It is also strongly recommend to call super().__init__ in the class’s constructor."""
    source = f"from pynq import DefaultIP\nclass MyIP(DefaultIP):\n    bindto = [{CORE!r}]\n"
    source += f"    def __init__(self, description):\n        {calls}\n"
    cls = run(source)["MyIP"]
    core = Overlay(small).core
    assert type(core) is cls
    core.write(0, 2)
    assert core.read() == 2
    assert int(core.register_map.CTRL) == 2


def test_the_type_is_in_ip_dict(simulated: Any, small: Path) -> None:
    """The type of an IP can be found as the VLNV parameter in Vivado or from the ip_dict of the overlay."""
    ol = Overlay(small)
    assert ol.ip_dict["core"]["type"] == ol.design.modules["core"].vlnv == CORE

    class Found(DefaultIP):
        bindto = [ol.ip_dict["core"]["type"]]

    assert type(Overlay(small).core) is Found


def test_template_of_an_ip_driver(simulated: Any, small: Path, write_design: Callable[..., Path]) -> None:
    """A template for an IP driver is as follows:"""
    # As written there but for the body of __init__, which the specification leaves out.
    template = """
from pynq import DefaultIP

class MyIP(DefaultIP):
    bindto = ['My IP Type']
    def __init__(self, description):
        pass
"""
    cls = run(template)["MyIP"]
    assert type(Overlay(small).core) is DefaultIP
    assert type(Overlay(write_design({"mine": "My IP Type"}, "mine")).mine) is cls
    cls = run(template.replace("My IP Type", CORE))["MyIP"]
    ol = Overlay(small)
    assert type(ol.core) is cls
    ol.core.write(0, 1)
    assert ol.core.read(0) == 1


# Creating Hierarchy Drivers


def test_hierarchy_drivers_inherit_and_have_checkhierarchy(simulated: Any, small: Path) -> None:
    """Hierarchy drivers should inherit from DefaultHierarchy and provide a static method checkhierarchy that takes a description and
    returns True if the driver can bind to it."""
    asked = []

    class Hier(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            asked.append(description["fullpath"])
            return description["ip"]["core"]["type"] == CORE  # type: ignore[no-any-return]

    assert type(Overlay(small).hier) is Hier
    assert asked == ["hier"]


def test_any_such_class_is_added_to_the_list(simulated: Any, write_design: Callable[..., Path]) -> None:
    """Any class that meets these two requirements will be automatically added to a list of drivers tested against each hierarchy in a
    newly loaded overlay."""
    design = write_design({"one/core": CORE, "two/core": CORE, "two/inner/core": CORE})
    asked = []

    class Hier(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            asked.append(description["fullpath"])
            return False

    class NoCheck(DefaultHierarchy):
        pass

    ol = Overlay(design)
    assert sorted(asked) == ["one", "two", "two/inner"]
    assert type(ol.one) is type(ol.two) is DefaultHierarchy


def test_template_of_a_hierarchy_driver(simulated: Any, small: Path) -> None:
    """A template for a hierarchy driver is as follows:"""
    # As written there, with what it lacks to be Python: the colon after the class and the body of __init__. There is no decorator there,
    # and super().__init__ is not called.
    template = """
from pynq import DefaultHierarchy

class MyHierarchy(DefaultHierarchy):
    def __init__(self, description):
        pass

    def checkhierarchy(description):
        return False
"""
    run(template)
    assert type(Overlay(small).hier) is DefaultHierarchy
    cls = run(template.replace("return False", "return 'core' in description['ip']"))["MyHierarchy"]
    ol = Overlay(small)
    assert type(ol.hier) is cls
    ol.hier.core.write(0, 5)
    assert ol.hier.core.read() == 5
    assert ol.hier.core is ol["hier/core"]


# Creating Custom Overlay Classes


def test_the_class_of_the_overlay_can_be_changed(simulated: Any, small: Path) -> None:
    """Finally the class changed from the DefaultOverlay to provide a more suitable high-level API or provide overlay-specific
    initialisation."""

    class Lab(DefaultOverlay):
        def __init__(self, bitfile_name: Any, download: bool = True) -> None:
            super().__init__(bitfile_name, download)
            self.core.write(0, 1)

        @property
        def is_on(self) -> bool:
            return bool(self.core.read())

    assert Lab(small).is_on


OVERLAY_TEMPLATE = """
from pynq_widgets import DefaultOverlay

class MyOverlay(DefaultOverlay):
    def __init__(self, bitfile_name, download):
        super().__init__(bitfile_name, download)

        # Other initialisation

Overlay = MyOverlay
"""


@pytest.mark.parametrize("suffix", [".hwh", ".bit"])
def test_the_loader_imports_the_file_beside_the_bitstream(suffix: str, device: Any, demo_bit: Path) -> None:
    """The overlay loader will look for a python file located alongside the bitstream and TCL files, import it and then call the Overlay
    function."""
    demo_bit.with_suffix(".py").write_text(
        "import pynq_widgets\ncalls = []\n\ndef Overlay(bitfile_name, download):\n    calls.append((bitfile_name, download))\n"
        "    overlay = pynq_widgets.DefaultOverlay(bitfile_name, download)\n    overlay.calls = calls\n    return overlay\n",
        encoding="utf-8",
    )
    name = demo_bit.with_suffix(suffix)
    assert Overlay(str(name), device=device).calls == [(str(name.resolve()), True)]
    assert Overlay(name, download=False, device=device).calls == [(str(name.resolve()), False)]


@pytest.fixture
def demo_bit(small: Path) -> Path:
    """A bitstream with a handoff beside it: the text header of a ``.bit`` and a few words of nothing."""
    fields = [(b"a", b"small;UserID=0\0"), (b"b", b"7z020clg400\0"), (b"c", b"2026/01/01\0"), (b"d", b"00:00:00\0")]
    header = bytes.fromhex("00090ff00ff00ff00ff0000001")
    header += b"".join(key + len(value).to_bytes(2, "big") + value for key, value in fields)
    path = small.with_suffix(".bit")
    path.write_bytes(header + b"e" + (16).to_bytes(4, "big") + b"\xff" * 16)
    return path


def test_template_of_an_overlay_class(simulated: Any, small: Path) -> None:
    """A template for a custom overlay class is as follows:"""
    small.with_suffix(".py").write_text(OVERLAY_TEMPLATE, encoding="utf-8")
    ol = Overlay(small)
    assert type(ol).__name__ == "MyOverlay"
    assert sys.modules[type(ol).__module__].Overlay is type(ol)  # type: ignore[attr-defined]
    assert ol.core.read() == 0
    assert ol.is_loaded()
    cls = run(OVERLAY_TEMPLATE)["Overlay"]
    mine = cls(small, True)
    assert mine.core.read() == 0
    with pytest.raises(StaleOverlayError):
        _ = ol.core


# Working with Physically Contiguous Memory


def test_large_buffers_are_transferred(simulated: Any, demo_design: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In many applications there is a need for large buffers to be transferred between the PS and PL either using DMA engines or HLS IP
    with AXI master interfaces."""
    monkeypatch.setattr(packages, "installed", INSTALLED)
    ol = Overlay(demo_design)
    ol.filter.fir.coefficients = [1.0]
    ol.filter.fir.start()
    with allocate(4096, "i2") as sent, allocate(4096, "i2") as got:
        sent[:] = np.arange(4096)
        ol.filter.dma.recvchannel.transfer(got)
        ol.filter.dma.sendchannel.transfer(sent)
        ol.filter.dma.sendchannel.wait()
        ol.filter.dma.recvchannel.wait()
        assert np.array_equal(got, sent)


def test_allocate_gives_contiguous_numpy_arrays(simulated: Any, small: Path) -> None:
    """In PYNQ the allocate functions provides a mechanism to acquire numpy arrays allocated as to be physically contiguous."""
    Overlay(small)
    buffer = allocate(1 << 18, "u4")
    assert isinstance(buffer, np.ndarray)
    assert isinstance(buffer, PynqBuffer)
    buffer[:] = np.arange(buffer.size)
    whole = bytes(simulated.memory.read(buffer.physical_address, buffer.nbytes))
    assert whole == np.arange(buffer.size, dtype="u4").tobytes(), "one after the other, from its first physical address"
    buffer.freebuffer()


def test_allocate_takes_shape_and_dtype(simulated: Any, small: Path) -> None:
    """The allocate function takes shape and dtype parameters in a similar way to other numpy construction functions."""
    Overlay(small)
    for shape, dtype in [(5, "u1"), ((2, 3), np.float64), ((4,), np.dtype("c8")), ((0,), "i4")]:
        buffer, plain = allocate(shape, dtype), np.zeros(shape, dtype)
        assert (buffer.shape, buffer.dtype, buffer.nbytes) == (plain.shape, plain.dtype, plain.nbytes)
        freebuffer(buffer)
    # The first template of this chapter.
    matrix1 = run("from pynq import allocate\n\nmatrix1 = allocate(shape=(32,32), dtype='f4')\n")["matrix1"]
    assert (matrix1.shape, matrix1.dtype) == ((32, 32), np.dtype("f4"))
    freebuffer(matrix1)


def test_arrays_are_passed_to_dma_or_tell_their_address(simulated: Any, demo_design: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These arrays can either be passed directly to the DMA driver’s transfer function or they contain a physical_address attribute which
    can be used by custom driver code."""
    monkeypatch.setattr(packages, "installed", INSTALLED)
    ol = Overlay(demo_design)
    ol.filter.fir.coefficients = [1.0]
    ol.filter.fir.start()
    sent, got = allocate(8, "i2"), allocate(8, "i2")
    sent[:] = range(8)
    ol.filter.dma.recvchannel.transfer(got)
    # The sending side by hand, as a driver of one's own would (PG021: MM2S_DMACR, MM2S_SA, MM2S_LENGTH).
    dma = DefaultIP(ol.filter.dma.description)
    dma.write(0x00, 1)
    dma.write(0x18, sent.physical_address)
    dma.write(0x28, sent.nbytes)
    ol.filter.dma.recvchannel.wait()
    assert got.tolist() == list(range(8))
    assert sent.physical_address == sent.device_address
    freebuffer(sent)
    freebuffer(got)


def test_freebuffer_gives_the_resources_back(simulated: Any, small: Path) -> None:
    """When the array is no longer needed the underlying resources should be freed using the freebuffer function."""
    Overlay(small)
    matrix1 = allocate((32, 32), "f4")
    assert simulated.pool.allocations
    freebuffer(matrix1)
    assert not simulated.pool.allocations
    with pytest.raises(BufferFreedError):
        _ = matrix1.physical_address


def test_a_context_manager_frees_at_the_end_of_the_scope(simulated: Any, small: Path) -> None:
    """Alternatively a context manager can be used to ensure that the buffer is freed at the end of a scope."""
    Overlay(small)
    space = run(
        "from pynq import allocate\nwith allocate(shape=(32,32), dtype=np.float32) as matrix2:\n    inside = matrix2.physical_address\n",
        np=np,
    )
    assert space["inside"] > 0
    assert not simulated.pool.allocations
    with pytest.raises(ZeroDivisionError), allocate(4):
        1 / 0
    assert not simulated.pool.allocations


# The specification itself


def sentences(text: str) -> list[str]:
    """The sentences and list items of a text, without headings and code."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line.strip(" •\t") for line in paragraph.strip().splitlines()]
        if not lines or re.match(r"(from |class |with |matrix1 |Overlay = |def |super|# )", lines[0]):
            continue
        for line in lines:
            found += [part for part in re.split(r"(?<=[.:])\s+", line) if part]
    headings = {part for part in found if part[-1] not in ".:" and len(part.split()) <= 6}
    return [part for part in found if part not in headings]


def test_every_sentence_of_the_specification_has_a_test() -> None:
    path = Path(__file__).resolve().parents[3] / "shared" / "specification.txt"
    if not path.is_file():
        pytest.skip("the specification is not there (../shared/specification.txt)")
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    quoted = " ".join(
        " ".join((ast.get_docstring(node) or "").split())
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )
    wanted = sentences(path.read_text(encoding="utf-8"))
    assert len(wanted) > 25
    missing = [sentence for sentence in wanted if " ".join(sentence.split()) not in quoted]
    assert missing == []
