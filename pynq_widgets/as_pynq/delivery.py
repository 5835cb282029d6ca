"""Notebooks and overlays of a package, put where a person finds them, with the files that belong to the devices that are here.

A file ``base.bit`` of a package may be there itself; or as a folder ``base.bit.d`` with ``base.<device>.bit`` for each device; or as
``base.bit.link``, JSON that has, for each device or for all, ``{"url": ..., "md5sum": ...}``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_SCHEMES = ("https://", "http://", "file://")
_CHUNK = 1 << 20


class OverlayNotFoundError(Exception):
    """There is no file of an overlay for the device."""


class DownloadedFileChecksumError(Exception):
    """What was fetched is not what the ``.link`` file says."""


def deliver_notebooks(
    device_name: str,
    src_path: str | os.PathLike[str],
    dst_path: str | os.PathLike[str],
    name: str,
    folder: bool = False,
    overlays_res_lookup: bool = True,
) -> None:
    """Copy the notebooks below `src_path`, and all that stands beside them, to `dst_path`, or where `folder` says so to `name` in that.

    Of what differs from device to device the file for `device_name` is delivered, under its plain name; a folder with notebooks for
    which one cannot be had is left out, and the log says so. With `overlays_res_lookup` False none of that is looked at. Where copying
    fails, what has been copied is taken back.
    """
    log = _log()
    target = Path(dst_path, name) if folder else Path(dst_path)
    source = Path(src_path)
    with tempfile.TemporaryDirectory() as fetched:
        plan: dict[Path, Path] = {}
        for root in _folders_with_notebooks(source):
            try:
                plan.update(_plan(root, target / root.relative_to(source), device_name, overlays_res_lookup, Path(fetched)))
            except OverlayNotFoundError as missing:
                log.info("%s: %s; its notebooks are not delivered", Path(name, root.relative_to(source)), missing)
        plan.pop(target / "__init__.py", None)
        if not plan:
            log.info("%s is not delivered: it has no notebooks, or none whose overlays are here", name)
            return
        _copy(plan)


def _folders_with_notebooks(source: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(source):
        folders[:] = sorted(folder for folder in folders if folder != "__pycache__" and not folder.endswith(".d"))
        if any(file.endswith(".ipynb") for file in files):
            yield Path(root)


def _plan(root: Path, target: Path, device: str, lookup: bool, fetched: Path) -> dict[Path, Path]:
    """Target to source of each file that is to be copied for the notebooks of one folder."""
    plan: dict[Path, Path] = {}
    for entry in sorted(root.iterdir()):
        if entry.name == "__pycache__":
            continue
        if entry.suffix in (".d", ".link"):
            plain = entry.with_suffix("")
            if lookup and target / plain.name not in plan:
                plan[target / plain.name] = _for_device(plain, device, fetched)
        elif entry.is_dir():
            if not any(_folders_with_notebooks(entry)):  # else it is looked at by itself
                for file in sorted(entry.rglob("*")):
                    if file.is_file() and "__pycache__" not in file.parts:
                        plan[target / file.relative_to(root)] = file
        else:
            plan[target / entry.name] = entry
    return plan


def _for_device(plain: Path, device: str, fetched: Path) -> Path:
    local = find_local(plain, device)
    if local is not None:
        return local
    link = plain.with_name(f"{plain.name}.link")
    entry = _entry(link, device) if link.is_file() else None
    if entry is None:
        raise OverlayNotFoundError(f"there is no {plain.name} for device {device!r}")
    place = Path(tempfile.mkdtemp(dir=fetched)) / plain.name
    try:
        fetch(entry["url"], place, entry.get("md5sum"))
    except (OSError, DownloadedFileChecksumError) as error:
        raise OverlayNotFoundError(f"{plain.name} for device {device!r} cannot be had: {error}") from error
    return place


def find_local(plain: Path, device: str) -> Path | None:
    """The file `plain`, or the one for `device` in the folder of its name with ``.d``."""
    own = plain.with_name(f"{plain.name}.d") / f"{plain.stem}.{device}{plain.suffix}"
    return next((path for path in (plain, own) if path.is_file()), None)


def _links(link: Path) -> dict[str, Any]:
    found = json.loads(link.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{link}: expected an object with devices, or with 'url' and 'md5sum', not {type(found).__name__}")
    return found


def _entry(link: Path, device: str | None) -> dict[str, Any] | None:
    links = _links(link)
    found = links if "url" in links and "md5sum" in links else links.get(device or "")
    return found if isinstance(found, dict) and isinstance(found.get("url"), str) else None


def fetch(url: str, path: Path, md5sum: str | None = None) -> None:
    """Put what is at `url` (``https``, ``http`` or ``file``) at `path`, whole or not at all.

    Raises :class:`DownloadedFileChecksumError` where its MD5 is not `md5sum`, ``OSError`` where it cannot be had, ``ValueError`` for
    another kind of address.
    """
    if not url.startswith(_SCHEMES):
        raise ValueError(f"{url!r} is no address to fetch from: expected one that begins with {', '.join(_SCHEMES)}")
    from pynq_widgets.device.whole_file import whole_file

    digest = hashlib.md5(usedforsecurity=False)
    with urllib.request.urlopen(url) as answer, whole_file(path) as file:
        while chunk := answer.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        if md5sum and digest.hexdigest() != md5sum.lower():
            raise DownloadedFileChecksumError(f"{url}: its MD5 is {digest.hexdigest()}, {md5sum} was expected; nothing was kept")


def _copy(plan: dict[Path, Path]) -> None:
    done: list[Path] = []
    made: list[Path] = []
    try:
        for target, source in plan.items():
            missing = [parent for parent in (target.parent, *target.parent.parents) if not parent.exists()]
            made += missing
            target.parent.mkdir(parents=True, exist_ok=True)
            existed = target.exists()
            shutil.copy2(source, target)
            if not existed:
                done.append(target)
    except BaseException:
        for target in done:
            target.unlink(missing_ok=True)
        for parent in sorted(made, key=lambda path: -len(path.parts)):
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise


def download_overlays(
    path: str | os.PathLike[str],
    download_all: bool = False,
    fail_at_lookup: bool = False,
    fail_at_device_detection: bool = False,
    cleanup: bool = False,
) -> None:
    """Fetch what the ``.link`` files below `path` name, for the devices that are here.

    A file that is the same for all devices is put under its plain name, one for a device in the folder ``<file>.d``. What is there already
    is not fetched.

    Parameters
    ----------
    download_all
        For every device that a ``.link`` names.
    fail_at_lookup
        Raise :class:`OverlayNotFoundError` for a file that cannot be had; else the log says so.
    fail_at_device_detection
        Raise ``RuntimeError`` where no device is known.
    cleanup
        Remove the ``.link`` files at the end.
    """
    log = _log()
    try:
        devices = detect_devices()
    except RuntimeError:
        if fail_at_device_detection:
            raise
        devices = []
    links = sorted(Path(path).rglob("*.link"))
    for link in links:
        for target, entry in _wanted(link, devices, download_all):
            if target.is_file():
                continue
            try:
                if entry is None:
                    raise OverlayNotFoundError(f"{link} names none for it")
                log.info("Downloading %s", target.name)
                target.parent.mkdir(exist_ok=True)
                fetch(entry["url"], target, entry.get("md5sum"))
            except (OSError, ValueError, OverlayNotFoundError, DownloadedFileChecksumError) as error:
                if target.parent.name.endswith(".d") and target.parent.is_dir() and not any(target.parent.iterdir()):
                    target.parent.rmdir()
                if fail_at_lookup:
                    raise OverlayNotFoundError(f"Could not resolve file {target.name!r}: {error}") from error
                log.info("Could not resolve file %r: %s", target.name, error)
    if cleanup:
        for link in links:
            link.unlink()


def _wanted(link: Path, devices: Iterable[str], download_all: bool) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    plain = link.with_suffix("")
    if plain.is_file():
        return
    common = _entry(link, None)
    if common is not None:
        yield plain, common
        return
    for device in _links(link) if download_all else devices:
        yield plain.with_name(f"{plain.name}.d") / f"{plain.stem}.{device}{plain.suffix}", _entry(link, device)


def detect_devices() -> list[str]:
    """The names of the devices for which overlays are wanted: the board that ``$BOARD`` names, else those devices that have a name.

    The simulated device is none of them: no files are made for it.

    Raises ``RuntimeError`` where there is neither.
    """
    board = os.environ.get("BOARD")
    if board:
        return [board]
    from pynq_widgets.device import Device

    boards = [device for device in Device.devices if getattr(device, "kind", "") != "simulated"]
    names = [name for device in boards if isinstance(name := getattr(device, "name", None), str)]
    if not names:
        raise RuntimeError("No device found in the system. Is the BOARD environment variable set?")
    return names


def _log() -> Any:
    from .utils import get_logger

    return get_logger()
