"""Names of bus addresses: which register of which IP stands where, as the design says."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any


def near_hint(name: object, known: Iterable[str]) -> str:
    """``'; did you mean dma?'``: the end of an error about `name`, where there are near ones; else nothing."""
    from difflib import get_close_matches  # only mistakes need it

    near = get_close_matches(str(name), list(known), 3)
    return f"; did you mean {', '.join(near)}?" if near else ""


class Names:
    """Addresses of a design by name; each range is looked into when an address in it is first asked for."""

    def __init__(self, design: Any = None) -> None:
        ranges = getattr(design, "address_map", ()) or ()
        self._ranges = sorted(ranges, key=lambda each: int(each.base))
        self._bases = [int(each.base) for each in self._ranges]
        self._registers: dict[int, dict[int, tuple[str, int]]] = {}
        self._known: dict[int, str] = {}

    def of(self, address: int) -> str:
        """``'ip.REGISTER'``; ``'ip+0x10'`` for a word that is no register; empty where the design has nothing."""
        name = self._known.get(address)
        if name is None:
            name = self._known[address] = self._find(address)
            if len(self._known) > 100_000:
                self._known.clear()
        return name

    def _find(self, address: int) -> str:
        at = bisect_right(self._bases, address) - 1
        if at < 0 or address > int(self._ranges[at].high):
            return ""
        found = self._ranges[at]
        offset = address - int(found.base)
        register = self._known_in(at).get(offset)
        return f"{found.slave}.{register[0]}" if register is not None else f"{found.slave}+{offset:#x}"

    def _known_in(self, at: int) -> dict[int, tuple[str, int]]:
        registers = self._registers.get(at)
        if registers is None:
            registers = self._registers[at] = _registers(self._ranges[at])
        return registers

    def reset_value(self, address: int) -> int:
        """The reset value of the register at `address`, 0 where the design tells none."""
        at = bisect_right(self._bases, address) - 1
        if at < 0 or address > int(self._ranges[at].high):
            return 0
        return self._known_in(at).get(address - int(self._ranges[at].base), ("", 0))[1] & 0xFFFF_FFFF

    def address_of(self, name: str) -> tuple[int, int]:
        """The first and the last address of `name`: a register (``'ip.REGISTER'``) or a whole IP (``'ip'``).

        Raises ``ValueError``, with the near names, where the design has neither.
        """
        spans = [(int(each.base), int(each.high)) for each in self._ranges if each.slave == name]
        if spans:
            return min(low for low, _ in spans), max(high for _, high in spans)
        path, _, register = name.rpartition(".")
        names = [each.slave for each in self._ranges]
        for at, each in enumerate(self._ranges):
            if each.slave == path:
                for offset, (known, _) in self._known_in(at).items():
                    if known == register:
                        return int(each.base) + offset, int(each.base) + offset + 3
                    names.append(f"{path}.{known}")
        raise ValueError(f"the design has no IP or register {name!r}{near_hint(name, names)}")


def _registers(where: Any) -> dict[int, tuple[str, int]]:
    blocks = getattr(where.module, "blocks", ()) if where.module is not None else ()
    own = [block for block in blocks if block.interface == where.interface and block.name == where.block]
    found: dict[int, tuple[str, int]] = {}
    for block in own or blocks[:1]:
        for register in block.registers:
            found.setdefault(register.offset, (register.name, register.reset_value or 0))
    return found
