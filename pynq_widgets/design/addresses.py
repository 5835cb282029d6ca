"""Address maps: what each master sees where (elements ``MEMORYMAP``/``MEMRANGE``), and which master is the host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element

from .document import Document
from .model import AddressRange, Kind
from .module import Module
from .sections import Node
from .values import ADDRESS_END, number

# Who runs the software, best first: a hard processing system, a processor, a bridge from a host computer, a debugger.
_PROCESSING_SYSTEMS = ("processing_system7", "zynq_ultra_ps_e", "versal_cips", "ps_wizard", "psx_wizard", "pspmc", "psxwizard")
_HARD_CORES = ("psv_cortexa72", "psu_cortexa53", "ps7_cortexa9", "psx_cortexa78")
_BRIDGES = ("xdma", "qdma", "axi_pcie", "axi_pcie3", "pcie_dma_versal", "pcie_qdma_versal")
_DEBUGGERS = ("jtag_axi",)
_SHARED_SPACE = ("processing_system7", "zynq_ultra_ps_e")

_Windows = list[tuple[AddressRange, Element]]


def read_map(document: Document, master: str, element: Node, modules: Mapping[str, Module]) -> _Windows:
    """The ranges of one master; ``modules`` is by INSTANCE."""
    windows = []
    for memory_map in element.iterfind("MEMORYMAP"):
        for entry in memory_map.iterfind("MEMRANGE"):
            windows.append((_read_range(document, master, entry, modules), entry))
    return windows


def _read_range(document: Document, master: str, entry: Element, modules: Mapping[str, Module]) -> AddressRange:
    get = entry.get
    instance = get("INSTANCE") or ""
    module = modules.get(instance)
    block = get("ADDRESSBLOCK") or ""
    interface = get("SLAVEBUSINTERFACE") or ""
    base = number(document, entry, f"BASEVALUE of {instance!r}", get("BASEVALUE"), None, ADDRESS_END - 1)
    high_text = get("HIGHVALUE")
    if high_text is None or high_text.strip() in ("", "0x", "0X"):
        size = 0  # the file leaves the end open, as it does for the PCIe windows of a Versal's PSPMC
    else:
        high = number(document, entry, f"HIGHVALUE of {instance!r}", high_text, None, ADDRESS_END - 1)
        if high < base:
            document.fail(entry, f"the address range of {instance!r} ends at {high:#x}, before it begins at {base:#x}")
        size = high - base + 1
    kind: Kind = "memory" if (get("MEMTYPE") or "").upper() == "MEMORY" else "register"
    return AddressRange(
        master=master,
        master_interface=get("MASTERBUSINTERFACE") or "",
        slave=instance if module is None else module.path,
        module=module,
        interface=interface,
        block=block,
        base=base,
        size=size,
        kind=kind,
    )


def check_overlaps(document: Document, master: Module | None, windows: _Windows) -> None:
    """Two different slaves at one address of one master are an error.

    A processor's instruction and data buses are spaces of their own, and so are the interfaces of anything but a Zynq's
    processing system, whose interfaces share the processor's. Inside the silicon of a processing system, a window within another
    is how the file describes it (the GIC of the Versal's RPU inside the APU's), so two hard blocks may overlap.
    """
    shared = master is not None and master.modtype in _SHARED_SPACE
    spaces: dict[tuple[str, str], _Windows] = {}
    for window in windows:
        entry = window[1]
        interface = "" if shared else window[0].master_interface
        for kind in ("IS_DATA", "IS_INSTRUCTION"):
            if entry.get(kind, "TRUE").upper() != "FALSE":
                spaces.setdefault((kind, interface), []).append(window)
    for members in spaces.values():
        members.sort(key=lambda member: (member[0].base, -member[0].size))
        open_windows: _Windows = []
        for window in members:
            span = window[0]
            open_windows = [other for other in open_windows if other[0].base + other[0].size > span.base]
            for other, _ in open_windows:
                if span.size and not _may_overlap(other, span):
                    document.fail(
                        window[1],
                        f"{span.slave!r} at {span.base:#x}..{span.high:#x} overlaps {other.slave!r} at {other.base:#x}..{other.high:#x}"
                        f" in the address map of {span.master!r}",
                    )
            if len(open_windows) < 64:  # more that overlap one another are all one slave's; the first ones are enough to compare with
                open_windows.append(window)


def _may_overlap(one: AddressRange, other: AddressRange) -> bool:
    # The same block, a block container and what stands in it, or two blocks of the processing system's silicon.
    inside = f"{one.slave}/".startswith(f"{other.slave}/") or f"{other.slave}/".startswith(f"{one.slave}/")
    return inside or (_is_hard(one) and _is_hard(other))


def _is_hard(span: AddressRange) -> bool:
    return span.module is not None and span.module.is_hard


def find_host(modules: Iterable[Module], sizes: Mapping[str, int]) -> Module | None:
    """Whose address map software sees: of the best kind, the one with most ranges."""
    best: tuple[int, int] | None = None
    host: Module | None = None
    for module in modules:
        ranges = sizes.get(module.path, 0)
        rank = _rank(module)
        if rank is None or (rank > 1 and not ranges):
            continue
        key = (rank, -ranges)
        if best is None or key < best:
            best, host = key, module
    return host


def _rank(module: Module) -> int | None:
    kind = module.modtype.lower()
    if kind in _PROCESSING_SYSTEMS:
        return 0
    if kind in _HARD_CORES:
        return 1
    if kind.startswith("microblaze") and kind != "microblaze_mcs":
        return 2
    if module.is_processor:
        return 3
    if kind in _BRIDGES or kind.startswith("axi_pcie"):
        return 4
    return 5 if kind in _DEBUGGERS else None
