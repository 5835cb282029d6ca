"""setuptools, with an editable install that type checkers can follow.

Packages come from two folders (the checkout and ``drivers/``). For such a layout setuptools' editable install is an import hook, which
no type checker runs, so ``import pynq_widgets`` would be an untyped unknown outside the checkout. Here the hook is replaced
by a ``.pth`` file that names both folders: what Python imports and what a type checker sees are then the same files.

PEP 517 and PEP 660 name the functions of a build backend; all but ``build_editable`` are setuptools' own.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import (
    build_sdist,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

CHECKOUT = Path(__file__).resolve().parent.parent
IMPORT_ROOTS = (CHECKOUT, CHECKOUT / "drivers")


def build_editable(wheel_directory: str, config_settings: dict[str, str] | None = None, metadata_directory: str | None = None) -> str:
    """setuptools' editable wheel, its import hook replaced by paths; a mode asked for (``-C editable_mode=strict``) is left as it is."""
    name: str = build_meta.build_editable(wheel_directory, config_settings, metadata_directory)
    if not (config_settings or {}).get("editable_mode"):
        _replace_hook(Path(wheel_directory, name))
    return name


def _replace_hook(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    record = next(entry for entry in files if entry.endswith(".dist-info/RECORD"))
    kept = {entry: data for entry, data in files.items() if entry != record and not entry.startswith("__editable__")}
    kept["__editable__.pynq_widgets.pth"] = "".join(f"{root}\n" for root in IMPORT_ROOTS).encode()
    lines = [f"{entry},sha256={_digest(data)},{len(data)}" for entry, data in kept.items()]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in kept.items():
            archive.writestr(entry, data)
        archive.writestr(record, "\n".join([*lines, f"{record},,", ""]))


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
