"""Device tree overlays of a board: ``.dtbo`` files that the kernel takes through configfs.

Making a directory in ``/sys/kernel/config/device-tree/overlays`` makes an empty overlay there, with the files ``dtbo`` (the compiled
overlay is written to it) and ``status`` (``applied`` or ``unapplied``); removing the directory takes the overlay out of the live tree.
"""

from __future__ import annotations

import os
from contextlib import suppress

SYSTEM_DEVICE_TREE_PATH = "/sys/kernel/config/device-tree/overlays"

# The first word of each compiled device tree, big-endian (Devicetree Specification, section 5.2).
_MAGIC = bytes.fromhex("d00dfeed")


def get_dtbo_path(bitfile_name: str | os.PathLike[str]) -> str:
    """The ``.dtbo`` that belongs to a bitstream: beside it, with the same name. Whether it exists is not looked at."""
    return os.path.splitext(os.fspath(bitfile_name))[0] + ".dtbo"


def get_dtbo_base_name(dtbo_path: str | os.PathLike[str]) -> str:
    """The name of a ``.dtbo`` as the kernel knows the overlay: the file's, up to its first dot."""
    return os.path.basename(os.fspath(dtbo_path)).split(".")[0]


class DeviceTreeSegment:
    """One ``.dtbo`` file, which can be inserted into the device tree of the running kernel and removed again.

    Attributes
    ----------
    dtbo_name : str
        The name of the overlay: the file's up to its first dot.
    dtbo_path : str
        The file.
    sysfs_dir : str
        Where the kernel has the overlay, or would have it.

    Raises ``FileNotFoundError`` if there is no such file, and ``ValueError`` if its name leaves the overlay without one.
    """

    def __init__(self, dtbo_path: str | os.PathLike[str]) -> None:
        dtbo_path = os.fspath(dtbo_path)
        if not os.path.isfile(dtbo_path):
            raise FileNotFoundError(f"The dtbo file {dtbo_path} does not exist.")
        self.dtbo_path = dtbo_path
        self.dtbo_name = get_dtbo_base_name(dtbo_path)
        if not self.dtbo_name:
            raise ValueError(f"{dtbo_path} gives a device tree overlay no name: the file's name must have something before its first dot")
        self.sysfs_dir = os.path.join(SYSTEM_DEVICE_TREE_PATH, self.dtbo_name)

    def __repr__(self) -> str:
        return f"DeviceTreeSegment({self.dtbo_path!r})"

    def is_dtbo_applied(self) -> bool:
        """Whether the kernel has an overlay of this name and has applied it."""
        try:
            with open(os.path.join(self.sysfs_dir, "status")) as status:
                return status.read().strip() == "applied"
        except (FileNotFoundError, NotADirectoryError):
            return False

    def insert(self) -> None:
        """Have the kernel apply the overlay.

        Raises ``RuntimeError`` where the kernel takes no overlays, refuses this one or has one of that name already, and
        ``PermissionError`` without the right to. Whatever goes wrong, an overlay that is not applied is not left behind.
        """
        with open(self.dtbo_path, "rb") as file:
            data = file.read()
        if self.is_dtbo_applied():
            raise RuntimeError(f"Device tree {self.dtbo_name} is applied already: call remove() first, or give the file another name")
        self._make_directory()
        try:
            refusal = self._write(data)
        except BaseException:
            self._clean()
            raise
        if refusal:
            self._clean()
            magic = "" if data.startswith(_MAGIC) else f" {self.dtbo_path} is no compiled device tree (it does not begin with d00dfeed)."
            raise RuntimeError(
                f"Device tree {self.dtbo_name} cannot be applied: {refusal}.{magic} The kernel's log (dmesg) tells why; often a node "
                f"that the overlay refers to is missing, or another overlay describes the same hardware"
            )

    def _make_directory(self) -> None:
        try:
            os.mkdir(self.sysfs_dir)
        except FileExistsError:
            return  # an overlay that is not applied: it can be written to
        except PermissionError as error:
            raise self._not_allowed("make", error) from error
        except OSError as error:
            raise RuntimeError(
                f"Device tree {self.dtbo_name} cannot be applied: this system takes no device tree overlays, for "
                f"{os.path.dirname(self.sysfs_dir)} cannot hold one ({error.strerror or error}). It needs Linux with OF_CONFIGFS "
                f"and configfs mounted: mount -t configfs none /sys/kernel/config"
            ) from error

    def _write(self, data: bytes) -> str:
        """Give the kernel the overlay; what is wrong, or an empty string."""
        target = os.path.join(self.sysfs_dir, "dtbo")
        try:
            with open(target, "wb", buffering=0) as file:
                left = memoryview(data)
                while left:
                    left = left[file.write(left) or len(left) :]
            # The kernel applies on close, which has no way to fail: it shows by what is there afterwards. That is to be read in one go.
            with open(target, "rb", buffering=0) as file:
                kept = file.read(len(data) + 1)
        except PermissionError as error:
            raise self._not_allowed("write", error) from error
        except OSError as error:
            return f"the kernel did not take the file ({error.strerror or error})"
        if kept != data:
            return "the kernel did not keep the overlay"
        return "" if self.is_dtbo_applied() else "its status is not 'applied'"

    def _clean(self) -> None:
        with suppress(OSError):
            os.rmdir(self.sysfs_dir)

    def _not_allowed(self, what: str, error: OSError) -> PermissionError:
        return PermissionError(error.errno, f"device tree overlays need root: no right to {what} it", self.sysfs_dir)

    def remove(self) -> None:
        """Take the overlay out of the device tree; nothing to do where it is not there.

        Raises ``PermissionError`` without the right to, and ``RuntimeError`` where the kernel refuses.
        """
        try:
            os.rmdir(self.sysfs_dir)
        except (FileNotFoundError, NotADirectoryError):
            return
        except PermissionError as error:
            raise self._not_allowed("remove", error) from error
        except OSError as error:
            raise RuntimeError(
                f"Device tree {self.dtbo_name} cannot be removed ({error.strerror or error}): overlays that were applied after it and "
                f"build on it go first"
            ) from error
