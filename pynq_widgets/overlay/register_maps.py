"""The register maps of an IP with several interfaces: one for each address range that has registers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pynq_widgets.access import RegisterMap
from pynq_widgets.design import hls

if TYPE_CHECKING:
    from .ip import DefaultIP


class RegisterMaps(Mapping[str, RegisterMap]):
    """By interface, by block, or by ``'interface/block'``, each made when first asked for.

    ``ip.register_map`` is that of the primary range. An HLS core with its control in one bundle and its pointers in another has two maps,
    each with offsets of its own.
    """

    def __init__(self, ip: DefaultIP) -> None:
        self._ip = ip
        self._made: dict[str, RegisterMap] = {}

    def _block(self, entry: Mapping[str, Any]) -> Any:
        """The address block of one of the IP's ranges, where the design lists registers in it."""
        module = self._ip.description.get("module")
        block: Any = None if module is None else module.block(entry["interface"], entry["block"])
        if block is None or not block.registers:
            return None
        # Two ranges of one interface are two blocks, of which the file may describe one.
        return block if not entry["block"] or block.name.lower() == entry["block"].lower() else None

    def _is_primary(self, entry: Mapping[str, Any]) -> bool:
        return bool(entry["base"] == self._ip.description.get("phys_addr"))

    def _names(self) -> dict[str, Mapping[str, Any]]:
        known = self._ip.description.get("registers")
        return {
            name: entry
            for name, entry in self._ip.mmios.entries().items()
            if (bool(known) if self._is_primary(entry) else self._block(entry) is not None)
        }

    def __getitem__(self, key: str) -> RegisterMap:
        full, entry = self._ip.mmios.find(key)
        if full not in self._names():
            having = ", ".join(self) or "none"
            raise KeyError(f"the design lists no registers for {full!r} of {self._ip._where()}; of its ranges {having} has them")
        if full not in self._made:
            self._made[full] = self._ip.register_map if self._is_primary(entry) else self._make(full, entry)
        return self._made[full]

    def _make(self, full: str, entry: Mapping[str, Any]) -> RegisterMap:
        block = self._block(entry)
        registers = hls.with_start(block.registers)
        return RegisterMap.create_subclass(str(entry["interface"]), registers)(self._ip.mmios[full])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __repr__(self) -> str:
        lines = (f"{name}: {type(self[name]).__name__} at {entry['base']:#010x}" for name, entry in self._names().items())
        return "\n".join(lines) or "no registers in the design"
