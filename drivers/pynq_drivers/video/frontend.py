"""What a video connector's driver is derived from, so that a pipeline knows it. The names are those of PYNQ."""

from __future__ import annotations

from typing import Any


class VideoInFrontend:
    """Mix-in for the driver of a video input.

    It has `start()`, which returns when there is a picture, `stop()`, and `mode`, the `VideoMode` of what comes in.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class VideoOutFrontend:
    """Mix-in for the driver of a video output: `mode`, a `VideoMode` that is set before `start()`, and `stop()`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
