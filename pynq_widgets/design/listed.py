"""PYNQ's dictionaries of a design: a name that is not there is told with those that are near."""

from __future__ import annotations

from typing import Any


class Listed(dict[str, dict[str, Any]]):
    """Descriptions of IP by path. ``KeyError`` names the nearest; PYNQ 1 had the names of Vivado's segments, ``SEG_axi_gpio_0_Reg``."""

    def __missing__(self, path: Any) -> dict[str, Any]:
        if not isinstance(path, str):
            raise KeyError(path)
        from difflib import get_close_matches

        wanted = path.removeprefix("SEG_").removesuffix("_Reg")
        lower = {known.lower(): known for known in self}
        by_end = {known.rpartition("/")[2].lower(): known for known in self}
        near = [known for known in self if known.rpartition("/")[2] == wanted]  # in hierarchies
        near += [lower[match] for match in get_close_matches(wanted.lower(), lower, 3)]
        near += [by_end[match] for match in get_close_matches(wanted.lower(), by_end, 3)]
        near = list(dict.fromkeys(near))
        more = f"; did you mean {', '.join(map(repr, near[:3]))}?" if near else f"; it has {len(self)} IP" if self else "; it has no IP"
        raise KeyError(f"no IP {path!r} in the design{more}")
