"""What software does with the picture filter. Register layout: AMD UG1399, "S_AXILITE Control Register Map" (names as in the design)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pynq_drivers.picture_filter import arithmetic
from pynq_widgets.access.errors import near_or_all
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import RegArray


class PictureFilter(DefaultIP):
    """A 3 × 3 filter through which pictures stream, line by line.

    Tell it the `mode` of the pictures, and set `kernel` or ``use('blur')``. The registers `rows`, `channels`, `shift` and `offset` are
    attributes too, as the design has them.
    """

    bindto = ["pynq-widgets:hls:picture_filter:1.0"]

    words = RegArray("Memory_kernel", length=3, help="The weights as the core holds them, four in a word, the first lowest")

    @property
    def kernel(self) -> npt.NDArray[np.float64]:
        """The 3 × 3 weights in use, read from the core. Assigning rounds them to what 8 bits and a shift can hold.

        ValueError for other than 3 × 3 finite numbers from -128 to 127; nothing is written then.
        """
        return np.asarray(arithmetic.unpacked(list(self.words[:3])) / float(1 << self.shift), np.float64)

    @kernel.setter
    def kernel(self, weights: npt.ArrayLike) -> None:
        integers, shift = arithmetic.quantized(weights)
        with self.transaction():
            self.words[:3] = arithmetic.packed(integers)
            self.shift = shift

    def use(self, name: str) -> None:
        """The weights and offset of a known filter: 'identity', 'blur', 'sharpen', 'edges', 'emboss' or 'negative'."""
        if name not in arithmetic.KERNELS:
            raise ValueError(f"there is no filter {name!r}{near_or_all(name, arithmetic.KERNELS)}")
        weights, offset = arithmetic.KERNELS[name]
        self.kernel = weights
        self.offset = offset & 0x1FF

    def set_mode(self, mode: Any) -> None:
        """The pictures that come: rows and bytes of a pixel of a `VideoMode`, whose pixels have a byte for each colour."""
        with self.transaction():
            self.rows = mode.height
            self.channels = mode.bytes_per_pixel
