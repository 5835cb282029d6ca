"""What was downloaded last, kept in a file, by the names of PYNQ's ``pl_server.global_state``.

PYNQ keeps it beside its own code, where only root may write, and believes it after the bitstream has changed. Here it stands in the
user's cache (``$XDG_CACHE_HOME/pynq-widgets``, else ``~/.cache/pynq-widgets``), and what it says of a bitstream that has another
content by now, or is not there any more, counts as not said.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pynq_widgets.device.whole_file import whole_file

__all__ = [
    "GlobalState",
    "ShutdownIP",
    "bitstream_hash",
    "clear_global_state",
    "global_state_file_exists",
    "initial_global_state_file_boot_check",
    "load_global_state",
    "save_global_state",
]

# What Linux says of the programmable logic: whether it has been loaded since the start.
FPGA_MANAGER = Path("/sys/class/fpga_manager/fpga0")


@dataclass
class ShutdownIP:
    """A shutdown manager of a design: `name` is its path, `base_addr` its bus address."""

    name: str
    base_addr: int


@dataclass
class GlobalState:
    """What is known of the bitstream on a device.

    Attributes
    ----------
    bitfile_name : str
        Absolute path.
    active_name : str
        Name of the design.
    timestamp : str
        When it was downloaded, in PYNQ's words.
    bitfile_hash : str
        SHA-1 of the file as it was then, see :func:`bitstream_hash`; empty: taken when the state is saved.
    shutdown_ips : dict
        The shutdown managers by name, which are to be asked before another bitstream is loaded.
    psddr : dict
        PYNQ's entry of the memory of the processing system.
    """

    bitfile_name: str
    active_name: str
    timestamp: str
    bitfile_hash: str = ""
    shutdown_ips: dict[str, ShutdownIP] = field(default_factory=dict)
    psddr: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, addr: int) -> None:
        """Add a shutdown manager, where it is not known yet."""
        self.shutdown_ips.setdefault(name, ShutdownIP(name, addr))

    def json(self) -> str:
        """The state as text, which is what the file holds."""
        return json.dumps(asdict(self))

    @classmethod
    def parse_obj(cls, found: Any) -> GlobalState:
        """The state of the dictionary that :meth:`json` wrote; ``ValueError`` where it is none."""
        try:
            ips = {name: ShutdownIP(str(ip["name"]), int(ip["base_addr"])) for name, ip in found.get("shutdown_ips", {}).items()}
            return cls(
                str(found["bitfile_name"]),
                str(found["active_name"]),
                str(found["timestamp"]),
                str(found.get("bitfile_hash", "")),
                ips,
                dict(found.get("psddr", {})),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"this is not what was kept of a bitstream: {type(error).__name__} {error}") from None


def bitstream_hash(filename: str | os.PathLike[str]) -> str:
    """SHA-1 of a file, as hexadecimal text."""
    digest = hashlib.sha1(usedforsecurity=False)
    with open(filename, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if os.path.isabs(cache) else Path.home() / ".cache") / "pynq-widgets"


def _get_state_path(device_tag: str = "") -> Path:
    """The file for the device of this tag."""
    return _folder() / f"global_pl_state_{re.sub('[^A-Za-z0-9_.-]', '_', device_tag)}.json"


def save_global_state(state: GlobalState, device_tag: str = "") -> None:
    """Keep `state`, in place of what was kept for the device; who reads meanwhile finds the one or the other whole."""
    path = _get_state_path(device_tag)
    if not state.bitfile_hash and os.path.isfile(state.bitfile_name):
        state.bitfile_hash = bitstream_hash(state.bitfile_name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(state.json().encode())


def load_global_state(device_tag: str = "") -> GlobalState | None:
    """What was kept for the device; None where nothing was, where it cannot be read, or where the bitstream has changed since."""
    try:
        state = GlobalState.parse_obj(json.loads(_get_state_path(device_tag).read_text(encoding="utf-8")))
        current = bitstream_hash(state.bitfile_name)
    except (OSError, ValueError, RecursionError):
        return None
    return state if current == state.bitfile_hash else None


def global_state_file_exists(device_tag: str = "") -> bool:
    """Whether :func:`load_global_state` has something to give."""
    return load_global_state(device_tag) is not None


def clear_global_state(device_tag: str = "") -> None:
    """Keep nothing for the device any more."""
    _get_state_path(device_tag).unlink(missing_ok=True)


def initial_global_state_file_boot_check(device_tag: str = "") -> None:
    """Forget what was kept where the programmable logic has not been loaded since the machine was started.

    Where Linux has no FPGA manager there is nothing to compare with, and nothing is done.
    """
    try:
        state = (FPGA_MANAGER / "state").read_text()
        flags = (FPGA_MANAGER / "flags").read_text()
    except OSError:
        return
    if state.startswith("unknown") or flags.startswith("100"):
        clear_global_state(device_tag)
