"""What the patterns look like, in arithmetic: rows × columns × (red, green, blue).

Source: AMD PG103, Video Test Pattern Generator v8.2: "Background Pattern ID", "Foreground Pattern ID" (ramps go up by one a pixel or line;
eight bars of equal width; the rest from memory: sizes of squares and hatches, the phase of the zone plate, a BT.601 matrix for YUV).
UG934: in which order components go over a stream.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# White, yellow, cyan, green, magenta, red, blue, black.
BARS = np.array([[255, 255, 255], [255, 255, 0], [0, 255, 255], [0, 255, 0], [255, 0, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]], np.uint8)
SQUARE = 64  # pixels of the sides of tartan, hatch and checkerboard
SOLID = {4: (255, 0, 0), 5: (0, 255, 0), 6: (0, 0, 255), 7: (0, 0, 0), 8: (255, 255, 255)}


def background(
    pattern: int, width: int, height: int, *, number: int = 0, speed: int = 0, zone: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> Any:
    """Picture `number` of a pattern, by its number; None for one whose arithmetic is not known here."""
    x, y = np.arange(width), np.arange(height)
    if pattern in SOLID:
        return np.broadcast_to(np.array(SOLID[pattern], np.uint8), (height, width, 3))
    if pattern == 9:
        return np.broadcast_to(BARS[np.minimum(x // -(-width // 8), 7)], (height, width, 3))
    if pattern == 11:
        return BARS[(x[None, :] // SQUARE + y[:, None] // SQUARE) % 8]
    grey: Any
    if pattern == 1:
        grey = np.broadcast_to(x & 0xFF, (height, width))
    elif pattern == 2:
        grey = np.broadcast_to(y[:, None] & 0xFF, (height, width))
    elif pattern == 3:
        grey = np.full((height, width), number * speed & 0xFF)
    elif pattern == 10:
        start_x, step_x, start_y, step_y = zone
        phase = (
            start_x * x[None, :]
            + step_x * x[None, :] ** 2 // 2
            + start_y * y[:, None]
            + step_y * y[:, None] ** 2 // 2
            + number * speed * 256
        )
        grey = np.rint(127.5 + 127.5 * np.sin(2 * np.pi * (phase & 0xFFFF) / 65536))
    elif pattern == 12:
        grey = np.where((x[None, :] % SQUARE == 0) | (y[:, None] % SQUARE == 0), 255, 0)
    elif pattern == 14:
        grey = x[None, :] + y[:, None] & 0xFF
    elif pattern == 15:
        grey = np.where((x[None, :] // SQUARE + y[:, None] // SQUARE) % 2 == 0, 255, 0)
    else:
        return None
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def bounced(number: int, speed: int, room: int) -> int:
    """Where something is after `number` pictures that goes to and fro in `room` pixels."""
    if room <= 0:
        return 0
    at = number * speed % (2 * room)
    return at if at <= room else 2 * room - at


def with_box(picture: Any, size: int, colour: tuple[int, int, int], number: int, speed: int) -> Any:
    """`picture` with the moving box of picture `number`."""
    picture = picture.copy()
    height, width = picture.shape[:2]
    left, top = bounced(number, speed, width - size), bounced(number, speed, height - size)
    picture[top : top + size, left : left + size] = np.array(colour, np.uint8)
    return picture


def with_cross(picture: Any, x: int, y: int) -> Any:
    """`picture` with white cross hairs."""
    picture = picture.copy()
    picture[:, x : x + 1] = picture[y : y + 1, :] = 255
    return picture


def masked(picture: Any, mask: int) -> Any:
    """`picture` without the components of `mask`."""
    if not mask & 7:
        return picture
    return picture * np.array([mask & 1 == 0, mask & 2 == 0, mask & 4 == 0], np.uint8)


def components(picture: Any, colours: int) -> Any:
    """The bytes of each pixel, in their order on a stream: green, blue, red; or Y, Cb, Cr; or Y and alternately Cb and Cr."""
    if colours == 0:
        return picture[:, :, [1, 2, 0]]
    red, green, blue = (picture[:, :, i].astype(np.int32) for i in range(3))
    luma = (66 * red + 129 * green + 25 * blue + 128 >> 8) + 16
    cb = (-38 * red - 74 * green + 112 * blue + 128 >> 8) + 128
    cr = (112 * red - 94 * green - 18 * blue + 128 >> 8) + 128
    if colours == 1:
        return np.stack([luma, cb, cr], axis=2).astype(np.uint8)
    chroma = cb.copy()
    chroma[:, 1::2] = cr[:, : chroma.shape[1] // 2 * 2 : 2]
    return np.stack([luma, chroma], axis=2).astype(np.uint8)
