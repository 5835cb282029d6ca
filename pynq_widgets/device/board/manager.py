"""The kernel's FPGA manager, which configures the logic from a file in the folder of firmware.

Source: the kernel's ``Documentation/ABI/testing/sysfs-class-fpga-manager``; the attributes ``flags`` and ``firmware`` are those of the
kernels that AMD publishes for these parts, and PYNQ's images have.
"""

from __future__ import annotations

import os

from pynq_widgets.device.board.images import Image
from pynq_widgets.device.board.linux import Linux
from pynq_widgets.device.whole_file import whole_file

FOLDER = "/sys/class/fpga_manager/fpga0"
FIRMWARE = "/lib/firmware"

_PARTIAL = 1  # FPGA_MGR_PARTIAL_RECONFIG

_CAUSES = {
    "firmware request error": "the kernel did not find the file in its folders of firmware",
    "write init error": "the logic did not get ready: the image is not for this part, or no configuration data",
    "write error": "the transfer of the image was broken off: the image is not for this part, or damaged",
    "write complete error": "the logic did not start: the image is not for this part, or damaged",
}


class DownloadError(RuntimeError):
    """The FPGA manager did not take an image. `state` is what the manager says of the logic."""

    def __init__(self, message: str, state: str = "") -> None:
        self.state = state
        super().__init__(message)


class FpgaManager:
    """Configures the logic."""

    def __init__(self, linux: Linux) -> None:
        self._linux = linux

    @property
    def state(self) -> str:
        """What the manager says of the logic: ``'operating'``, ``'unknown'``, ``'write error'``, …; '' where there is no manager."""
        return self._linux.text(f"{FOLDER}/state") or ""

    def load(self, image: Image, partial: bool = False) -> str:
        """Put `image` into the folder of firmware and have it loaded; the path it has there.

        `DownloadError` where that fails: what the kernel said, the state of the manager, and what to look at.
        """
        for name in ("flags", "firmware"):
            if not self._linux.exists(f"{FOLDER}/{name}"):
                raise DownloadError(
                    f"the kernel has no {FOLDER}/{name}: to load a bitstream it needs the FPGA manager of AMD's kernels (linux-xlnx, "
                    "CONFIG_FPGA), as PYNQ's images have it; other kernels load one with a device tree overlay"
                )
        path = os.path.join(self._linux.path(FIRMWARE), image.name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with whole_file(path) as file:
                file.write(image.data)
        except OSError as error:
            raise DownloadError(
                f"{image.name} cannot be put into {FIRMWARE}, where the kernel takes it from: {error.strerror or error}", self.state
            ) from error
        try:
            self._linux.write(f"{FOLDER}/flags", str(_PARTIAL if partial else 0))
            self._linux.write(f"{FOLDER}/firmware", image.name)
        except OSError as error:
            raise self._failed(image, error.strerror or str(error)) from error
        if self.state != "operating":
            raise self._failed(image, "")
        return path

    def _failed(self, image: Image, said: str) -> DownloadError:
        state = self.state
        cause = _CAUSES.get(state.split(":")[0].strip(), "")
        told = "; ".join(part for part in (said, f"the FPGA manager is in the state {state!r}", cause) if part)
        return DownloadError(f"{image.name} was not loaded: {told}. The kernel says more: dmesg | tail", state)
