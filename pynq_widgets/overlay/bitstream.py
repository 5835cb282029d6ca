"""Bitstream: a file that a device can be loaded with, and the device tree overlay that belongs to it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pynq_widgets.access.port import bus_lock
from pynq_widgets.device.contract import Device
from pynq_widgets.device.loaded import DICTIONARIES

from . import life as lives

if TYPE_CHECKING:
    from pathlib import Path


class Bitstream:
    """A bitstream, whole or partial, for a device; nothing is loaded before :meth:`download`.

    An :class:`Overlay` is one, with the objects of its design.

    Attributes
    ----------
    bitfile_name : str
        Absolute path of the file.
    dtbo : str or None
        Absolute path of the device tree overlay that goes with it.
    partial : bool
        Whether it is for a part of the device.
    region : str or None
        Of a partial one: the path of the region that it is for, where that is known.
    device : Device
        Where it is to be loaded.
    timestamp : str
        When it was downloaded, empty if it was not.
    bit_data, binfile_name, firmware_path
        Left to the device, which may keep there what its ``download`` made of the file, as PYNQ's do.
    """

    bitfile_name: str
    dtbo: str | None
    partial: bool
    device: Any
    timestamp: str

    def __init__(
        self,
        bitfile_name: str | os.PathLike[str],
        dtbo: str | os.PathLike[str] | None = None,
        partial: bool = False,
        device: Any = None,
    ) -> None:
        """Find a bitstream.

        Parameters
        ----------
        bitfile_name
            A path, or a name in the current folder or in an installed package of overlays. Where ``NAME.bit`` is not there but a folder
            ``NAME.bit.d`` is, it is the file ``NAME.<name of the device>.bit`` in that.
        dtbo
            Device tree overlay: a path, or a name beside the bitstream; default the ``.dtbo`` of the same name, if there is one.
        partial
            Whether it is a partial bitstream.
        device
            Default ``Device.active_device``.

        Raises ``TypeError`` for another type of name and ``FileNotFoundError`` (an ``IOError``) for a file that is not there, saying
        where it was looked for. Where the name fits several files a ``UserWarning`` says which one is taken.
        """
        if not isinstance(bitfile_name, (str, os.PathLike)):
            raise TypeError("Bitstream name has to be a string.")
        from .loader import find_bitfile  # see overlay.load()

        target = Device.active_device if device is None else device
        self._take(find_bitfile(bitfile_name, target), dtbo, partial, target)

    def _take(self, path: Path, dtbo: str | os.PathLike[str] | None, partial: bool, device: Any) -> None:
        """Stand for the file `path`, which was found."""
        self.device = device
        self.bitfile_name = str(path)
        self.dtbo = find_dtbo(dtbo, path)
        self.partial = partial
        self.region: str | None = None
        self.bit_data: dict[str, Any] = {}
        self.binfile_name = ""
        self.firmware_path = ""
        self.timestamp = ""

    def download(self, parser: Any = None) -> None:
        """Have the device load it; `parser` is what describes the design, where the device need not read that itself.

        After a full one everything that was made for what the device held before is stale.
        """
        if self.partial:
            self._download_partial(parser)
            return
        before, held = lives.generation_of(self.device), getattr(self.device, "design", None)
        with bus_lock(self.device):
            self.device.download(self, parser)
            lives.cut(self.device, self.bitfile_name, reason=f"{lives.short(self.bitfile_name)} was downloaded as a Bitstream")
        found = getattr(self.device, "design", None)
        source = self._description() if parser is None and found is held else parser or found
        if source is None and found is not None:
            if getattr(type(self.device), "prepare", None) is Device.prepare:
                self.device.design = None  # what is there now has nothing to do with it
            else:
                source = found  # the simulated device goes on with the design that it has
        design = source if hasattr(source, "address_map") else getattr(source, "design", None)
        self._tell_device(before, source, design)
        self.timestamp = self.device.timestamp = now()

    def _download_partial(self, parser: Any) -> None:
        """What is in the region, and the region itself, are known where the file's own handoff and the loaded design tell."""
        from pynq_widgets.design import DesignError, region_for

        source = self._description() if parser is None else parser
        design: Any = source if hasattr(source, "address_map") else getattr(source, "design", None)
        around: Any = getattr(self.device, "design", None)
        region = self.region
        if region is None and design is not None and hasattr(around, "regions"):
            with suppress(DesignError):  # it may be for another design; the device is asked all the same
                region = region_for(around, design)
        self.region = region
        with bus_lock(self.device):
            self.device.download(self, source)
        if region is not None and hasattr(around, "regions"):
            self.device.update_partial_region(region, source)
        self.timestamp = now()

    def _description(self) -> Any:
        """What the device or the files beside the bitstream say is in it; None where nothing does."""
        from pynq_widgets.design import DesignError, read_design

        try:
            known = None
            if hasattr(self.device, "get_bitfile_metadata"):
                asked = {"partial": True} if self.partial else {}
                known = self.device.get_bitfile_metadata(self.bitfile_name, **asked)
            return read_design(self.bitfile_name) if known is None else known
        except DesignError:
            return None

    def _tell_device(self, before: int, source: Any, design: Any) -> None:
        """Have the device know what it holds now; `before` is what it had counted to, `source` where PYNQ's dictionaries come from."""
        device = self.device
        if lives.generation_of(device) == before:
            device.generation = before + 1
        device.bitfile_name = self.bitfile_name
        if getattr(device, "parser", None) is not source:
            # The device's dictionaries are of what was there before; they are made of the parser when they are asked for.
            for name in DICTIONARIES:
                vars(device).pop(name, None)
        device.parser = source
        if design is not None and getattr(device, "design", None) is not design and hasattr(device, "prepare"):
            device.prepare(design)

    def gen_cache(self, parser: Any = None) -> None:
        """Have a device that keeps descriptions of bitstreams (PYNQ's board devices) keep this one's.

        There is nothing to do for others: a description is read from its file each time, and so is never older than that.
        """
        keep = getattr(self.device, "gen_cache", None)
        if keep is not None:
            keep(self, parser)

    def insert_dtbo(self, dtbo: str | os.PathLike[str] | None = None) -> None:
        """Insert the device tree overlay `dtbo`, which takes the place of the bitstream's own; default: that.

        Raises ``ValueError`` where there is none and ``FileNotFoundError`` for one that is not there.
        """
        if dtbo:
            self.dtbo = find_dtbo(dtbo, self.bitfile_name)
        if not self.dtbo:
            raise ValueError(
                f"DTBO path has to be specified: there is no {os.path.basename(os.path.splitext(self.bitfile_name)[0])}.dtbo beside "
                f"{os.path.basename(self.bitfile_name)}"
            )
        self.device.insert_device_tree(self.dtbo)

    def remove_dtbo(self) -> None:
        """Take the bitstream's device tree overlay out again."""
        self.device.remove_device_tree(self.dtbo)


def now() -> str:
    """This moment as PYNQ writes it: ``2026/11/22 17:10:09 +789120``, microseconds last."""
    now = time.time()
    return f"{time.strftime('%Y/%m/%d %H:%M:%S', time.localtime(now))} +{int(now % 1 * 1e6)}"


def find_dtbo(dtbo: Any, bitfile_name: str | os.PathLike[str]) -> str | None:
    """The absolute path of the device tree overlay `dtbo`, which is a path or stands beside the bitstream; None: the one of its name."""
    from pathlib import Path

    path = Path(bitfile_name)
    if dtbo is None:
        beside = path.with_suffix(".dtbo")
        return str(beside) if beside.is_file() else None
    if not isinstance(dtbo, (str, os.PathLike)):
        hint = f"; write download={dtbo}, or derive from DefaultOverlay, whose second argument it is" if isinstance(dtbo, bool) else ""
        raise TypeError(f"dtbo must be the name of a device tree overlay, as str or Path, not {type(dtbo).__name__}: {dtbo!r}{hint}")
    for candidate in (Path(dtbo), path.parent / dtbo):
        if candidate.is_file():
            return os.path.abspath(candidate)  # links are not followed, as for the bitstream
    raise FileNotFoundError(f"No device tree overlay {str(dtbo)!r}: looked in {Path.cwd()} and {path.parent}")
