"""``build_py`` for the ``setup.py`` of packages of overlays: builds as setuptools does, and fetches what ``.link`` files name."""

from __future__ import annotations

import os

from setuptools.command.build_py import build_py as _build_py

from .delivery import download_overlays


class build_py(_build_py):  # type: ignore[misc]  # noqa: N801  (the name of the command; setuptools has no types)
    """Builds the pure Python modules, then fetches the overlays for the devices that are here into what was built."""

    def run(self) -> None:
        """Do it."""
        super().run()
        for package in self.packages or ():
            if "." not in package:
                place = os.path.join(self.build_lib, package)
                if os.path.isdir(place):
                    download_overlays(place)
