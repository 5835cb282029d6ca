"""A small design with a reconfigurable region, the modules for it, and what they do on the simulated device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device import IPModel, VirtualClock, model
from pynq_widgets.device.simulated.registry import unregister

CORE, INVERT, ADD = "me.org:test:core:1.0", "me.org:test:invert:1.0", "me.org:test:add:1.0"
REGION = 0x43C1_0000
PART = '<SYSTEMINFO ARCH="zynq" DEVICE="7z020" NAME="{name}" PACKAGE="clg400" SPEEDGRADE="-1"/>'
REGISTERS = "".join(
    f'<REGISTER NAME="{name}"><PROPERTY NAME="ADDRESS_OFFSET" VALUE="{offset}"/><PROPERTY NAME="SIZE" VALUE="32"/>'
    f'<PROPERTY NAME="ACCESS" VALUE="read-write"/><PROPERTY NAME="RESET_VALUE" VALUE="0x0"/></REGISTER>'
    for name, offset in (("CTRL", 0), ("GAIN", 4))
)
BLOCK = (
    '<ADDRESSBLOCKS><ADDRESSBLOCK INTERFACE="S_AXI" NAME="Reg" RANGE="4096">'
    f"<REGISTERS>{REGISTERS}</REGISTERS></ADDRESSBLOCK></ADDRESSBLOCKS>"
)


def port(name: str, direction: str, net: str, kind: str = "undef", width: int = 1, more: str = "") -> str:
    vector = f' LEFT="{width - 1}" RIGHT="0"' if width > 1 else ""
    return f'<PORT DIR="{direction}" NAME="{name}" SIGIS="{kind}" SIGNAME="{net}"{vector}{more}><CONNECTIONS/></PORT>'


def bus(name: str, kind: str, net: str, protocol: str = "axis", inside: str = "<PORTMAPS/>") -> str:
    return f'<BUSINTERFACE BUSNAME="{net}" NAME="{name}" TYPE="{kind}" VLNV="xilinx.com:interface:{protocol}:1.0">{inside}</BUSINTERFACE>'


def span(instance: str, base: int, size: int, interface: str = "S_AXI", master: str = "M_AXI_GP0") -> str:
    return (
        f'<MEMRANGE ADDRESSBLOCK="Reg" BASEVALUE="{base:#x}" HIGHVALUE="{base + size - 1:#x}" INSTANCE="{instance}" IS_DATA="TRUE" '
        f'MASTERBUSINTERFACE="{master}" MEMTYPE="REGISTER" SLAVEBUSINTERFACE="{interface}"/>'
    )


def module(path: str, vlnv: str = "", ports: str = "", buses: str = "", parameters: Any = (), more: str = "", kind: str = "") -> str:
    about = f'MODTYPE="{vlnv.split(":")[2]}" VLNV="{vlnv}"' if vlnv else ""
    given = "".join(f'<PARAMETER NAME="{name}" VALUE="{value}"/>' for name, value in dict(parameters).items())
    bdtype = f' BDTYPE="{kind}"' if kind else ""
    return (
        f'<MODULE{bdtype} FULLNAME="/{path}" INSTANCE="{path.replace("/", "_")}" {about}>{more}<PARAMETERS>{given}</PARAMETERS>'
        f"<PORTS>{ports}</PORTS><BUSINTERFACES>{buses}</BUSINTERFACES></MODULE>"
    )


def system(name: str, modules: str, ports: str = "", interfaces: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EDKSYSTEM EDWVERSION="1.2" VIVADOVERSION="2022.1">'
        + PART.format(name=name)
        + f"<EXTERNALPORTS>"
        f"{ports}</EXTERNALPORTS><EXTERNALINTERFACES>{interfaces}</EXTERNALINTERFACES><MODULES>{modules}</MODULES></EDKSYSTEM>"
    )


def static(control: str = "gpio", kind: str = "BLOCK_CONTAINER", shutdown: bool = False, loader: str = "") -> str:
    """The whole design. `control`: whether the decoupler is worked by a GPIO (``'gpio'``) or by its ``'register'``.

    `loader` is a further core, ``'axi_hwicap:3.0'`` or ``'dfx_controller:1.0'``, which configures the device itself.
    """
    sense = ' SENSITIVITY="LEVEL_HIGH"'
    ranges = span("core", 0x43C0_0000, 0x1000) + span("intc", 0x4180_0000, 0x10000) + span("gpio", 0x4120_0000, 0x10000)
    ranges += span("hier_rp", REGION, 0x8000, "s_axi") + span("hier_rp", REGION + 0x8000, 0x8000, "s_axi")
    ranges += span("hier_beside", 0x43C8_0000, 0x1000)
    if control == "register":
        ranges += span("dec", 0x43D0_0000, 0x1000, "s_axi_reg")
    if shutdown:
        ranges += span("manager", 0x43E0_0000, 0x1000, "S_AXI_CTRL")
    if loader:
        ranges += span("loader", 0x43F0_0000, 0x1000)
    pin = port("decouple", "I", "bit") if control == "gpio" else ""
    region = "xilinx.com:module_ref:rp:1.0" if kind == "RBD" else ""
    feeds = "managed" if shutdown else "lite"
    return system(
        "static",
        module(
            "ps",
            "xilinx.com:ip:processing_system7:5.5",
            port("IRQ_F2P", "I", "intc_irq", "INTERRUPT", 1, sense) + port("FCLK_CLK0", "O", "clk", "clk", 1, ' CLKFREQUENCY="100000000"'),
            bus("M_AXI_GP0", "MASTER", "gp", "aximm"),
            more=f"<MEMORYMAP>{ranges}</MEMORYMAP>",
        )
        + module(
            "intc",
            "xilinx.com:ip:axi_intc:4.1",
            port("intr", "I", "lines", "INTERRUPT", 2, ' SENSITIVITY="LEVEL_HIGH:LEVEL_HIGH"') + port("irq", "O", "intc_irq", "INTERRUPT"),
            parameters={"C_NUM_INTR_INPUTS": 2, "C_KIND_OF_INTR": "0xFFFFFFFC"},
        )
        + module(
            "concat",
            "xilinx.com:ip:xlconcat:2.1",
            port("In0", "I", "core_irq") + port("In1", "I", "rp_irq") + port("dout", "O", "lines", width=2),
            parameters={"NUM_PORTS": 2},
        )
        + module(
            "core",
            CORE,
            port("irq", "O", "core_irq", "INTERRUPT", 1, sense),
            bus("m", "INITIATOR", "feed") + bus("s", "TARGET", "back"),
            more=BLOCK,
        )
        + module(
            "gpio",
            "xilinx.com:ip:axi_gpio:2.0",
            port("gpio_io_o", "O", "bits", width=2),
            parameters={"C_GPIO_WIDTH": 2, "C_ALL_OUTPUTS": 1},
        )
        + module(
            "slice",
            "xilinx.com:ip:xlslice:1.0",
            port("Din", "I", "bits", width=2) + port("Dout", "O", "bit"),
            parameters={"DIN_FROM": 1, "DIN_TO": 1, "DIN_WIDTH": 2},
        )
        + (
            module(
                "manager",
                "xilinx.com:ip:dfx_axi_shutdown_manager:1.0",
                "",
                bus("S_AXI", "SLAVE", "lite", "aximm") + bus("M_AXI", "MASTER", "managed", "aximm"),
            )
            if shutdown
            else ""
        )
        + module(
            "dec",
            "xilinx.com:ip:dfx_decoupler:1.0",
            pin,
            bus("s_in", "TARGET", "feed")
            + bus("rp_in", "INITIATOR", "into")
            + bus("rp_out", "TARGET", "out_of")
            + bus("s_out", "INITIATOR", "back"),
        )
        + module(
            "hier/rp",
            region,
            port("clk", "I", "clk", "clk") + port("irq", "O", "rp_irq", "INTERRUPT", 1, sense),
            bus("s_axi", "SLAVE", feeds, "aximm") + bus("in", "TARGET", "into") + bus("out", "INITIATOR", "out_of"),
            kind=kind,
        )
        + module("hier/beside", CORE, more=BLOCK)
        + (_loader(loader) if loader else ""),
    )


def _loader(kind: str) -> str:
    sockets = "HAS_AXI_LITE_IF 1 VS {rp {ID 0 NAME rp NUM_TRIGGERS_ALLOCATED 4 RM {invert {ID 0 NAME invert} add {ID 1 NAME add}}}}"
    ddr = (
        '<MEMORYMAP><MEMRANGE ADDRESSBLOCK="HP0_DDR_LOWOCM" BASEVALUE="0x0" HIGHVALUE="0x1FFFFFFF" INSTANCE="ps" IS_DATA="TRUE" '
        'MASTERBUSINTERFACE="M_AXI_MEM" MEMTYPE="MEMORY" SLAVEBUSINTERFACE="S_AXI_HP0"/></MEMORYMAP>'
    )
    clocks = "".join(port(name, "I", "clk", "clk", 1, ' CLKFREQUENCY="100000000"') for name in ("clk", "icap_clk"))
    return module("loader", f"xilinx.com:ip:{kind}", clocks, parameters={"ALL_PARAMS": sockets, "C_WRITE_FIFO_DEPTH": 64}, more=ddr)


def part(name: str, modules: str, entries: str, ins: str = "ext_in", outs: str = "ext_out", irq: str = "x_irq", more: str = "") -> str:
    """The design of a module for the region; its nets' names are its own."""
    memory = f"<PORTMAPS/><MEMORYMAP>{entries}</MEMORYMAP>"
    return system(
        name,
        modules,
        port("clk", "I", "ext_clk", "clk") + port("irq", "O", irq, "INTERRUPT"),
        bus("s_axi", "SLAVE", "ext_axi", "aximm", memory) + bus("in", "TARGET", ins) + bus("out", "INITIATOR", outs) + more,
    )


def core(name: str, vlnv: str) -> str:
    return module(
        name,
        vlnv,
        port("irq", "O", "x_irq", "INTERRUPT", 1, ' SENSITIVITY="LEVEL_HIGH"') + port("clk", "I", "ext_clk", "clk"),
        bus("S_AXI", "SLAVE", "ext_axi", "aximm") + bus("x", "TARGET", "ext_in") + bus("y", "INITIATOR", "ext_out"),
        more=BLOCK,
    )


@dataclass
class Dfx:
    """The files, and a device for them."""

    folder: Path
    device: Any

    def load(self, **static_design: Any) -> Any:
        """The overlay of the static design."""
        if static_design:
            (self.folder / "static.hwh").write_text(static(**static_design), "utf-8")
        return Overlay(self.folder / "static.hwh", device=self.device)

    def bitstream(self, name: str, words: Iterable[int] = ()) -> Path:
        """A ``.bit`` file of that name: these words, or ones of its own, between the synchronisation word and the last command."""
        inside = list(words) or list(name.encode())
        listed = [0xFFFF_FFFF, 0xAA99_5566, 0x3000_4000 | len(inside), *inside, 0x3000_8001, 13, 0x2000_0000]
        data = b"".join(word.to_bytes(4, "big") for word in listed)
        texts = ((b"a", name.encode() + b"\0"), (b"b", b"7z020clg400\0"), (b"c", b"d\0"), (b"d", b"t\0"))
        head = bytes.fromhex("00090ff00ff00ff00ff0000001") + b"".join(key + len(text).to_bytes(2, "big") + text for key, text in texts)
        path = self.folder / f"{name}.bit"
        path.write_bytes(head + b"e" + len(data).to_bytes(4, "big") + data)
        return path

    def write(self, name: str, text: str) -> Path:
        """A further file."""
        path = self.folder / f"{name}.hwh"
        path.write_text(text, "utf-8")
        return path


class _Stream(IPModel):
    """Passes packets on, changed; bit 0 of CTRL is its interrupt."""

    def change(self, data: bytes) -> bytes:
        raise NotImplementedError

    def write(self, interface: str, offset: int, value: int) -> None:
        super().write(interface, offset, value)
        if offset == 0:
            self.context.interrupt("irq").set(value & 1)
            if value & 2:
                self.context.clock.call_later(1.0, lambda: self.context.interrupt("irq").set(1))

    def on_stream(self, interface: str) -> None:
        while self.context.stream("x").packets:
            data, _ = self.context.stream("x").receive()
            self.context.stream("y").send(self.change(bytes(data)))


class InvertModel(_Stream):
    """Every bit."""

    def change(self, data: bytes) -> bytes:
        return bytes(0xFF ^ byte for byte in data)


class AddModel(_Stream):
    """One to each byte."""

    def change(self, data: bytes) -> bytes:
        return bytes(byte + 1 & 0xFF for byte in data)


class CoreModel(IPModel):
    """Sends what it is told to and keeps what comes back; holds its stream, as a DMA does."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.out = context.stream("m")
        self.got: list[bytes] = []

    def write(self, interface: str, offset: int, value: int) -> None:
        super().write(interface, offset, value)
        if offset == 0:
            self.context.interrupt("irq").set(value & 1)

    def on_stream(self, interface: str) -> None:
        while self.context.stream("s").packets:
            self.got.append(bytes(self.context.stream("s").receive()[0]))


@pytest.fixture
def write_dma() -> str:
    """The text of a module with a DMA that receives, from nobody."""
    given = {"c_include_sg": 0, "c_sg_length_width": 23, "c_include_mm2s": 0, "c_include_s2mm": 1, "c_m_axi_s2mm_data_width": 32}
    dma = module(
        "dma",
        "xilinx.com:ip:axi_dma:7.1",
        "".join(port(name, "I", "ext_clk", "clk", 1, ' CLKFREQUENCY="100000000"') for name in ("s_axi_lite_aclk", "m_axi_s2mm_aclk")),
        bus("S_AXI_LITE", "SLAVE", "ext_axi", "aximm") + bus("S_AXIS_S2MM", "TARGET", "ext_in"),
        given | {"c_s_axis_s2mm_tdata_width": 32, "c_addr_width": 32},
    )
    return part("mover", dma, span("dma", REGION, 0x1000, "S_AXI_LITE", "s_axi"))


@pytest.fixture
def write_static() -> Callable[..., str]:
    """The text of the whole design; see :func:`static`."""
    return static


@pytest.fixture
def write_part() -> Callable[..., str]:
    """The text of a module's design; see :func:`part`."""
    return part


@pytest.fixture
def dfx(tmp_path: Path) -> Iterator[Dfx]:
    """The whole design, and the modules ``invert`` and ``add`` for its region."""
    for vlnv, behaviour in ((CORE, CoreModel), (INVERT, InvertModel), (ADD, AddModel)):
        model(vlnv)(behaviour)
    made = Dfx(tmp_path, SimulatedDevice("dfx", clock=VirtualClock(autojump=True)))
    made.write("static", static())
    made.write("invert", part("invert", core("core", INVERT), span("core", REGION, 0x1000, master="s_axi")))
    # Made without the addresses of the whole design, as older flows do.
    more = module("sub/extra", CORE, more=BLOCK)
    made.write("add", part("add", core("core", ADD) + more, span("core", 0, 0x1000) + span("sub_extra", 0x8000, 0x1000)))
    fifo = module("fifo", "xilinx.com:ip:axis_data_fifo:2.0", "", bus("S_AXIS", "TARGET", "a") + bus("M_AXIS", "INITIATOR", "b"))
    made.write("straight", part("straight", fifo, "", "a", "b"))
    made.write("wire", part("wire", "", "", "through", "through"))
    yield made
    for vlnv in (CORE, INVERT, ADD):
        unregister(vlnv)
