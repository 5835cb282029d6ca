"""Where the registers of a core are: its address blocks, each behind a range of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pynq_drivers.hls.arguments import Place
from pynq_widgets.access.describe import registers_of
from pynq_widgets.overlay.mirrors import primary_block


class Mirrored:
    """The primary address block: through the mirror, so that displays and attributes know what is written."""

    def __init__(self, ip: Any) -> None:
        self._ip = ip

    @property
    def mmio(self) -> Any:
        return self._ip.mmio

    def _handle(self, register: Any) -> Any:
        handles = self._ip.registers.registers
        for name in (register.name, f"{register.name}@{register.offset:#x}"):
            handle = handles.get(name)
            if handle is not None and handle.offset == register.offset:
                return handle
        return None

    def read(self, register: Any) -> int:
        handle = self._handle(register)
        return int(self.mmio.read(register.offset) if handle is None or handle.width > 32 else handle.read())

    def write(self, register: Any, value: int) -> None:
        handle = self._handle(register)
        if handle is None or handle.width > 32:
            self.mmio.write(register.offset, value)
        else:
            handle.write(value)

    def known(self, register: Any) -> int | None:
        handle = self._handle(register)
        return handle.value if handle is not None and handle.state in ("read", "written") else None

    def forget(self, registers: Iterable[Any], before: float) -> None:
        handles = [handle for register in registers if (handle := self._handle(register)) is not None]
        old = [handle.name for handle in handles if handle.when is not None and handle.when <= before]
        if old:
            self._ip.registers.mark_stale("the logic was loaded again since", old)


class Plain:
    """Another address block of the core: words of its range, and what was written there last."""

    def __init__(self, ip: Any, key: str) -> None:
        self._ip = ip
        self._key = key
        self._written: dict[int, int] = {}

    @property
    def mmio(self) -> Any:
        return self._ip.mmios[self._key]

    def read(self, register: Any) -> int:
        return int(self.mmio.read(register.offset))

    def write(self, register: Any, value: int) -> None:
        self.mmio.write(register.offset, value)
        self._written[register.offset] = value

    def known(self, register: Any) -> int | None:
        return self._written.get(register.offset)

    def forget(self, registers: Iterable[Any], before: float) -> None:
        self._written.clear()


def blocks_of(ip: Any) -> list[tuple[Sequence[Any], Place]]:
    """The registers of each address block that software reaches, and where they are; the primary one first. Touches no hardware."""
    description = ip.description
    if description.get("phys_addr") is None or description.get("addr_range") is None:
        return []
    module = description.get("module")
    if module is None:
        registers = description.get("registers")
        return [(tuple(registers_of(registers)), Mirrored(ip))] if registers else []
    primary = primary_block(description)
    found: list[tuple[Sequence[Any], Place]] = [] if primary is None else [(primary.registers, Mirrored(ip))]
    for block in module.blocks:
        if block is primary or not block.registers:
            continue
        key = next((name for name, entry in ip.mmios.entries().items() if name.lower() == f"{block.interface}/{block.name}".lower()), None)
        if key is not None:
            found.append((block.registers, Plain(ip, key)))
    return found
