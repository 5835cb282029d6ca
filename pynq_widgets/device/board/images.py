"""What the kernel's FPGA manager is given for a bitstream.

Sources: UG470 and UG570 (synchronisation word), the kernel's ``zynq-fpga`` driver, which takes the words of a ``.bit`` with their bytes
swapped; a Versal takes its ``.pdi`` as it is (AM011).
"""

from __future__ import annotations

import os
import zipfile
from array import array
from dataclasses import dataclass

from pynq_widgets.design import DesignError
from pynq_widgets.design.bitfile import read_bitstream
from pynq_widgets.device.board.family import FAMILIES, Family

# As write_bitstream puts it, and as the manager wants it. It stands at a whole word near the start, behind the bus width.
_SYNC = bytes.fromhex("aa995566")
_SWAPPED = _SYNC[::-1]
_SEARCHED = 1 << 16

_MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class Image:
    """What goes to the manager: its `name` in the folder of firmware, and the bytes."""

    name: str
    data: bytes


def bit2bin(bit_data: bytes) -> bytes:
    """The configuration data of a ``.bit`` file's bytes as the manager takes them. `DesignError` for what is none."""
    return _swapped("bit_data", read_bitstream("bit_data", bit_data)[1])


def image_of(path: str, family: Family) -> Image:
    """What the manager of a `family` is given for the bitstream at `path`: a ``.bit``, ``.bin``, ``.pdi``, or ``.xsa`` with one in it.

    `DesignError` for a file that cannot be one, or is one for another family.
    """
    stem, suffix = os.path.splitext(os.path.basename(path))
    suffix = suffix.lower()
    if suffix in (".xsa", ".hdf"):
        inside, data = _from_archive(path)
        return _image(f"{path}!{inside}", stem, os.path.splitext(inside)[1].lower(), data, family)
    if suffix not in (".bit", ".bin", ".pdi"):
        raise DesignError(path, f"a board is loaded with a .bit, .bin, .pdi or .xsa file, not {suffix or 'a file without a suffix'}")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise DesignError(path, f"the file cannot be read: {error.strerror or error}") from None
    return _image(path, stem, suffix, data, family)


def _image(path: str, stem: str, suffix: str, data: bytes, family: Family) -> Image:
    versal = family.name == "versal"
    if versal != (suffix == ".pdi"):
        wanted = "a .pdi" if versal else "a .bit or .bin"
        raise DesignError(path, f"this board is a {family.title}, which is loaded with {wanted} file, not {suffix}")
    if suffix == ".pdi":
        return Image(f"{stem}.pdi", data)
    if suffix == ".bit":
        header, data = read_bitstream(path, data)
        others = [other for other in FAMILIES if other.made_for(header.part)]
        if others and family not in others:
            raise DesignError(path, f"the bitstream is for the part {header.part} ({others[0].title}), but this board is a {family.title}")
        return Image(f"{stem}.bin", _swapped(path, data))
    # A raw one is as write_bitstream made it, or has been swapped; what has no synchronisation word is a boot image, and goes as it is.
    return Image(f"{stem}.bin", _swapped(path, data) if _finds(data, _SYNC) else data)


def _finds(data: bytes, word: bytes) -> bool:
    at = data.find(word, 0, _SEARCHED)
    while at >= 0 and at % 4:
        at = data.find(word, at + 1, _SEARCHED)
    return at >= 0


def _swapped(path: str, data: bytes) -> bytes:
    if len(data) % 4 or not _finds(data, _SYNC):
        cause = f"{len(data)} bytes are no whole words" if len(data) % 4 else "they do not begin with the synchronisation word AA995566"
        raise DesignError(path, f"these are no configuration data of an FPGA: {cause}")
    words = array("I", data)
    words.byteswap()
    return words.tobytes()


def _from_archive(path: str) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if info.filename.lower().endswith((".bit", ".pdi"))]
            stem = os.path.splitext(os.path.basename(path))[0]
            named = [info for info in infos if os.path.splitext(os.path.basename(info.filename))[0] == stem]
            chosen = infos if len(infos) == 1 else named
            if len(chosen) != 1:
                there = ", ".join(info.filename for info in infos[:4])
                raise DesignError(path, f"the archive holds several bitstreams: {there}" if infos else "the archive holds no bitstream")
            if chosen[0].file_size > _MAX_BYTES:
                raise DesignError(path, f"{chosen[0].filename!r} claims {chosen[0].file_size} bytes, at most {_MAX_BYTES} are read")
            with archive.open(chosen[0]) as member:
                data = member.read(_MAX_BYTES + 1)  # the size in the index may be a lie
    except DesignError:
        raise
    except Exception as error:
        # What zip files and their decompressors raise is not one family of errors.
        raise DesignError(path, f"the bitstream in the archive cannot be unpacked: {error}") from None
    if len(data) > _MAX_BYTES:
        raise DesignError(path, f"{chosen[0].filename!r} unpacks to more than {_MAX_BYTES} bytes")
    return chosen[0].filename, data
