"""What the kernel shows of the board, as files below one root."""

from __future__ import annotations

import os
import sys


class Linux:
    """The kernel's files. Tests put ordinary ones below a `root` of their own.

    `machine` is the kernel's name of the processor (``'armv7l'``, ``'aarch64'``), `system` that of Python's ``sys.platform``.
    """

    def __init__(self, root: str | os.PathLike[str] = "/", machine: str | None = None, system: str = sys.platform) -> None:
        self.root = os.fspath(root)
        # The module platform would say the same, after it was imported.
        self.machine = machine if machine is not None else os.uname().machine if hasattr(os, "uname") else ""
        self.system = system

    def path(self, name: str) -> str:
        """Where the file `name` (``'/dev/mem'``) is."""
        return os.path.join(self.root, name.lstrip("/"))

    def exists(self, name: str) -> bool:
        """Whether the file or folder `name` is there."""
        return os.path.exists(self.path(name))

    def text(self, name: str) -> str | None:
        """The contents of `name` without what is blank at both ends; None where it cannot be read."""
        try:
            with open(self.path(name), "rb") as file:
                return file.read().decode("utf-8", "replace").strip("\0\n\t ")
        except OSError:
            return None

    def number(self, name: str) -> int | None:
        """The contents of `name` as a number, decimal or with 0x; None where it cannot be read or is none."""
        text = self.text(name)
        try:
            return None if text is None else int(text, 0)
        except ValueError:
            return None

    def write(self, name: str, text: str) -> None:
        """Put `text` into `name` in one write, as attributes of the kernel want it. `OSError` is what the kernel has against it."""
        handle = os.open(self.path(name), os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(handle, text.encode())
        finally:
            os.close(handle)

    def why_not(self, name: str, flags: int) -> str | None:
        """Why `name` cannot be opened with `flags`, in the system's words; None where it can be."""
        try:
            os.close(os.open(self.path(name), flags))
        except OSError as error:
            return error.strerror or str(error)
        return None

    @property
    def compatible(self) -> tuple[str, ...]:
        """The names that the device tree has for this machine, the most special first."""
        text = self.text("/proc/device-tree/compatible")
        return tuple(text.split("\0")) if text else ()
