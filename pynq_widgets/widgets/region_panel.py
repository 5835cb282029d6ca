"""Which module stands in which reconfigurable region, and what could: shown for a region and for the cores before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pynq_widgets.overlay.decoupling import guards_of
from pynq_widgets.overlay.regions import download
from pynq_widgets.overlay.standing import Region, candidates, standing

from .panel import Panel

_HERE = Path(__file__).parent / "frontend"


class RegionPanel(Panel):
    """The regions of the overlay that `ip` is of: the module in each, the files beside the overlay's that fit, and whether it is apart.

    Where `ip` is a region, or a decoupler before one, that region alone. Loading is ``ol.pr_download``; of decouplers each tick reads
    whether they decouple.
    """

    module = _HERE / "region.js"
    stylesheet = _HERE / "region.css"
    reads = ()
    rate = 2.0

    def __init__(self, ip: Any, **options: Any) -> None:
        self._overlay = getattr(ip, "_overlay", None) or ip.description.get("overlay")
        self._apart: dict[str, bool | None] = {}
        self._files: dict[str, list[Path]] | None = None
        super().__init__(ip, **options)

    def _regions(self) -> list[Region]:
        design, path = self._overlay.design, self.path
        all_of_them = standing(self._overlay)
        mine = [region for region in all_of_them.values() if region.path == path or path in guards_of(design.static, region.path)]
        return mine or list(all_of_them.values())

    def look(self) -> Mapping[str, Any]:
        return {"regions": [self._said(region, self._choices(region.path)) for region in self._regions()]}

    def _choices(self, region: str) -> list[Path]:
        if self._files is None:
            self._files = candidates(self._overlay)
        return self._files.get(region, [])

    def _said(self, region: Region, files: list[Path]) -> dict[str, Any]:
        return {
            "path": region.path,
            "module": region.module,
            "file": Path(region.file).name,
            "note": _note(region),
            "apart": self._apart.get(region.path),
            "files": [path.name for path in files],
        }

    def tick(self) -> None:
        for region in self._regions():
            self._apart[region.path] = self._decoupled(region.path)

    def _decouplers(self, region: str) -> list[Any]:
        design = self._overlay.design
        found = [self._overlay[path] for path in guards_of(design.static, region)]
        return [each for each in found if hasattr(each, "decouple") and getattr(each, "controllable", True)]

    def _decoupled(self, region: str) -> bool | None:
        decouplers = self._decouplers(region)
        return any(each.decoupled for each in decouplers) if decouplers else None

    # What the page may ask.

    def do_load(self, *, region: str, file: str) -> None:
        """Puts the module of a file beside the overlay's into a region."""
        path = next((path for path in self._choices(region) if path.name == file), None)
        if path is None:
            raise ValueError(f"{file!r} is none of the files for region {region}")
        download(self._overlay, region, path)

    def do_decouple(self, *, region: str, apart: bool) -> None:
        """Decouples a region, or couples it."""
        decouplers = self._decouplers(region)
        if not decouplers:
            raise RuntimeError(f"nothing before region {region} is worked by software")
        for each in decouplers:
            (each.decouple if apart else each.couple)()
        self._apart[region] = self._decoupled(region)

    def do_search(self) -> None:
        """Looks again what files there are."""
        self._files = None

    # What a saved notebook shows.

    def facts(self) -> Iterable[tuple[str, str]]:
        for region in self._regions():
            yield region.path, f"{region.module} ({Path(region.file).name})" if region.module else _note(region)


def _note(region: Region) -> str:
    if region.module:
        return ""
    return "what the whole bitstream has there" if region.known else "a download failed: nobody knows what is there"
