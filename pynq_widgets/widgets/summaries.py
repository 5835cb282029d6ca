"""What is told of an overlay, a hierarchy or a module where no live view says more: facts, and tables that fold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .nodes import TreeNode, short_size, type_of

if TYPE_CHECKING:
    from pynq_widgets.design import Design

Content = dict[str, Any]
_VALUE_LIMIT = 400  # characters of a parameter's value that go to the page


def section(
    title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], *, mono: Iterable[int] = (), open: bool = True
) -> Content:
    """A table: its cells become text. `mono` are the columns set in a fixed-width face."""
    return {
        "title": title,
        "columns": list(columns),
        "rows": [[_cell(cell) for cell in row] for row in rows],
        "mono": list(mono),
        "open": open,
    }


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _VALUE_LIMIT else text[: _VALUE_LIMIT - 1] + "…"


def content(title: str, facts: Iterable[tuple[str, object]], sections: Iterable[Content], **more: Any) -> Content:
    """What ``summary.js`` draws. Facts with nothing to say and empty tables are left out."""
    return {
        "title": title,
        "facts": [[name, _cell(value)] for name, value in facts if value not in (None, "")],
        "sections": [table for table in sections if table["rows"]],
        **more,
    }


def overlay_summary(design: Design, facts: Iterable[tuple[str, object]] = ()) -> Content:
    """The whole design: where it comes from, and its interrupts, pins, clocks, memories and streams."""
    known = [*facts, ("Part", design.part), ("Board", design.board), ("Made with", design.tool_version and f"Vivado {design.tool_version}")]
    return content(
        design.name or "Design",
        known,
        [
            _memories(design),
            _interrupts(design, None),
            _gpio(design, None),
            _clocks(design, None),
            _streams(design, None),
        ],
    )


def node_summary(design: Design, node: TreeNode) -> Content:
    """One node of the tree: a module, a hierarchy or an external port."""
    module = design.modules.get(node.path)
    facts: list[tuple[str, object]] = [("Type", node.vlnv or node.type), ("Driver", node.driver and f"{node.driver} ({node.why})")]
    sections = []
    ranges = [span for span in design.address_map if span.slave == node.path]
    if len(ranges) == 1:
        span = ranges[0]
        facts.append(("Address", f"{span.base:#010x} – {span.high:#010x}, {short_size(span.size)}{_through(span.interface)}"))
    elif ranges:
        listed = [(f"{s.base:#010x}", f"{s.high:#010x}", short_size(s.size), s.interface, s.block, s.kind) for s in ranges]
        sections.append(section("Address ranges", ("From", "To", "Size", "Interface", "Block", "Kind"), listed, mono=(0, 1)))
    if module is not None and any(span.kind == "register" for span in ranges) and not any(block.registers for block in module.blocks):
        how = (
            f"its driver {node.driver} has them from its product guide"
            if node.laid_out
            else "read(offset) and write(offset, value) reach the words"
        )
        facts.append(("Registers", f"the design lists none; {how}"))
    if node.children:
        inside = [(child.name, child.type or child.kind, child.address, child.driver) for child in node.children]
        sections.append(section("Inside", ("Name", "Type", "Address", "Driver"), inside, mono=(2,)))
    under = node.path
    sections += [_interrupts(design, under), _gpio(design, under), _streams(design, under)]
    if node.kind == "host":
        sections += [_memories(design), _clocks(design, None)]
    if module is not None:
        clocks = [
            (port.name, frequency(port.frequency), port.net)
            for port in module.ports.values()
            if port.kind == "clk" and port.direction == "I"
        ]
        sections.append(section("Clock inputs", ("Pin", "Frequency", "Net"), clocks, open=False))
        parameters = sorted(module.parameters.items())
        sections.append(section("Parameters", ("Name", "Value"), parameters, mono=(1,), open=False))
    return content(node.name, facts, sections, subtitle=node.path if "/" in node.path else "")


def _through(interface: str) -> str:
    return f", through {interface}" if interface else ""


def _inside(path: str, under: str | None) -> bool:
    return under is None or path == under or path.startswith(f"{under}/")


def _interrupts(design: Design, under: str | None) -> Content:
    rows = []
    for line in design.interrupts:
        if not (_inside(line.module, under) or (under is not None and line.controller == under)):
            continue
        where = f"{line.controller}, input {line.index}" if line.controller else f"{line.ps_port}, line {line.index}"
        name = line.path + (f"[{line.bit}]" if line.bit else "")
        rows.append((name, where, "" if line.raw_irq is None else line.raw_irq, line.sensitivity or ""))
    return section("Interrupts", ("Pin", "Arrives at", "IRQ", "Sensitivity"), rows, open=under is not None)


def _gpio(design: Design, under: str | None) -> Content:
    rows = []
    for pin in design.gpio:
        if under is not None and not any(_inside(wired, under) for wired in pin.pins):
            continue
        bits = f"{pin.index}" if pin.width == 1 else f"{pin.index} to {pin.index + pin.width - 1}"
        rows.append((pin.name, bits, pin.direction, ", ".join(pin.pins)))
    return section("GPIO of the processing system", ("Name", "Bits", "Direction", "Wired to"), rows, open=under is not None)


def _clocks(design: Design, under: str | None) -> Content:
    clocks = [clock for clock in design.clocks if under is None or (clock.module and _inside(clock.module, under))]
    rows = [(clock.name, frequency(clock.frequency), f"{clock.module}/{clock.pin}" if clock.module else clock.pin) for clock in clocks]
    return section("Clocks", ("Name", "Frequency", "Driven by"), rows, open=False)


def _memories(design: Design) -> Content:
    rows = [(m.name, f"{m.base:#010x}", short_size(m.size), m.technology) for m in design.memories]
    return section("Memories", ("Name", "From", "Size", "Kind"), rows, mono=(1,))


def _streams(design: Design, under: str | None) -> Content:
    rows = []
    for link in design.connections:
        if link.protocol == "axis" and (_inside(link.master, under) or _inside(link.slave, under)):
            rows.append((f"{link.master}.{link.master_interface}", f"{link.slave}.{link.slave_interface}"))
    return section("Streams", ("From", "To"), rows, open=under is not None)


def frequency(hertz: int | None) -> str:
    """``100 MHz``; empty where unknown."""
    if not hertz:
        return ""
    for unit, scale in (("GHz", 1e9), ("MHz", 1e6), ("kHz", 1e3)):
        if hertz >= scale:
            return f"{hertz / scale:.6g} {unit}"
    return f"{hertz} Hz"


__all__ = ["Content", "content", "frequency", "node_summary", "overlay_summary", "section", "type_of"]
