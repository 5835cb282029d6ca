"""PYNQ's dictionaries, made of a design. Each call makes fresh ones: whoever changes one changes nothing else.

The keys are those of PYNQ 4.0; ``ranges`` is added to the entries of ``ip_dict`` and ``mem_dict``. ``phys_addr`` and
``addr_range`` are one range, as PYNQ has them: the first that the file lists, registers before memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clocks import FABRIC_CLOCKS, fabric_clock, fabric_frequency, fabric_source
from .listed import Listed
from .memories import technology
from .model import AddressBlock, AddressRange, Register
from .module import Module

if TYPE_CHECKING:
    from .design import Design

Entry = dict[str, Any]

# What PYNQ calls the type of a block container, which has no VLNV of its own.
CONTAINER_TYPE = "xilinx.com:bdc:bdc:1.0"
# A bus that leaves the design has no core behind it; its interface is what is known.
EXTERNAL_TYPE = "xilinx.com:interface:aximm:1.0"


def visible_ranges(design: Design) -> dict[str, list[AddressRange]]:
    """The host's ranges by slave; of a design without a host, as a reconfigurable module's, what its boundary gives access to."""
    spans: list[AddressRange] = list(design.address_map)
    if design.host is None:
        spans = [span for ranges in design.address_maps.values() for span in ranges if span.master not in design.modules]
    found: dict[str, list[AddressRange]] = {}
    for span in spans:
        found.setdefault(span.slave, []).append(span)
    return found


def ip_dict(design: Design) -> Listed:
    entries = Listed()
    host = design.host
    for path, spans in visible_ranges(design).items():
        first = next((span for span in spans if span.kind == "register"), None)
        if host is not None and path == host.path:
            continue
        if first is not None:
            entries[path] = _addressed(path, spans, first)
    if host is not None:
        entries[host.path] = _host(host, visible_ranges(design).get(host.path, []))
    _add_pins(design, entries)
    return entries


def mem_dict(design: Design) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    by_slave = visible_ranges(design)
    for memory in design.memories:
        spans = by_slave[memory.path]
        first = next(span for span in spans if (span.base, span.size, span.block) == (memory.base, memory.size, memory.block))
        entry = _addressed(memory.path, spans, first)
        entry["type"] = technology(first.module)
        entry["used"] = 1
        del entry["driver"], entry["device"]
        entries[memory.name] = entry
    return entries


def _addressed(path: str, spans: list[AddressRange], first: AddressRange) -> Entry:
    module = first.module
    return {
        "type": _type(module),
        "mem_id": first.interface,
        "memtype": first.kind.upper(),
        "gpio": {},
        "interrupts": {},
        "parameters": _parameters(module),
        "registers": _registers(module, first),
        "driver": None,
        "device": None,
        "state": None,
        "bdtype": None if module is None else module.kind or None,
        "phys_addr": first.base,
        "addr_range": first.size,
        "fullpath": path,
        "ranges": _ranges(spans),
    }


def _host(host: Module, spans: list[AddressRange]) -> Entry:
    entry: Entry = {
        "type": _type(host),
        "gpio": {},
        "interrupts": {},
        "parameters": _parameters(host),
        "driver": None,
        "device": None,
        "fullpath": host.path,
        "ranges": _ranges(spans),
    }
    if spans:
        entry |= {"phys_addr": spans[0].base, "addr_range": spans[0].size, "mem_id": spans[0].interface, "memtype": spans[0].kind.upper()}
        entry |= {"registers": _registers(host, spans[0]), "state": None, "bdtype": host.kind or None}
    return entry


def _type(module: Module | None) -> str:
    if module is None:
        return EXTERNAL_TYPE
    return module.vlnv or (CONTAINER_TYPE if module.kind == "BLOCK_CONTAINER" else module.modtype)


def _ranges(spans: list[AddressRange]) -> list[Entry]:
    return [{"interface": s.interface, "block": s.block, "base": s.base, "size": s.size, "kind": s.kind} for s in spans]


def _parameters(module: Module | None) -> dict[str, str]:
    """The core's parameters, and where the core has none of that name its interfaces' (``FREQ_HZ``, ``PROTOCOL``), as PYNQ mixes them."""
    if module is None:
        return {}
    found: dict[str, str] = dict(module.parameters)
    for parameter in module.element.iterfind("BUSINTERFACES/BUSINTERFACE/PARAMETER"):
        found.setdefault(parameter.get("NAME", ""), parameter.get("VALUE", ""))
    return found


def _registers(module: Module | None, span: AddressRange) -> dict[str, Entry]:
    block = None if module is None else module.block(span.interface, span.block)
    return {} if block is None else block_registers(block)


def block_registers(block: AddressBlock) -> dict[str, Entry]:
    """PYNQ's dictionary of a block's registers; of several with one name the first is kept."""
    found: dict[str, Entry] = {}
    for register in block.registers:
        found.setdefault(register.name, _register(register))
    return found


def _register(register: Register) -> Entry:
    return {
        "address_offset": register.offset,
        "size": register.width,
        "access": register.access,
        "description": register.description,
        "fields": {
            field.name: {
                "access": field.access,
                "bit_offset": field.bit_offset,
                "bit_width": field.bit_width,
                "description": field.description,
            }
            for field in register.fields
        },
    }


def hierarchy_dict(design: Design) -> dict[str, Entry]:
    ips, memories = ip_dict(design), mem_dict(design)
    entries: dict[str, Entry] = {}

    def level(path: str) -> Entry:
        missing = []
        while path not in entries:
            entries[path] = _level(path)
            missing.append(path)
            path = path.rpartition("/")[0]
            if not path:
                break
        for child in missing:
            parent, _, name = child.rpartition("/")
            if parent:
                entries[parent]["hierarchies"][name] = entries[child]
        return entries[missing[0] if missing else path]

    for path, entry in ips.items():
        parent, _, name = path.rpartition("/")
        if parent:
            level(parent)["ip"][name] = entry
    for path, entry in memories.items():
        parent, _, name = entry["fullpath"].rpartition("/")
        if parent:
            level(parent)["memories"][name if path == entry["fullpath"] else f"{name}/{path[len(entry['fullpath']) + 1 :]}"] = entry
    for module in design.modules.values():
        if module.kind == "BLOCK_CONTAINER":
            level(module.path)
    for pin, interrupt in interrupt_pins(design).items():
        owner, _, name = pin.rpartition("/")
        if owner in entries and owner not in ips:
            entries[owner]["interrupts"][name] = interrupt
    for gpio in gpio_dict(design).values():
        for pin in sorted(gpio["pins"]):
            owner, _, name = pin.rpartition("/")
            if owner in entries and owner not in ips:
                entries[owner]["gpio"][name] = gpio
    return dict(sorted(entries.items()))


def _level(path: str) -> Entry:
    return {
        "ip": {},
        "memories": {},
        "hierarchies": {},
        "interrupts": {},
        "gpio": {},
        "fullpath": path,
        "driver": None,
        "device": None,
        "overlay": None,
    }


def interrupt_pins(design: Design) -> dict[str, Entry]:
    """Each line by the path of its pin; further bits of a pin of several are ``pin[bit]``.

    ``controller`` is ``''`` where the line goes straight to the processing system. A pin that arrives at several places has the
    others in ``also``.
    """
    entries: dict[str, Entry] = {}
    for line in design.interrupts:
        key = line.path if line.bit == 0 else f"{line.path}[{line.bit}]"
        entry: Entry = {"controller": line.controller or "", "index": line.index, "fullpath": key}
        if line.controller is None:
            entry["raw_irq"] = line.raw_irq
            entry["ps_port"] = line.ps_port
        if key in entries:
            entries[key].setdefault("also", []).append(entry)
        else:
            entries[key] = entry
    return entries


def interrupt_controllers(design: Design) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for controller in design.controllers:
        entries[controller.path] = {"parent": controller.parent or "", "index": controller.index}
        if controller.parent is None:
            entries[controller.path] |= {"raw_irq": controller.raw_irq, "ps_port": controller.ps_port}
    return entries


def gpio_dict(design: Design) -> dict[str, Entry]:
    """Each pin by the path of its slice, or of what it is wired to; ``index`` is the lowest bit, ``direction`` ``'out'`` or ``'in'``."""
    entries: dict[str, Entry] = {}
    for pin in design.gpio:
        name = pin.name if pin.name not in entries else f"{pin.name}[{pin.index}]"
        entries[name] = {"state": None, "pins": set(pin.pins), "index": pin.index, "width": pin.width, "direction": pin.direction}
    return entries


def clock_dict(design: Design) -> dict[int, Entry]:
    host = design.host
    if host is None or not host.modtype.startswith(("processing_system7", "zynq_ultra_ps_e", "versal_cips", "pspmc", "ps")):
        return {}
    entries: dict[int, Entry] = {}
    for index in range(FABRIC_CLOCKS):
        enabled, divisor0, divisor1 = fabric_clock(host, index)
        entries[index] = {"enable": int(enabled), "frequency": fabric_frequency(host, index), "divisor0": divisor0}
        if host.modtype in ("processing_system7", "zynq_ultra_ps_e"):
            entries[index]["divisor1"] = divisor1
        entries[index]["src_sel"] = fabric_source(host, index)
    return entries


def _add_pins(design: Design, entries: dict[str, Entry]) -> None:
    for pin, interrupt in interrupt_pins(design).items():
        owner, _, name = pin.rpartition("/")
        if owner in entries:
            entries[owner]["interrupts"][name] = interrupt
    for gpio in gpio_dict(design).values():
        for pin in sorted(gpio["pins"]):
            owner, _, name = pin.rpartition("/")
            if owner in entries:
                entries[owner]["gpio"][name] = gpio
