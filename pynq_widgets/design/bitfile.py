"""The text header of a ``.bit`` file: tagged fields before the configuration data, lengths big-endian."""

from __future__ import annotations

import os
from io import BytesIO
from typing import BinaryIO

from .errors import DesignError
from .model import BitHeader

# Two fields, each behind its length in 16 bits: nine bytes, 0ff0…00, and one, the key of the first text field.
_MAGIC = bytes.fromhex("00090ff00ff00ff00ff0000001")
_KEYS = {b"a": "design", b"b": "part", b"c": "date", b"d": "time"}


def read_bit_header(path: str) -> BitHeader:
    """Read only the header; ``DesignError`` where it is none, or where the file is shorter than the header says."""
    try:
        with open(path, "rb") as file:
            return _read(path, file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise DesignError(path, f"the file cannot be read: {error.strerror or error}") from None


def read_bitstream(path: str, data: bytes | None = None) -> tuple[BitHeader, bytes]:
    """The header and the configuration data behind it, of the file `path`, or of `data`, which are the bytes of one of that name."""
    if data is not None:
        file: BinaryIO = BytesIO(data)
        header = _read(path, file, len(data))
        return header, file.read(header.length)
    try:
        with open(path, "rb") as file:
            header = _read(path, file, os.fstat(file.fileno()).st_size)
            return header, file.read(header.length)
    except OSError as error:
        raise DesignError(path, f"the file cannot be read: {error.strerror or error}") from None


def _read(path: str, file: BinaryIO, size: int) -> BitHeader:
    magic = file.read(len(_MAGIC))
    if magic != _MAGIC:
        if len(magic) < len(_MAGIC) and _MAGIC.startswith(magic):
            raise DesignError(path, f"the bitstream is truncated: its header ends after {len(magic)} bytes")
        raise DesignError(path, "this is not a .bit file: it does not begin with the header that Vivado writes (a raw .bin has none)")
    texts: dict[str, str] = {}
    while True:
        key = file.read(1)
        if key == b"e":
            length = int.from_bytes(_take(path, file, 4), "big")
            break
        if key not in _KEYS:
            if not key:
                raise DesignError(path, f"the bitstream is truncated: its header ends after {file.tell()} bytes")
            raise DesignError(path, f"the bitstream's header has an unknown field {key!r} at byte {file.tell() - 1}")
        text = _take(path, file, int.from_bytes(_take(path, file, 2), "big"))
        texts[_KEYS[key]] = text.rstrip(b"\0").decode("utf-8", "replace")
    there = size - file.tell()
    if there < length:
        raise DesignError(
            path, f"the bitstream is truncated: its header announces {length} bytes of data and {there} follow; copy it again"
        )
    design = texts.get("design", "").split(";")[0]
    return BitHeader(design, texts.get("part", ""), texts.get("date", ""), texts.get("time", ""), length)


def _take(path: str, file: BinaryIO, count: int) -> bytes:
    taken = file.read(count)
    if len(taken) < count:
        raise DesignError(path, f"the bitstream is truncated: its header ends after {file.tell()} bytes")
    return taken
