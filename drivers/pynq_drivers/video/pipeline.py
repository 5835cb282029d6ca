"""The two cores of a PYNQ video pipeline that software sets: `ColorConverter` and `PixelPacker`. The shape of the API is PYNQ's.

Source: the registers of ``color_convert`` and ``pixel_pack`` in hardware handoffs of PYNQ's base overlays (coefficients from 0x10, one each
8 bytes, of 10 bits; mode at 0x10), and what PYNQ documents of these cores and classes. The handoffs call the registers write-only; as HLS
makes them they can be read, which PYNQ's driver does too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynq_widgets.overlay import DefaultIP

FIRST, STEP, COUNT = 0x10, 8, 12  # where coefficients, or the mode, stand
_SCALE, _BITS = 256, 10
_LOW, _HIGH = -(1 << _BITS - 1), (1 << _BITS - 1) - 1


def signed(word: int) -> int:
    """A coefficient in steps of 1/256, as it stands in the low bits of its register."""
    word &= (1 << _BITS) - 1
    return word - (word >> _BITS - 1 << _BITS)


class ColorConverter(DefaultIP):
    """A matrix of 3 × 3 coefficients, and what is added, at each pixel of a stream; it can be changed while pixels pass.

    Each coefficient is a number of 10 bits, 8 behind the point: -2 to 1.996, in steps of 1/256.
    """

    bindto = ["xilinx.com:hls:color_convert:1.0", "xilinx.com:hls:color_convert_2:1.0"]

    @property
    def colorspace(self) -> list[float]:
        """Twelve coefficients: three rows of three, then what is added to each result (1.0 is full scale).

        They are read from the core, one bus read each. What is assigned is rounded to steps of 1/256; ValueError, and nothing written, for
        another count or one that does not fit.
        """
        return [signed(self.read(FIRST + STEP * i)) / _SCALE for i in range(COUNT)]

    @colorspace.setter
    def colorspace(self, color: Sequence[float]) -> None:
        if len(color) != COUNT:
            raise ValueError(
                f"Wrong number of elements in color specification: {self._where()} takes {COUNT}, three rows of three and three that are "
                f"added, not {len(color)}"
            )
        words = [round(float(value) * _SCALE) for value in color]
        for i, word in enumerate(words):
            if not _LOW <= word <= _HIGH:
                raise ValueError(f"coefficient {i} of {self._where()} is {color[i]}: expected {_LOW / _SCALE} to {_HIGH / _SCALE}")
        with self.device.lock:
            for i, word in enumerate(words):
                self.write(FIRST + STEP * i, word & (1 << _BITS) - 1)


# Bits of a pixel by the core's mode; 3 and 4 differ in what they do with chroma.
_MODES = {0: 24, 1: 32, 2: 8, 3: 16, 4: 16}


class PixelPacker(DefaultIP):
    """Between pixels of 24 bits in the stream and 8, 16, 24 or 32 in memory. For `pixel_pack` and `pixel_unpack` alike.

    ====  ======================================  =============================
    bits  pack                                    unpack
    ====  ======================================  =============================
    8     only the first channel is kept          the others are 0
    16    two channels are kept, see `resample`   see `resample`
    24    no change                               no change
    32    a fourth channel is 0                   the fourth channel is dropped
    ====  ======================================  =============================

    The stream should stand still while it is changed. Making the driver touches nothing: after a download the core has 24 bits.
    """

    bindto = [
        "xilinx.com:hls:pixel_pack:1.0",
        "xilinx.com:hls:pixel_unpack:1.0",
        "xilinx.com:hls:pixel_pack_2:1.0",
        "xilinx.com:hls:pixel_unpack_2:1.0",
    ]

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._resample = False

    @property
    def bits_per_pixel(self) -> int:
        """Bits of a pixel in memory: 8, 16, 24 or 32; one bus access. RuntimeError for a mode that the core does not have."""
        mode = self.read(FIRST)
        if mode not in _MODES:
            raise RuntimeError(f"{self._where()} is in mode {mode}: expected 0 to 4")
        return _MODES[mode]

    @bits_per_pixel.setter
    def bits_per_pixel(self, value: int) -> None:
        fitting = [mode for mode, bits in _MODES.items() if bits == value]
        if not fitting:
            raise ValueError(f"Bits per pixel must be 8, 16, 24 or 32, not {value!r}")
        self.write(FIRST, fitting[-1] if self._resample else fitting[0])

    @property
    def resample(self) -> bool:
        """Whether, with 16 bits, the two chroma channels take turns in the second byte; else the third channel is dropped."""
        return self._resample

    @resample.setter
    def resample(self, value: bool) -> None:
        self._resample = bool(value)
        if self.bits_per_pixel == 16:
            self.bits_per_pixel = 16
