"""A reconfigurable region of which the whole design's file tells only the boundary."""

from __future__ import annotations

import os

from .ip import DefaultIP


class BlackBox(DefaultIP):
    """A reconfigurable region that the file describes as one block: address ranges, and nothing of what is behind them.

    With the first partial bitstream it is a hierarchy, in which the IP of the module stand.
    """

    def download(self, bitfile_name: str | os.PathLike[str], dtbo: str | os.PathLike[str] | None = None, program: bool = True) -> None:
        """Give this region a module; see :meth:`.DefaultHierarchy.download`."""
        from .regions import download

        overlay = self.description.get("overlay")
        if overlay is None:
            raise RuntimeError(f"{self._where()} was made without an overlay, whose region it would be")
        self._check_alive("download")
        download(overlay, self._where(), bitfile_name, dtbo, program)
