"""What the tests of PYNQ's traps share: `pynq` as its users import it, and designs small enough to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from pynq_widgets import SimulatedDevice
from pynq_widgets.device.clock import VirtualClock
from pynq_widgets.device.contract import Device
from pynq_widgets.overlay import binding


@dataclass
class Register:
    """A register of a small design; `fields` are (name, lowest bit, width)."""

    name: str
    offset: int
    width: int = 32
    access: str = "read-write"
    fields: tuple[tuple[str, int, int], ...] = ()


CLOCKS = {
    f"PCW_{name.format(i)}": value
    for i in range(4)
    for name, value in (
        ("FPGA_FCLK{}_ENABLE", int(i == 0)),
        ("FPGA{}_PERIPHERAL_FREQMHZ", 100),
        ("FCLK{}_PERIPHERAL_CLKSRC", "IO PLL"),
        ("FCLK{}_PERIPHERAL_DIVISOR0", 5),
        ("FCLK{}_PERIPHERAL_DIVISOR1", 2),
    )
}
CONTROL = (
    Register("CTRL", 0x00, fields=(("AP_START", 0, 1), ("AP_DONE", 1, 1), ("AP_IDLE", 2, 1), ("AUTO_RESTART", 7, 1))),
    Register("GIER", 0x04, fields=(("Enable", 0, 1),)),
    Register("IP_IER", 0x08, fields=(("CHAN0_INT_EN", 0, 1),)),
    Register("IP_ISR", 0x0C, fields=(("CHAN0_INT_ST", 0, 1),)),
)


@dataclass
class Core:
    """An IP of a small design, at `path`. `others` are further interfaces: (name, base, registers)."""

    path: str
    base: int
    registers: tuple[Register, ...] = (Register("CTRL", 0), Register("STATUS", 4))
    vlnv: str = "me.org:hls:core:1.0"
    interface: str = "s_axi_control"
    others: tuple[tuple[str, int, tuple[Register, ...]], ...] = ()
    interrupts: tuple[str, ...] = ()

    @property
    def spans(self) -> list[tuple[str, int, tuple[Register, ...]]]:
        return [(self.interface, self.base, self.registers), *self.others]


def _instance(path: str) -> str:
    return path.replace("/", "_")


def _port(name: str, direction: str, net: str, ends: list[tuple[str, str]], kind: str = "undef", extra: str = "") -> str:
    links = "".join(f"<CONNECTION INSTANCE={quoteattr(_instance(path))} PORT={quoteattr(pin)}/>" for path, pin in ends)
    return f'<PORT DIR="{direction}" NAME="{name}" SIGIS="{kind}" SIGNAME="{net}"{extra}><CONNECTIONS>{links}</CONNECTIONS></PORT>'


def _property(name: str, value: object) -> str:
    return f'<PROPERTY NAME="{name}" VALUE={quoteattr(str(value))}/>'


def _register(register: Register) -> str:
    fields = "".join(
        f"<FIELD NAME={quoteattr(name)}>{_property('DESCRIPTION', name)}{_property('BIT_OFFSET', lower)}{_property('BIT_WIDTH', width)}"
        f"{_property('ACCESS', register.access)}</FIELD>"
        for name, lower, width in register.fields
    )
    name = register.name
    return (
        f"<REGISTER NAME={quoteattr(name)}>{_property('DESCRIPTION', name)}{_property('ADDRESS_OFFSET', hex(register.offset))}"
        f"{_property('SIZE', register.width)}{_property('ACCESS', register.access)}{_property('IS_ENABLED', 'true')}"
        f"{_property('RESET_VALUE', '0x0')}<FIELDS>{fields}</FIELDS></REGISTER>"
    )


def _module(path: str, vlnv: str, parameters: dict[str, Any], ports: str, buses: str = "", blocks: str = "", memory: str = "") -> str:
    given = "".join(f'<PARAMETER NAME="{name}" VALUE="{value}"/>' for name, value in parameters.items())
    kind, version = vlnv.split(":")[2:]
    return (
        f'<MODULE BDTYPE="" FULLNAME={quoteattr("/" + path)} HWVERSION="{version}" INSTANCE={quoteattr(_instance(path))} '
        f'IPTYPE="PERIPHERAL" IS_ENABLE="1" MODCLASS="PERIPHERAL" MODTYPE="{kind}" VLNV="{vlnv}"><DOCUMENTS/>'
        f"<ADDRESSBLOCKS>{blocks}</ADDRESSBLOCKS><PARAMETERS>{given}</PARAMETERS><PORTS>{ports}</PORTS>"
        f"<BUSINTERFACES>{buses}</BUSINTERFACES><MEMORYMAP>{memory}</MEMORYMAP></MODULE>"
    )


def handoff(*cores: Core, controller: str = "", host: str = "processing_system7_0") -> str:
    """A hardware handoff of `cores` behind a Zynq at `host`; interrupts go to it through the AXI INTC `controller`, or straight ('')."""
    lines = [(core.path, pin) for core in cores for pin in core.interrupts]
    first = controller or host
    pin_in = "intr" if controller else "IRQ_F2P"
    all_cores = list(cores)
    modules = []
    for core in cores:
        ports = ""
        for pin in core.interrupts:
            at = ("concat", f"In{lines.index((core.path, pin))}")
            ports += _port(pin, "O", f"{_instance(core.path)}_{pin}", [at], "INTERRUPT", ' SENSITIVITY="LEVEL_HIGH"')
        modules.append(_core(core, ports))
    host_ports = ""
    if lines:
        inputs = "".join(_port(f"In{i}", "I", f"{_instance(path)}_{pin}", [(path, pin)]) for i, (path, pin) in enumerate(lines))
        inputs += _port("dout", "O", "concat_dout", [(first, pin_in)])
        widths = {f"IN{i}_WIDTH": 1 for i in range(len(lines))}
        modules.append(_module("concat", "xilinx.com:ip:xlconcat:2.1", {"NUM_PORTS": len(lines), **widths}, inputs))
        senses = f' LEFT="{len(lines) - 1}" RIGHT="0" SENSITIVITY="{":".join(["LEVEL_HIGH"] * len(lines))}"'
        if controller:
            own = _port("intr", "I", "concat_dout", [("concat", "dout")], "INTERRUPT", senses)
            own += _port("irq", "O", "intc_irq", [(host, "IRQ_F2P")], "INTERRUPT")
            intc = Core(controller, 0x4180_0000, (), "xilinx.com:ip:axi_intc:4.1", "s_axi")
            modules.append(_core(intc, own, {"C_NUM_INTR_INPUTS": len(lines), "C_KIND_OF_INTR": "0x00000000", "C_IRQ_IS_LEVEL": 1}))
            all_cores.append(intc)
            host_ports = _port("IRQ_F2P", "I", "intc_irq", [(controller, "irq")], "INTERRUPT", ' SENSITIVITY="LEVEL_HIGH"')
        else:
            host_ports = _port("IRQ_F2P", "I", "concat_dout", [("concat", "dout")], "INTERRUPT", senses)
    memory = "".join(
        f'<MEMRANGE ADDRESSBLOCK="Reg" BASENAME="C_BASEADDR" BASEVALUE="{base:#x}" HIGHNAME="C_HIGHADDR" HIGHVALUE="{base + 0xFFFF:#x}" '
        f'INSTANCE={quoteattr(_instance(core.path))} IS_DATA="TRUE" IS_INSTRUCTION="TRUE" MASTERBUSINTERFACE="M_AXI_GP0" '
        f'MEMTYPE="REGISTER" SLAVEBUSINTERFACE="{interface}"/>'
        for core in all_cores
        for interface, base, _ in core.spans
    )
    modules.append(
        _module(host, "xilinx.com:ip:processing_system7:5.5", CLOCKS, host_ports, _bus("M_AXI_GP0", "MASTER", "gp"), memory=memory)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EDKSYSTEM EDWVERSION="1.2" TIMESTAMP="Sun Nov 22 12:00:00 2026" VIVADOVERSION="2022.1">'
        '<SYSTEMINFO ARCH="zynq" DEVICE="7z020" NAME="small" PACKAGE="clg400" SPEEDGRADE="-1"/><EXTERNALPORTS/><EXTERNALINTERFACES/>'
        f"<MODULES>{''.join(modules)}</MODULES></EDKSYSTEM>"
    )


def _bus(name: str, kind: str, bus: str) -> str:
    return f'<BUSINTERFACE BUSNAME="{bus}" NAME="{name}" TYPE="{kind}" VLNV="xilinx.com:interface:aximm:1.0"><PORTMAPS/></BUSINTERFACE>'


def _core(core: Core, ports: str, parameters: dict[str, Any] | None = None) -> str:
    blocks = "".join(
        f'<ADDRESSBLOCK ACCESS="read-write" INTERFACE="{interface}" NAME="Reg" RANGE="65536" USAGE="register">'
        f"<REGISTERS>{''.join(map(_register, registers))}</REGISTERS></ADDRESSBLOCK>"
        for interface, _, registers in core.spans
    )
    buses = "".join(_bus(interface, "SLAVE", f"gp_{_instance(core.path)}_{interface}") for interface, _, _ in core.spans)
    return _module(core.path, core.vlnv, parameters or {}, ports, buses, blocks)


@pytest.fixture
def core() -> type[Core]:
    """The class of an IP: ``core(path, base, registers)``."""
    return Core


@pytest.fixture
def register() -> type[Register]:
    """The class of a register: ``register(name, offset, width, access, fields)``."""
    return Register


@pytest.fixture
def control() -> tuple[Register, ...]:
    """The block-level control registers of an HLS core, as Vitis writes them."""
    return CONTROL


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """``write(core, ..., name='small')`` writes ``small.hwh`` and gives its path; see :func:`handoff`."""

    def make(*cores: Core, name: str = "small", **options: Any) -> Path:
        path = tmp_path / f"{name}.hwh"
        path.write_text(handoff(*cores, **options), encoding="utf-8")
        return path

    return make


@pytest.fixture(autouse=True)
def device() -> Iterator[Any]:
    """A simulated device, active during the test, whose time passes when somebody waits."""
    made = SimulatedDevice("traps", clock=VirtualClock(autojump=True))
    Device.active_device = made
    yield made
    Device.active_device = None


@pytest.fixture(autouse=True)
def drivers_as_before() -> Iterator[None]:
    """What a test registers goes with it."""
    registries = (binding.ip_drivers, binding.hierarchy_drivers)
    before = [registry._classes for registry in registries]
    yield
    for registry, classes in zip(registries, before, strict=True):
        registry._classes = classes
