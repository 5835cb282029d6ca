"""Small designs written by the tests themselves, on simulated devices whose time the tests step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock


@dataclass
class Block:
    """One IP of a small design, named by its path; `interrupts` and `streams` are names of pins and stream interfaces."""

    name: str
    vlnv: str
    base: int | None  # None: no register interface
    parameters: dict[str, Any] = field(default_factory=dict)
    interrupts: tuple[str, ...] = ()
    masters: tuple[str, ...] = ()
    registers: tuple[tuple[Any, ...], ...] = ()  # (name, offset, access), or with a tuple of fields (name, lowest bit, width) behind
    clocks: tuple[str, ...] = ("s_axi_aclk",)
    pins: tuple[tuple[str, str], ...] = ()
    interface: str = "S_AXI"
    size: int = 0x10000
    memory: bool = False
    reach: tuple[tuple[str, str, int, int, str], ...] = ()  # besides DDR: (instance, its interface, base, size, own master interface)


def _instance(path: str) -> str:
    return path.replace("/", "_")


def _port(
    name: str, direction: str, net: str = "", kind: str = "undef", ends: tuple[tuple[str, str], ...] = (), width: int = 1, extra: str = ""
) -> str:
    vector = f' LEFT="{width - 1}" RIGHT="0"' if width > 1 else ""
    links = "".join(f'<CONNECTION INSTANCE="{_instance(path)}" PORT="{port}"/>' for path, port in ends)
    signal = f' SIGNAME="{net}"' if net else ""
    return f'<PORT DIR="{direction}" NAME="{name}" SIGIS="{kind}"{vector}{signal}{extra}><CONNECTIONS>{links}</CONNECTIONS></PORT>'


def _module(name: str, vlnv: str, parameters: dict[str, Any], ports: str, buses: str = "", blocks: str = "", memory: str = "") -> str:
    given = "".join(f'<PARAMETER NAME="{key}" VALUE="{value}"/>' for key, value in parameters.items())
    kind, version = vlnv.split(":")[2:]
    return (
        f'<MODULE FULLNAME="/{name}" HWVERSION="{version}" INSTANCE="{_instance(name)}" IPTYPE="PERIPHERAL" '
        f'IS_ENABLE="1" MODCLASS="PERIPHERAL" MODTYPE="{kind}" VLNV="{vlnv}">'
        f"<ADDRESSBLOCKS>{blocks}</ADDRESSBLOCKS><PARAMETERS>{given}</PARAMETERS><PORTS>{ports}</PORTS>"
        f"<BUSINTERFACES>{buses}</BUSINTERFACES><MEMORYMAP>{memory}</MEMORYMAP></MODULE>"
    )


def _bus(name: str, kind: str, bus: str, protocol: str = "aximm") -> str:
    return (
        f'<BUSINTERFACE BUSNAME="{bus}" NAME="{name}" TYPE="{kind}" VLNV="xilinx.com:interface:{protocol}:1.0"><PORTMAPS/></BUSINTERFACE>'
    )


def _range(instance: str, block: str, base: int, size: int, master: str, slave: str, memory: bool) -> str:
    return (
        f'<MEMRANGE ADDRESSBLOCK="{block}" BASENAME="C_BASEADDR" BASEVALUE="{base:#x}" HIGHNAME="C_HIGHADDR" '
        f'HIGHVALUE="{base + size - 1:#x}" INSTANCE="{_instance(instance)}" IS_DATA="TRUE" IS_INSTRUCTION="TRUE" '
        f'MASTERBUSINTERFACE="{master}" MEMTYPE="{"MEMORY" if memory else "REGISTER"}" SLAVEBUSINTERFACE="{slave}"/>'
    )


def _register(name: str, offset: int, access: str, fields: tuple[tuple[str, int, int], ...] = ()) -> str:
    parts = "".join(
        f'<FIELD NAME="{part}"><PROPERTY NAME="BIT_OFFSET" VALUE="{low}"/><PROPERTY NAME="BIT_WIDTH" VALUE="{width}"/>'
        f'<PROPERTY NAME="ACCESS" VALUE="{access}"/></FIELD>'
        for part, low, width in fields
    )
    return (
        f'<REGISTER NAME="{name}"><PROPERTY NAME="ADDRESS_OFFSET" VALUE="{offset:#x}"/><PROPERTY NAME="SIZE" VALUE="32"/>'
        f'<PROPERTY NAME="ACCESS" VALUE="{access}"/><PROPERTY NAME="RESET_VALUE" VALUE="0x0"/>'
        f"{f'<FIELDS>{parts}</FIELDS>' if parts else ''}</REGISTER>"
    )


def _registers(block: Block) -> str:
    listed = "".join(_register(*register) for register in block.registers)
    name, usage = ("Mem0", "memory") if block.memory else ("Reg", "register")
    return (
        f'<ADDRESSBLOCK ACCESS="read-write" INTERFACE="{block.interface}" NAME="{name}" RANGE="4096" USAGE="{usage}">'
        f"<REGISTERS>{listed}</REGISTERS></ADDRESSBLOCK>"
    )


def handoff(
    blocks: list[Block],
    streams: list[tuple[str, str, str, str]],
    wires: list[tuple[str, str, str, str]],
    brams: dict[str, str],
    controller: dict[str, Any] | None = None,
    host: dict[str, Any] | None = None,
) -> str:
    """A hardware handoff of `blocks` behind a Zynq; interrupts go through a concat to the controller ``intc``.

    `controller` are parameters of that, `host` those of the processing system.
    """
    lines = [(block.name, pin) for block in blocks for pin in block.interrupts]
    modules = []
    for block in blocks:
        ports = [_port(pin, "I", "clk", "clk", (("ps", "FCLK_CLK0"),), extra=' CLKFREQUENCY="100000000"') for pin in block.clocks]
        for pin in block.interrupts:
            end = ("concat", f"In{lines.index((block.name, pin))}")
            ports.append(_port(pin, "O", f"{block.name}_{pin}", "INTERRUPT", (end,), extra=' SENSITIVITY="LEVEL_HIGH"'))
        wired = set()
        for source, out, sink, into in wires:
            net = f"{source}_{out}"
            if block.name == source:
                ports.append(_port(out, "O", net, ends=((sink, into),), width=32))
                wired.add(out)
            if block.name == sink:
                ports.append(_port(into, "I", net, ends=((source, out),), width=32))
                wired.add(into)
        ports += [_port(pin, direction, width=32) for pin, direction in block.pins if pin not in wired]
        buses = [] if block.base is None else [_bus(block.interface, "SLAVE", f"gp_{block.name}")]
        for name in block.masters:
            buses.append(_bus(name, "MASTER", f"{block.name}_{name}"))
        for source, out, sink, into in streams:
            if block.name == source:
                buses.append(_bus(out, "INITIATOR", f"{source}_{out}", "axis"))
            if block.name == sink:
                buses.append(_bus(into, "TARGET", f"{source}_{out}", "axis"))
        if block.name in brams:
            buses.append(_bus("BRAM_PORTA", "INITIATOR", f"{block.name}_BRAM_PORTA", "bram"))
        reach = "".join(_range("ps", "HP0_DDR_LOWOCM", 0, 0x2000_0000, name, "S_AXI_HP0", True) for name in block.masters)
        reach += "".join(_range(name, "Mem0", base, size, master, interface, True) for name, interface, base, size, master in block.reach)
        modules.append(
            _module(
                block.name,
                block.vlnv,
                block.parameters,
                "".join(ports),
                "".join(buses),
                "" if block.base is None else _registers(block),
                reach,
            )
        )
    for memory in dict.fromkeys(brams.values()):
        ends = [name for name, end in brams.items() if end == memory]
        sides = "".join(_bus(f"BRAM_PORT{'AB'[i]}", "TARGET", f"{name}_BRAM_PORTA", "bram") for i, name in enumerate(ends))
        modules.append(_module(memory, "xilinx.com:ip:blk_mem_gen:8.4", {}, "", sides))
    ps_ports = [
        _port("FCLK_CLK0", "O", "clk", "clk", tuple((b.name, pin) for b in blocks for pin in b.clocks), extra=' CLKFREQUENCY="100000000"')
    ]
    if lines:
        inputs = [_port(f"In{i}", "I", f"{name}_{pin}", ends=((name, pin),)) for i, (name, pin) in enumerate(lines)]
        inputs.append(_port("dout", "O", "concat_dout", ends=(("intc", "intr"),), width=len(lines)))
        modules.append(_module("concat", "xilinx.com:ip:xlconcat:2.1", {"NUM_PORTS": len(lines)}, "".join(inputs)))
        sense = ":".join(["LEVEL_HIGH"] * len(lines))
        own = _port("intr", "I", "concat_dout", "INTERRUPT", (("concat", "dout"),), len(lines), f' SENSITIVITY="{sense}"')
        own += _port("irq", "O", "intc_irq", "INTERRUPT", (("ps", "IRQ_F2P"),)) + _port(
            "s_axi_aclk", "I", "clk", "clk", (("ps", "FCLK_CLK0"),), extra=' CLKFREQUENCY="100000000"'
        )
        given = {"C_NUM_INTR_INPUTS": len(lines), "C_KIND_OF_INTR": f"{0xFFFFFFFF << len(lines) & 0xFFFFFFFF:#x}", **(controller or {})}
        intc = Block("intc", "xilinx.com:ip:axi_intc:4.1", 0x4180_0000)
        modules.append(_module("intc", intc.vlnv, given, own, _bus("s_axi", "SLAVE", "gp_intc"), _registers(intc)))
        blocks = [*blocks, intc]
        ps_ports.append(_port("IRQ_F2P", "I", "intc_irq", "INTERRUPT", (("intc", "irq"),), extra=' SENSITIVITY="LEVEL_HIGH"'))
    ps_map = "".join(
        _range(b.name, "Mem0" if b.memory else "Reg", b.base, b.size, "M_AXI_GP0", b.interface, b.memory)
        for b in blocks
        if b.base is not None
    )
    ps_buses = _bus("M_AXI_GP0", "MASTER", "gp") + _bus("S_AXI_HP0", "SLAVE", "hp")
    modules.append(_module("ps", "xilinx.com:ip:processing_system7:5.5", host or {}, "".join(ps_ports), ps_buses, memory=ps_map))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EDKSYSTEM EDWVERSION="1.2" VIVADOVERSION="2022.1">'
        '<SYSTEMINFO ARCH="zynq" DEVICE="7z020" NAME="small" PACKAGE="clg400" SPEEDGRADE="-1"/><EXTERNALPORTS/><EXTERNALINTERFACES/>'
        f"<MODULES>{''.join(modules)}</MODULES></EDKSYSTEM>"
    )


class CountingDevice(SimulatedDevice):
    """The simulated device, with each word access in `log`: ``('read' or 'write', address)`` or with the value written."""

    def __init__(self, **options: Any) -> None:
        super().__init__("counting", **options)
        self.log: list[tuple[Any, ...]] = []

    def read_word(self, address: int) -> int:
        self.log.append(("read", address))
        return super().read_word(address)

    def write_word(self, address: int, value: int) -> None:
        self.log.append(("write", address, value))
        super().write_word(address, value)


@dataclass
class Bench:
    """An overlay on a simulated device whose clock jumps to the next event when somebody waits."""

    clock: VirtualClock
    device: CountingDevice
    overlay: Any

    def model(self, path: str) -> Any:
        """The model of an IP."""
        return self.device.model_of(path)

    def accesses(self, path: str, action: Callable[[], object]) -> list[tuple[Any, ...]]:
        """The bus accesses that `action` makes to an IP, by offset."""
        ip = getattr(self.overlay, path)
        base, size = ip.description["phys_addr"], ip.description["addr_range"]
        self.device.log.clear()
        action()
        return [(entry[0], entry[1] - base, *entry[2:]) for entry in self.device.log if base <= entry[1] < base + size]


GPIO_REGISTERS = tuple(
    (name, offset, "read-write")
    for name, offset in (
        ("GPIO_DATA", 0),
        ("GPIO_TRI", 4),
        ("GPIO2_DATA", 8),
        ("GPIO2_TRI", 12),
        ("GIER", 0x11C),
        ("IP_ISR", 0x120),
        ("IP_IER", 0x128),
    )
)


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Bench]:
    """``build(block, ..., streams=[(master, interface, slave, interface)], wires=[(source, pin, sink, pin)])`` gives a bench."""

    def make(
        *blocks: Block,
        streams: list[tuple[str, str, str, str]] | None = None,
        wires: list[tuple[str, str, str, str]] | None = None,
        brams: dict[str, str] | None = None,
        controller: dict[str, Any] | None = None,
        autojump: bool = True,
    ) -> Bench:
        path = tmp_path / "small.hwh"
        path.write_text(handoff(list(blocks), streams or [], wires or [], brams or {}, controller), encoding="utf-8")
        clock = VirtualClock(autojump=autojump)
        device = CountingDevice(clock=clock)
        return Bench(clock, device, Overlay(path, device=device))

    return make


@pytest.fixture
def gpio_block() -> Callable[..., Block]:
    """``gpio_block(name='gpio', **parameters)``: an AXI GPIO with an interrupt unless C_INTERRUPT_PRESENT is 0."""

    def make(name: str = "gpio", base: int = 0x4120_0000, **parameters: Any) -> Block:
        given = {"C_GPIO_WIDTH": 4, "C_GPIO2_WIDTH": 32, "C_INTERRUPT_PRESENT": 1, "C_IS_DUAL": 0, **parameters}
        pins = ("ip2intc_irpt",) if given["C_INTERRUPT_PRESENT"] else ()
        return Block(name, "xilinx.com:ip:axi_gpio:2.0", base, given, pins, registers=GPIO_REGISTERS)

    return make


@pytest.fixture
def timer_block() -> Callable[..., Block]:
    """``timer_block(**parameters)``: an AXI Timer."""

    def make(name: str = "timer", base: int = 0x4280_0000, interrupt: bool = True, **parameters: Any) -> Block:
        return Block(
            name, "xilinx.com:ip:axi_timer:2.0", base, parameters, ("interrupt",) if interrupt else (), pins=(("capturetrig0", "I"),)
        )

    return make


@pytest.fixture
def dma_block() -> Callable[..., Block]:
    """``dma_block(**parameters)``: an AXI DMA in direct register mode; with ``interrupts=False`` none is connected."""

    def make(name: str = "dma", base: int = 0x4040_0000, interrupts: bool = True, **parameters: Any) -> Block:
        given = {
            "c_include_sg": 0,
            "c_sg_length_width": 23,
            "c_include_mm2s": 1,
            "c_include_s2mm": 1,
            "c_m_axi_mm2s_data_width": 32,
            "c_m_axi_s2mm_data_width": 32,
            "c_m_axis_mm2s_tdata_width": 32,
            "c_s_axis_s2mm_tdata_width": 32,
            "c_addr_width": 32,
            **parameters,
        }
        return Block(
            name,
            "xilinx.com:ip:axi_dma:7.1",
            base,
            given,
            ("mm2s_introut", "s2mm_introut") if interrupts else (),
            ("M_AXI_MM2S", "M_AXI_S2MM", *(("M_AXI_SG",) if int(given["c_include_sg"]) else ())),
            clocks=("s_axi_lite_aclk", "m_axi_mm2s_aclk", "m_axi_s2mm_aclk"),
            interface="S_AXI_LITE",
        )

    return make


@pytest.fixture
def block() -> type[Block]:
    """The class of a block, for IP that need no more."""
    return Block


@pytest.fixture
def walk() -> Callable[..., None]:
    """``walk(ip, {name: (offset, reset, writable bits)})``: each register as a guide's table has it, by the bus.

    The reset value is read (``None``: not told, not checked; a register whose row has ``'write-only'`` is not read), all ones are written,
    only the writable bits may have changed, and what was there is written back. The layout of the driver must have the same registers.
    """

    def go(ip: Any, rows: dict[str, tuple[int, int | None, int | str]]) -> None:
        known = {name: handle.offset for name, handle in ip.registers.registers.items()}
        assert known == {name: row[0] for name, row in rows.items()}
        for name, (offset, reset, writable) in rows.items():
            if isinstance(writable, str):
                assert ip.registers.registers[name].access == writable
                continue
            before = ip.read(offset)
            if reset is not None:
                assert before == reset, f"{name} is {before:#x} after reset, the guide says {reset:#x}"
            ip.write(offset, 0xFFFF_FFFF)
            assert ip.read(offset) == before | writable, name
            ip.write(offset, 0)
            assert ip.read(offset) == before & ~writable, name
            ip.write(offset, before)

    return go


class Page:
    """What a page does with a panel, whose sampler the test is."""

    def __init__(self, panel: Any) -> None:
        self.panel = panel
        self.sent: list[dict[str, Any]] = []
        panel.send = lambda content, buffers=None: self.sent.append(content)

    def asks(self, action: str, **arguments: Any) -> str | None:
        """Have the panel do something; what it says of it where it refuses."""
        self.panel._handle_custom_msg({"kind": "do", "action": action, "arguments": arguments, "tag": "t", "view": "v"}, [])
        error: str | None = [content for content in self.sent if content["kind"] == "done"][-1]["error"]
        return error

    def reads(self) -> dict[str, Any]:
        """What one tick of the sampler reads, and the panel then tells."""
        for mirror, names in self.panel._groups:
            mirror.refresh(names)
        self.panel.tick()
        told: dict[str, Any] = self.panel.look()
        return told


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], Page]]:
    """``page(ip.panel())``: a page that shows a panel; ``page(...).asks('action', name=value)``, ``.reads()``."""
    from pynq_widgets.widgets import outbox, reuse

    monkeypatch.setattr(outbox, "_default", outbox.Outbox(threaded=False))
    yield Page
    with reuse._lock:
        for _, widget, _ in reuse._shown.values():
            widget.close()
        reuse._shown.clear()
