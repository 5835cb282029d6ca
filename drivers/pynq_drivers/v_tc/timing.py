"""The timing of a video picture: visible part, blanking and synchronisation, and that of the usual modes.

Source: the modes of CTA-861 (640x480, 720p, 1080p) and VESA DMT (800x600, 1024x768, 1280x1024), from memory.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

LARGEST = 8191  # of 13 bits


@dataclass(frozen=True)
class Timing:
    """Pixels of a line and lines of a picture, counted from the first visible one; ends are the first ones behind.

    Attributes
    ----------
    width, height
        What is seen.
    total_width, total_height
        With blanking.
    hsync, vsync
        (start, end) of the synchronisation, in pixels of a line and lines of a picture.
    positive
        Whether the synchronisation is high (horizontal, vertical).
    """

    width: int
    height: int
    total_width: int
    total_height: int
    hsync: tuple[int, int]
    vsync: tuple[int, int]
    positive: tuple[bool, bool] = (True, True)

    def __post_init__(self) -> None:
        for what, seen, (start, end), total in (
            ("line", self.width, self.hsync, self.total_width),
            ("picture", self.height, self.vsync, self.total_height),
        ):
            if not 1 <= seen <= start <= end <= total <= LARGEST:
                raise ValueError(
                    f"a {what} of {total} has its visible {seen}, then the synchronisation {start} to {end}, then its end, "
                    f"each at most {LARGEST}"
                )

    @property
    def clocks(self) -> int:
        """Pixel clocks of a picture."""
        return self.total_width * self.total_height

    def __str__(self) -> str:
        return f"{self.width}x{self.height} ({self.total_width}x{self.total_height} with blanking)"


MODES = {
    "640x480": Timing(640, 480, 800, 525, (656, 752), (490, 492), (False, False)),
    "800x600": Timing(800, 600, 1056, 628, (840, 968), (601, 605)),
    "1024x768": Timing(1024, 768, 1344, 806, (1048, 1184), (771, 777), (False, False)),
    "1280x720": Timing(1280, 720, 1650, 750, (1390, 1430), (725, 730)),
    "1280x1024": Timing(1280, 1024, 1688, 1066, (1328, 1440), (1025, 1028)),
    "1920x1080": Timing(1920, 1080, 2200, 1125, (2008, 2052), (1084, 1089)),
}


def named(mode: str | Timing) -> Timing:
    """The timing of a mode by its name; ValueError with the near names."""
    if isinstance(mode, Timing):
        return mode
    found = MODES.get(str(mode))
    if found is None:
        near = difflib.get_close_matches(str(mode), MODES, 2, 0.4) or MODES
        raise ValueError(f"{mode!r} is not the name of a mode (try {', '.join(map(repr, near))}), nor a Timing")
    return found
