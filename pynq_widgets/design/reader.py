"""``read_design``: from a path to a ``Design``."""

from __future__ import annotations

import os
import stat

from .bitfile import read_bit_header
from .design import Design
from .document import MAX_BYTES, Document
from .errors import DesignError
from .model import BitHeader

_ARCHIVES = (".xsa", ".hdf")
_BITSTREAMS = (".bit", ".bin", ".pdi")


def read_design(path: str | os.PathLike[str]) -> Design:
    """Read a design.

    ``path`` is a ``.hwh``, an ``.xsa`` or ``.hdf`` (an archive that holds one), or a ``.bit``, ``.bin`` or ``.pdi`` with a
    ``.hwh`` of the same name beside it; a leading ``~`` is the home directory. Whatever is wrong with the file is a
    ``DesignError``. Only the file is read: nothing is written, and nothing in it runs.
    """
    name = os.fspath(path)
    if not isinstance(name, str):
        raise TypeError(f"the path of a design must be a str or a path, not {type(name).__name__} {name!r}")
    name = os.path.expanduser(name)
    suffix = os.path.splitext(name)[1].lower()
    if suffix in _BITSTREAMS:
        return _beside(name, suffix)
    _must_exist(name)
    if suffix in _ARCHIVES:
        return _from_archive(name, None)
    if suffix != ".hwh":
        raise DesignError(
            name, f"{suffix or 'no suffix'!r} is not a design; known are .hwh, .xsa, .hdf, and .bit, .bin or .pdi beside a .hwh"
        )
    return Design(_read_document(name), _stem(name), name)


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _from_archive(path: str, header: BitHeader | None) -> Design:
    from .archive import read_archive  # most designs are no archive, and zipfile is slow to import

    document, member = read_archive(path)
    return Design(document, _stem(member), path, header)


def _read_document(path: str) -> Document:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise DesignError(path, f"{size} bytes are too many for a hardware handoff (at most {MAX_BYTES})")
            data = file.read(size + 1)  # not MAX_BYTES at once, for which the room would be made first
            if len(data) > size:
                data += file.read(MAX_BYTES)
    except OSError as error:
        raise DesignError(path, f"the file cannot be read: {error.strerror or error}") from None
    return Document(path, data)


def _beside(bitstream: str, suffix: str) -> Design:
    _must_exist(bitstream)
    stem = os.path.splitext(bitstream)[0]
    for other in (".hwh", ".xsa", ".hdf"):
        if os.path.isfile(stem + other):
            header = read_bit_header(bitstream) if suffix == ".bit" else None
            if other == ".hwh":
                return Design(_read_document(stem + other), _stem(bitstream), stem + other, header)
            return _from_archive(stem + other, header)
    raise DesignError(
        bitstream,
        f"there is no {os.path.basename(stem)}.hwh beside it, which says what is in the bitstream; copy it "
        "from Vivado's project (<project>.gen/sources_1/bd/<design>/hw_handoff/<design>.hwh) under this name",
    )


def _must_exist(path: str) -> None:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        mode = None
    except ValueError as error:  # a null byte in the name
        raise DesignError(path, f"this is not a file name: {error}") from None
    if mode is not None:
        if stat.S_ISDIR(mode):
            raise DesignError(path, "this is a directory, not a design file")
        if not stat.S_ISREG(mode):
            raise DesignError(path, "this is not a regular file")  # a pipe or a device could block forever
        return
    import difflib

    folder = os.path.dirname(path) or "."
    try:
        there = [name for name in os.listdir(folder) if name.lower().endswith((".hwh", *_ARCHIVES, *_BITSTREAMS))]
    except OSError:
        there = []
    near = difflib.get_close_matches(os.path.basename(path), there, 3, 0.5)
    hint = f"; near it there is {', '.join(near)}" if near else ""
    raise DesignError(path, f"there is no such file{hint}")
