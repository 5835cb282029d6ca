"""The registers of the Video Test Pattern Generator.

Source: AMD PG103, Video Test Pattern Generator v8.2: "Register Space" (offsets and bits compared with AMD's driver ``v_tpg``).
"""

from __future__ import annotations

from pynq_drivers.layout import field, hls_control, register

CONTROL, GLOBAL_ENABLE, INTERRUPT_ENABLE, INTERRUPT_STATUS = 0x0, 0x4, 0x8, 0xC
HEIGHT, WIDTH, PATTERN, LAYER, MASK, SPEED, FORMAT = 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40
CROSS_X, CROSS_Y, ZONE, BOX_SIZE, BOX_COLOUR, INPUT, PASS = 0x48, 0x50, 0x58, 0x78, 0x80, 0x98, 0xA0
RANGE, MATRIX, FIELD = 0xC0, 0xC8, 0xD0
START, DONE, IDLE, READY, AGAIN = 1, 2, 4, 8, 0x80

PATTERNS = {
    "passed through": 0,
    "horizontal ramp": 1,
    "vertical ramp": 2,
    "temporal ramp": 3,
    "red": 4,
    "green": 5,
    "blue": 6,
    "black": 7,
    "white": 8,
    "colour bars": 9,
    "zone plate": 10,
    "tartan bars": 11,
    "cross hatch": 12,
    "colour sweep": 13,
    "combined ramp": 14,
    "checkerboard": 15,
    "pseudorandom": 16,
    "DisplayPort colour ramp": 17,
    "DisplayPort lines": 18,
    "DisplayPort squares": 19,
}
LAYERS = {"none": 0, "moving box": 1, "cross hairs": 2}
COLOURS = {"RGB": 0, "YUV 4:4:4": 1, "YUV 4:2:2": 2, "YUV 4:2:0": 3}

_ARGUMENTS = (
    ("HEIGHT", HEIGHT, 16, "Lines"),
    ("WIDTH", WIDTH, 16, "Pixels of a line"),
    ("PATTERN", PATTERN, 8, "What is shown"),
    ("LAYER", LAYER, 8, "What is shown over it"),
    ("MASK", MASK, 8, "Components that are left out: 1 red, 2 green, 4 blue"),
    ("SPEED", SPEED, 8, "How far what moves does from picture to picture"),
    ("FORMAT", FORMAT, 8, "How a pixel is told"),
    ("CROSS_X", CROSS_X, 16, "Where the cross hairs are"),
    ("CROSS_Y", CROSS_Y, 16, "Where the cross hairs are"),
    ("ZONE_HORIZONTAL_START", ZONE, 16, "Of the zone plate"),
    ("ZONE_HORIZONTAL_STEP", ZONE + 8, 16, "Of the zone plate"),
    ("ZONE_VERTICAL_START", ZONE + 16, 16, "Of the zone plate"),
    ("ZONE_VERTICAL_STEP", ZONE + 24, 16, "Of the zone plate"),
    ("BOX_SIZE", BOX_SIZE, 16, "Pixels of the moving box' sides"),
    ("BOX_RED", BOX_COLOUR, 16, "Its colour"),
    ("BOX_GREEN", BOX_COLOUR + 8, 16, "Its colour"),
    ("BOX_BLUE", BOX_COLOUR + 16, 16, "Its colour"),
    ("INPUT", INPUT, 8, "1: what comes in is shown"),
    ("PASS_LEFT", PASS, 16, "Where what comes in is shown"),
    ("PASS_TOP", PASS + 8, 16, "Where what comes in is shown"),
    ("PASS_RIGHT", PASS + 16, 16, "Where what comes in is shown"),
    ("PASS_BOTTOM", PASS + 24, 16, "Where what comes in is shown"),
    ("RANGE", RANGE, 8, "Range of the DisplayPort patterns"),
    ("MATRIX", MATRIX, 8, "Matrix of the DisplayPort patterns"),
    ("FIELD", FIELD, 16, "Interlacing"),
)

LAYOUT = (
    *hls_control("makes a picture"),
    *(register(name, offset, "RW", 0, text, field("VALUE", 0, width)) for name, offset, width, text in _ARGUMENTS),
)
