"""``pynq.utils``: the private functions that ``setup.py`` files of packages of overlays use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from pynq_widgets.as_pynq.delivery import find_local
from pynq_widgets.device import Device


def _detect_devices(active_only: bool = False) -> Any:
    """The names of the devices, or that of the active one; one without a name goes by its tag."""
    if active_only:
        return _name(Device.active_device)
    return [_name(device) for device in Device.devices]


def _name(device: Any) -> str:
    return str(getattr(device, "name", None) or device.tag)


def _find_local_overlay_res(device_name: str, overlay_res_filename: str | os.PathLike[str], src_path: str | os.PathLike[str]) -> str | None:
    """The path of a file, or of the one for the device; None where there is neither."""
    found = find_local(Path(src_path, overlay_res_filename), device_name)
    return None if found is None else str(found)


def extend(module: ModuleType, put: Callable[[Any, str, Any], None]) -> None:
    """Add them."""
    for function in (_detect_devices, _find_local_overlay_res):
        put(module, function.__name__, function)
