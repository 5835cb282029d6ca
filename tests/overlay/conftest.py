"""What the tests of the overlay share: small designs written to a folder, a device that logs, and a clean list of drivers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from pynq_widgets.design import AddressBlock, Register
from pynq_widgets.device.contract import Device
from pynq_widgets.overlay import DefaultIP, binding

REGISTERS = """
      <ADDRESSBLOCKS><ADDRESSBLOCK ACCESS="" INTERFACE="S_AXI" NAME="Reg" RANGE="65536" USAGE="register"><REGISTERS>
        <REGISTER NAME="CTRL"><PROPERTY NAME="DESCRIPTION" VALUE="Control"/><PROPERTY NAME="ADDRESS_OFFSET" VALUE="0x0"/>
          <PROPERTY NAME="SIZE" VALUE="32"/><PROPERTY NAME="ACCESS" VALUE="read-write"/><PROPERTY NAME="IS_ENABLED" VALUE="true"/>
          <PROPERTY NAME="RESET_VALUE" VALUE="0x0"/></REGISTER>
        <REGISTER NAME="STATUS"><PROPERTY NAME="DESCRIPTION" VALUE="Status"/><PROPERTY NAME="ADDRESS_OFFSET" VALUE="0x4"/>
          <PROPERTY NAME="SIZE" VALUE="32"/><PROPERTY NAME="ACCESS" VALUE="read-only"/><PROPERTY NAME="IS_ENABLED" VALUE="true"/>
          <PROPERTY NAME="RESET_VALUE" VALUE="0x0"/></REGISTER>
      </REGISTERS></ADDRESSBLOCK></ADDRESSBLOCKS>"""


def handoff(ips: Mapping[str, Any], name: str = "small") -> str:
    """A hardware handoff with a Zynq and `ips`: path to VLNV, or to ``(VLNV, [(interface, block, base, size, MEMTYPE)])``.

    With a VLNV alone an IP has 64 KB of registers at the next free address; with an empty list software sees no address of it.
    """
    modules, ranges = [], []
    free = 0x43C0_0000
    for path, what in ips.items():
        if isinstance(what, str):
            vlnv, spans = what, [("S_AXI", "Reg", free, 0x1_0000, "REGISTER")]
            free += 0x1_0000
        else:
            vlnv, spans = what
        instance = path.replace("/", "_")
        modtype = vlnv.split(":")[2] if vlnv.count(":") == 3 else vlnv
        modules.append(
            f"""    <MODULE FULLNAME={quoteattr("/" + path)} HWVERSION="1.0" INSTANCE={quoteattr(instance)} MODCLASS="PERIPHERAL"
      MODTYPE={quoteattr(modtype)} VLNV={quoteattr(vlnv)}>{REGISTERS if spans else ""}
      <PARAMETERS><PARAMETER NAME="C_WIDTH" VALUE="8"/></PARAMETERS><PORTS/><BUSINTERFACES/></MODULE>"""
        )
        for interface, block, base, size, kind in spans:
            ranges.append(
                f"""<MEMRANGE ADDRESSBLOCK="{block}" BASEVALUE="{base:#x}" HIGHVALUE="{base + size - 1:#x}" INSTANCE={quoteattr(instance)}
          IS_DATA="TRUE" IS_INSTRUCTION="TRUE" MASTERBUSINTERFACE="M_AXI_GP0" MEMTYPE="{kind}" SLAVEBUSINTERFACE="{interface}"/>"""
            )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<EDKSYSTEM EDWVERSION="1.2" VIVADOVERSION="2022.1">
  <SYSTEMINFO ARCH="zynq" DEVICE="7z020" NAME="{name}" PACKAGE="clg400" SPEEDGRADE="-1"/>
  <EXTERNALPORTS/><EXTERNALINTERFACES/>
  <MODULES>
    <MODULE FULLNAME="/ps7" HWVERSION="5.5" INSTANCE="ps7" MODCLASS="PERIPHERAL" MODTYPE="processing_system7"
      VLNV="xilinx.com:ip:processing_system7:5.5"><PARAMETERS/><PORTS/><BUSINTERFACES/><MEMORYMAP>{"".join(ranges)}</MEMORYMAP></MODULE>
{chr(10).join(modules)}
  </MODULES>
</EDKSYSTEM>
"""


class LoggingDevice(Device):
    """A device with PYNQ's hooks alone, registers that keep what is written, and a log of all that is asked of it."""

    capabilities = {"REGISTER_RW": True}

    def __init__(self, tag: str = "logging") -> None:
        super().__init__(tag)
        self.log: list[tuple[Any, ...]] = []
        self.words: dict[int, int] = {}

    def read_registers(self, address: int, length: int) -> bytes:
        self.log.append(("read", address))
        return b"".join(self.words.get(address + at, 0).to_bytes(4, "little") for at in range(0, length, 4))

    def write_registers(self, address: int, data: bytes) -> None:
        self.log.append(("write", address, bytes(data)))
        for at in range(0, len(data), 4):
            self.words[address + at] = int.from_bytes(data[at : at + 4], "little")

    def download(self, bitstream: Any, parser: Any = None) -> None:
        self.log.append(("download", Path(bitstream.bitfile_name).name))

    def insert_device_tree(self, dtbo: str) -> None:
        self.log.append(("insert", Path(dtbo).name))

    def remove_device_tree(self, dtbo: str) -> None:
        self.log.append(("remove", Path(dtbo).name))

    @property
    def bus(self) -> list[tuple[Any, ...]]:
        """The reads and writes among the log."""
        return [entry for entry in self.log if entry[0] in ("read", "write")]


@pytest.fixture
def device() -> LoggingDevice:
    """A fresh :class:`LoggingDevice`."""
    return LoggingDevice()


@pytest.fixture
def make_device() -> type[LoggingDevice]:
    """Makes further devices: ``make_device(tag)``."""
    return LoggingDevice


@pytest.fixture
def write_design(tmp_path: Path) -> Callable[..., Path]:
    """``write_design({'hier/ip': VLNV}, name='small')`` writes ``small.hwh`` and gives its path; see :func:`handoff`."""

    def write(ips: Mapping[str, Any], name: str = "small") -> Path:
        path = tmp_path / f"{name}.hwh"
        path.write_text(handoff(ips, name), encoding="utf-8")
        return path

    return write


@pytest.fixture
def small(write_design: Callable[..., Path]) -> Path:
    """A design with one core at the top and two in a hierarchy."""
    return write_design({"core": "me.org:test:core:1.0", "hier/core": "me.org:test:core:1.0", "hier/other": "me.org:test:other:2.1"})


@pytest.fixture
def make_ip(device: LoggingDevice) -> Callable[..., Any]:
    """``make_ip(registers, vlnv, driver)``: an IP with these registers at 0x43C00000 of the logging device, as an overlay would make it."""

    def make(
        registers: Iterable[Register],
        vlnv: str = "me.org:test:core:1.0",
        driver: type[DefaultIP] = DefaultIP,
        *,
        interrupts: Iterable[str] = (),
        on: Any = None,
    ) -> Any:
        block = AddressBlock("Reg", "s_axi", 0x1_0000, "register", "read-write", tuple(registers))
        return driver(
            {
                "phys_addr": 0x43C0_0000,
                "addr_range": 0x1_0000,
                "type": vlnv,
                "fullpath": "hier/core",
                "device": device if on is None else on,
                "module": SimpleNamespace(blocks=(block,), vlnv=vlnv),
                "ranges": [{"interface": "s_axi", "block": "Reg", "base": 0x43C0_0000, "size": 0x1_0000, "kind": "register"}],
                "registers": _pynqs(block),
                "interrupts": {name: {"controller": "", "index": 0, "fullpath": f"hier/core/{name}"} for name in interrupts},
            }
        )

    return make


def _pynqs(block: AddressBlock) -> dict[str, Any]:
    return {
        register.name: {
            "address_offset": register.offset,
            "size": register.width,
            "access": register.access,
            "description": register.description,
            "fields": {
                field.name: {"bit_offset": field.bit_offset, "bit_width": field.bit_width, "access": field.access, "description": ""}
                for field in register.fields
            },
        }
        for register in block.registers
    }


@pytest.fixture(autouse=True)
def drivers_as_before() -> Iterator[None]:
    """What a test registers goes with it, and what tests of drivers imported before does not matter here."""
    registries = (binding.ip_drivers, binding.hierarchy_drivers)
    before = [registry._classes for registry in registries]
    for registry in registries:
        registry._classes = tuple(cls for cls in registry._classes if not cls.__module__.startswith("pynq_drivers."))
    yield
    for registry, classes in zip(registries, before, strict=True):
        registry._classes = classes


@pytest.fixture(autouse=True)
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drivers that happen to be installed do not matter here; tests of packages bring their own."""
    monkeypatch.setattr("pynq_widgets.overlay.packages.installed", lambda: ())
