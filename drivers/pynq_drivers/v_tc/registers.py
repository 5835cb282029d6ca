"""The registers of the Video Timing Controller, and a timing in them.

Source: AMD PG016, Video Timing Controller v6.2: "Register Space" (from memory, compared with what AMD's driver ``vtc`` names).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pynq_drivers import parameters
from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

from .timing import Timing

CONTROL, STATUS, ERROR, ENABLE, VERSION = 0x0, 0x4, 0x8, 0xC, 0x10
DETECTOR, GENERATOR = 0x20, 0x60
ACTIVE, TIMING, ENCODING, POLARITY, HSIZE, VSIZE, HSYNC, VBLANK, VSYNC, VSYNC_H = range(0x0, 0x28, 4)
FIELD_1 = (0x28, 0x2C, 0x30)
FRAME_SYNC, DELAY = 0x100, 0x140

ENABLED, UPDATE, GENERATE, DETECT, SYNCHRONISE = 1, 2, 4, 8, 0x20
SOURCES = 0x03FD_EF00  # each value of the generator's from its own register, not from the detector
FRAME_RESET, RESET = 1 << 30, 1 << 31
LOCK, LOCK_LOST, DETECTOR_BLANK, DETECTOR_SEEN, GENERATOR_BLANK, GENERATOR_SEEN = (1 << bit for bit in range(8, 14))
LOCKED, BLANKING, SEEN = 1, 2, 4
PROGRESSIVE = 0
HSYNC_HIGH, VSYNC_HIGH, VIDEO_HIGH, VBLANK_HIGH, HBLANK_HIGH = 8, 4, 16, 1, 2

_SOURCE_NAMES = {
    8: "HTOTAL",
    9: "HACTIVE",
    10: "HSYNC_START",
    11: "HSYNC_END",
    13: "VTOTAL",
    14: "VACTIVE",
    15: "VSYNC_START",
    16: "VSYNC_END",
    17: "VBLANK",
    18: "CHROMA",
}
_POLARITIES = ("VBLANK", "HBLANK", "VSYNC", "HSYNC", "ACTIVE_VIDEO", "ACTIVE_CHROMA", "FIELD_ID")


class Parts:
    """What of the core a design has."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.detector = bool(parameters.integer(given, "C_DETECT_EN", 1))
        self.generator = bool(parameters.integer(given, "C_GENERATE_EN", 1))
        self.syncs = max(0, min(16, parameters.integer(given, "C_NUM_FSYNCS", 1)))
        self.interlaced = bool(parameters.integer(given, "C_INTERLACE_EN", 0))

    def number(self, name: str, default: int) -> int:
        """A number that the design says of the generator."""
        return parameters.integer(self.given, f"C_GEN_{name}", default)

    @property
    def timing(self) -> dict[int, int]:
        """What the generator's registers hold after reset, by offset: the mode that the core was made for."""
        number = self.number
        width, height = number("HACTIVE_SIZE", 1280), number("VACTIVE_SIZE", 720)
        polarity = 0
        for bit, name in enumerate(_POLARITIES):
            parameter = (
                f"{name.replace('ACTIVE_CHROMA', 'ACHROMA').replace('ACTIVE_VIDEO', 'AVIDEO').replace('FIELD_ID', 'FIELDID')}_POLARITY"
            )
            polarity |= (number(parameter, 1) & 1) << bit
        return {
            ACTIVE: height << 16 | width,
            ENCODING: number("VIDEO_FORMAT", 2),
            POLARITY: polarity,
            HSIZE: number("HFRAME_SIZE", 1650),
            VSIZE: number("F1_VFRAME_SIZE", 750) << 16 | number("F0_VFRAME_SIZE", 750),
            HSYNC: number("HSYNC_END", 1430) << 16 | number("HSYNC_START", 1390),
            VBLANK: number("F0_VBLANK_HEND", width) << 16 | number("F0_VBLANK_HSTART", width),
            VSYNC: number("F0_VSYNC_VEND", 729) << 16 | number("F0_VSYNC_VSTART", 724),
            VSYNC_H: number("F0_VSYNC_HEND", width) << 16 | number("F0_VSYNC_HSTART", width),
        }


def _bank(name: str, base: int, access: str, reset: Mapping[int, int], what: str, interlaced: bool) -> Iterator[Register]:
    def pair(suffix: str, offset: int, low: str, high: str, text: str) -> Register:
        parts = (field(low, 0, 13), field(high, 16, 13))
        return register(f"{name}_{suffix}", base + offset, access, reset.get(offset, 0), f"{what}: {text}", *parts)

    yield pair("ACTIVE_SIZE", ACTIVE, "WIDTH", "HEIGHT", "what is seen")
    status = (field("LOCKED", 0, 1, "All signals are stable"),) if base == DETECTOR else ()
    yield register(
        f"{name}_STATUS", base + TIMING, "R", None, f"{what}: where the picture is", *status, field("VBLANK", 1), field("ACTIVE_VIDEO", 2)
    )
    yield register(
        f"{name}_ENCODING",
        base + ENCODING,
        access,
        reset.get(ENCODING, 0),
        f"{what}: how pixels and fields come",
        field("VIDEO_FORMAT", 0, 4, "0 YUV 4:2:2, 1 YUV 4:4:4, 2 RGB, 3 YUV 4:2:0"),
        field("INTERLACED", 6),
        field("FIELD_PARITY", 7),
        field("CHROMA_PARITY", 8, 2),
    )
    polarities = (field(each, bit, 1, "High while active") for bit, each in enumerate(_POLARITIES))
    yield register(f"{name}_POLARITY", base + POLARITY, access, reset.get(POLARITY, 0), f"{what}: levels", *polarities)
    yield register(
        f"{name}_HSIZE", base + HSIZE, access, reset.get(HSIZE, 0), f"{what}: pixels of a line with blanking", field("TOTAL", 0, 13)
    )
    yield pair("VSIZE", VSIZE, "TOTAL", "TOTAL_FIELD_1", "lines of a picture with blanking")
    yield pair("HSYNC", HSYNC, "START", "END", "horizontal synchronisation, in pixels")
    yield pair("VBLANK", VBLANK, "HSTART", "HEND", "vertical blanking begins and ends at these pixels")
    yield pair("VSYNC", VSYNC, "START", "END", "vertical synchronisation, in lines")
    yield pair("VSYNC_H", VSYNC_H, "HSTART", "HEND", "it begins and ends at these pixels")
    if interlaced:
        for suffix, offset in zip(("VBLANK_F1", "VSYNC_F1", "VSYNC_H_F1"), FIELD_1, strict=True):
            yield pair(suffix, offset, "START", "END", "the same of field 1")


def _events(syncs: int, parts: Parts) -> Iterator[tuple[str, int, str]]:
    if parts.detector:
        yield from (
            ("LOCK", 8, "The detector has found a stable timing"),
            ("LOCK_LOST", 9, "It has lost it"),
            ("DETECTOR_VBLANK", 10, "Vertical blanking of the picture that comes in"),
            ("DETECTOR_ACTIVE", 11, "Its visible part"),
        )
    if parts.generator:
        yield from (
            ("GENERATOR_VBLANK", 12, "Vertical blanking of the picture that is made"),
            ("GENERATOR_ACTIVE", 13, "Its visible part"),
        )
    for number in range(syncs):
        yield f"FRAME_SYNC_{number}", 16 + number, f"Frame synchronisation {number}"


def layout(parts: Parts) -> tuple[Register, ...]:
    """The registers of a core that has these parts."""
    control = [
        field("ENABLE", 0, 1, "The core runs"),
        field("UPDATE", 1, 1, "Registers count from the next picture on"),
        *([field("GENERATE", 2, 1, "The generator runs")] if parts.generator else []),
        *([field("DETECT", 3, 1, "The detector runs")] if parts.detector else []),
        field("SYNCHRONISE", 5, 1, "The generator follows the detector"),
        *(field(f"{name}_SOURCE", bit, 1, "1: the generator's own register; 0: the detector's") for bit, name in _SOURCE_NAMES.items()),
        field("INTERLACED", 19),
        *(field(f"{name}_POLARITY_SOURCE", 20 + bit) for bit, name in enumerate(_POLARITIES)),
        field("FRAME_RESET", 30, 1, "Reset at the end of the picture; clears itself"),
        field("RESET", 31, 1, "Reset; clears itself"),
    ]
    errors = ("VBLANK", "HBLANK", "VSYNC", "HSYNC", "ACTIVE_VIDEO", "ACTIVE_CHROMA")
    events = list(_events(parts.syncs, parts))
    make: Callable[..., Register] = register
    whole = [
        make("CONTROL", CONTROL, "RW", 0, "What runs, and from where the generator has its timing", *control),
        make("STATUS", STATUS, "RW", 0, "What has happened", *(field(n, b, 1, t, write="oneToClear") for n, b, t in events)),
        make(
            "ERROR",
            ERROR,
            "RW",
            0,
            "Which signal is not stable",
            *(field(f"{n}_LOCK_LOST", 16 + b, write="oneToClear") for b, n in enumerate(errors)),
        ),
        make("INTERRUPT_ENABLE", ENABLE, "RW", 0, "What of it is an interrupt", *(field(f"{n}_ENABLE", b) for n, b, _ in events)),
        make("VERSION", VERSION, "R", None, "Version of the core", field("MAJOR", 24, 8), field("MINOR", 16, 8), field("PATCH", 8, 8)),
    ]
    if parts.detector:
        whole += _bank("DETECTOR", DETECTOR, "R", {}, "What comes in", parts.interlaced)
    if parts.generator:
        whole += _bank("GENERATOR", GENERATOR, "RW", parts.timing, "What is made", parts.interlaced)
        whole += [
            make(
                f"FRAME_SYNC_{n}",
                FRAME_SYNC + 4 * n,
                "RW",
                _sync(parts, n),
                "Where this synchronisation is",
                field("PIXEL", 0, 13),
                field("LINE", 16, 13),
            )
            for n in range(parts.syncs)
        ]
        whole.append(
            make("GENERATOR_DELAY", DELAY, "RW", 0, "How far it is behind the detector", field("PIXELS", 0, 13), field("LINES", 16, 13))
        )
    return tuple(whole)


def _sync(parts: Parts, number: int) -> int:
    def of(name: str) -> int:
        return parameters.integer(parts.given, f"C_FSYNC_{name}{number}", 0)

    return of("VSTART") << 16 | of("HSTART")


def encoded(timing: Timing) -> dict[int, int]:
    """A progressive timing as the words of a bank, by their offsets in it. Vertical synchronisation counts lines from 0."""
    polarity = VIDEO_HIGH | VBLANK_HIGH | HBLANK_HIGH
    polarity |= (HSYNC_HIGH if timing.positive[0] else 0) | (VSYNC_HIGH if timing.positive[1] else 0)
    return {
        ACTIVE: timing.height << 16 | timing.width,
        POLARITY: polarity,
        HSIZE: timing.total_width,
        VSIZE: timing.total_height << 16 | timing.total_height,
        HSYNC: timing.hsync[1] << 16 | timing.hsync[0],
        VBLANK: timing.width << 16 | timing.width,
        VSYNC: timing.vsync[1] - 1 << 16 | timing.vsync[0] - 1,
        VSYNC_H: timing.width << 16 | timing.width,
    }


def decoded(word: Callable[[int], int]) -> Timing:
    """The timing of a bank, whose words `word(offset)` gives; ValueError where they make none."""
    active, vsize, hsync, vsync, polarity = (word(offset) for offset in (ACTIVE, VSIZE, HSYNC, VSYNC, POLARITY))
    return Timing(
        active & 0x1FFF,
        active >> 16 & 0x1FFF,
        word(HSIZE) & 0x1FFF,
        vsize & 0x1FFF,
        (hsync & 0x1FFF, hsync >> 16 & 0x1FFF),
        ((vsync & 0x1FFF) + 1, (vsync >> 16 & 0x1FFF) + 1),
        (bool(polarity & HSYNC_HIGH), bool(polarity & VSYNC_HIGH)),
    )
