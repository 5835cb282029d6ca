"""Interrupt lines, followed from the host's inputs back to their sources."""

from __future__ import annotations

from .document import Document
from .model import InterruptController, InterruptLine
from .module import Module, port_width
from .nets import End, Source, Wiring

# The GIC's numbers of the lines from the fabric: UG585 table 7-4, UG1085 table 13-1, AM011 "Interrupts".
_ZYNQ = (*range(61, 69), *range(84, 92))
_ZYNQMP_0 = tuple(range(121, 129))
_ZYNQMP_1 = tuple(range(136, 144))
_VERSAL = {
    **{f"pl_ps_irq{n}": 116 + n for n in range(16)},
    **{f"pl_lpd_irq{n}": 136 + n for n in range(8)},
    **{f"pl_fpd_irq{n}": 175 + n for n in range(8)},
}
# No host or controller has more lines on one input (axi_intc: 32, PG099); a wider pin is not looked at beyond.
_MAX_LINES = 64


def read_interrupts(
    document: Document, host: Module | None, wiring: Wiring
) -> tuple[tuple[InterruptLine, ...], tuple[InterruptController, ...]]:
    lines: list[InterruptLine] = []
    controllers: dict[str, InterruptController] = {}
    if host is not None:
        for port, raw in _host_inputs(host, wiring):
            _Walk(document, wiring, lines, controllers).inputs(port, None, raw, ())
    return tuple(lines), tuple(controllers.values())


def _host_inputs(host: Module, wiring: Wiring) -> list[tuple[End, tuple[int, ...]]]:
    found = []
    kind = host.modtype.lower()
    for name in wiring.ports(host):
        lowered = name.lower()
        raw: tuple[int, ...] | None = None
        if kind == "processing_system7":
            raw = _zynq(host, wiring, name) if lowered == "irq_f2p" else None
        elif kind == "zynq_ultra_ps_e":
            raw = {"pl_ps_irq0": _ZYNQMP_0, "pl_ps_irq1": _ZYNQMP_1}.get(lowered)
        elif lowered in _VERSAL and not host.is_processor:
            raw = (_VERSAL[lowered],)
        elif host.is_processor and lowered in ("interrupt", "irq", "nmi"):
            raw = ()
        end = wiring.port(host, name)
        if raw is not None and end is not None and end.element.get("DIR") == "I":
            found.append((end, raw))
    return found


def _zynq(host: Module, wiring: Wiring, name: str) -> tuple[int, ...]:
    # PCW_IRQ_F2P_MODE: DIRECT begins at the lowest number, REVERSE ends at the highest.
    end = wiring.port(host, name)
    width = 16 if end is None else min(16, port_width(end.element))
    return _ZYNQ if host.parameters.get("PCW_IRQ_F2P_MODE", "DIRECT") != "REVERSE" else _ZYNQ[16 - width :]


class _Walk:
    def __init__(self, document: Document, wiring: Wiring, lines: list[InterruptLine], controllers: dict[str, InterruptController]) -> None:
        self._document = document
        self._wiring = wiring
        self._lines = lines
        self._controllers = controllers

    def inputs(self, port: End, controller: Module | None, raw: tuple[int, ...], above: tuple[str, ...]) -> None:
        for index in range(min(port_width(port.element), _MAX_LINES)):
            source = self._wiring.source(port, index)
            if source is None:
                continue
            number = raw[index] if index < len(raw) else None
            cascade = self._cascade(source)
            if cascade is None:
                self._lines.append(_line(source, controller, index, port, number))
                continue
            if cascade.path in above:
                self._document.fail(source.end.element, f"the interrupt controller {cascade.path!r} interrupts itself")
            if cascade.path in self._controllers:
                continue
            self._controllers[cascade.path] = InterruptController(
                path=cascade.path,
                parent=None if controller is None else controller.path,
                index=index,
                ps_port=port.port if controller is None else None,
                raw_irq=number,
            )
            below = self._wiring.port(cascade, "intr")
            if below is not None:
                self.inputs(below, cascade, (), (*above, cascade.path))

    def _cascade(self, source: Source) -> Module | None:
        module = source.end.module
        if module is None or module.modtype.lower() != "axi_intc":
            return None
        return module if source.end.port.lower() in ("irq", "interrupt") else None


def _line(source: Source, controller: Module | None, index: int, port: End, raw: int | None) -> InterruptLine:
    module = source.end.module
    return InterruptLine(
        module="" if module is None else module.path,
        pin=source.end.port,
        bit=source.bit,
        controller=None if controller is None else controller.path,
        index=index,
        ps_port=port.port if controller is None else None,
        raw_irq=raw,
        sensitivity=_sensitivity(source.end, source.bit) or _sensitivity(port, index),
    )


def _sensitivity(end: End, bit: int) -> str | None:
    text = end.element.get("SENSITIVITY")
    if not text:
        return None
    kinds = text.split(":")  # the most significant bit stands first
    kind = kinds[0] if len(kinds) == 1 else (kinds[-1 - bit] if bit < len(kinds) else None)
    return None if kind in (None, "", "NULL") else kind
