"""The handoff inside an ``.xsa`` or ``.hdf``, a zip of what Vivado exports. Nothing is unpacked to disk.

Which of several handoffs is the design's own, in the order of trust: the one that an index names (``sysdef.xml`` or ``hwdef.xml``:
``File`` with ``BD_TYPE="DEFAULT_BD"``; ``xsa.json``: ``"type": "TOP_BD"``), the one named as the archive is, the one whose name begins
the names of all others (Vivado puts the design's name before those of its cores), the only one that has a processing system.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

from .document import MAX_BYTES, Document
from .errors import DesignError

_MAX_MEMBERS = 20_000
_MAX_HANDOFFS = 200
_MAX_INDEX = 4 << 20
_CHUNK = 1 << 20


def read_archive(path: str) -> tuple[Document, str]:
    """The handoff's document and its name in the archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = _choose(path, archive)
            data = _member(path, archive, name, MAX_BYTES)
    except DesignError:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError) as error:
        raise DesignError(path, f"this is not a sound .xsa archive: {error}") from None
    except (NotImplementedError, RuntimeError) as error:  # encrypted, or a compression that this Python lacks
        raise DesignError(path, f"the archive cannot be unpacked: {error}") from None
    except OSError as error:
        raise DesignError(path, f"the file cannot be read: {error.strerror or error}") from None
    except (ValueError, OverflowError, KeyError, IndexError, UnicodeError, MemoryError) as error:
        raise DesignError(path, f"this is not a sound .xsa archive: {type(error).__name__} {error}".rstrip()) from None

    return Document(f"{path}!{name}", data), name


def _member(path: str, archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > limit:
        raise DesignError(path, f"{name!r} claims {info.file_size} bytes, at most {limit} are read")
    # The size in the index may be a lie, so the stream is counted as well.
    pieces, total = [], 0
    try:
        with archive.open(info) as stream:
            while piece := stream.read(_CHUNK):
                total += len(piece)
                if total > limit:
                    raise DesignError(path, f"{name!r} unpacks to more than {limit} bytes")
                pieces.append(piece)
    except DesignError:
        raise
    except Exception as error:
        # What the decompressors raise is not one family of errors (zlib.error, lzma.LZMAError, OSError, EOFError, ...).
        raise DesignError(path, f"{name!r} cannot be unpacked: {error}") from None
    return b"".join(pieces)


def _choose(path: str, archive: zipfile.ZipFile) -> str:
    infos = archive.infolist()
    if len(infos) > _MAX_MEMBERS:
        raise DesignError(path, f"the archive has {len(infos)} members, at most {_MAX_MEMBERS} are looked at")
    names = [info.filename for info in infos]
    for name in names:
        if _climbs(name):
            raise DesignError(path, f"the archive has a member that climbs out of it: {name[:120]!r}")
    handoffs = [name for name in names if name.lower().endswith(".hwh")]
    if not handoffs:
        raise DesignError(path, "the archive holds no .hwh (hardware handoff); export the platform from Vivado with its block design")
    if len(set(handoffs)) < len(handoffs):
        raise DesignError(path, "the archive holds two members of the same name")
    if len(handoffs) == 1:
        return handoffs[0]
    by_name = {os.path.basename(name): name for name in reversed(handoffs)}
    if len(handoffs) > _MAX_HANDOFFS:
        raise DesignError(path, f"the archive holds {len(handoffs)} handoffs, at most {_MAX_HANDOFFS} are looked at")
    indices = (
        *_from_xml(path, archive, names, "sysdef.xml"),
        *_from_xml(path, archive, names, "hwdef.xml"),
        *_from_json(path, archive, names),
    )
    for named in (*indices, *_like_archive(path), *_prefix_of_all(list(by_name))):
        if os.path.basename(named) in by_name:
            return by_name[os.path.basename(named)]
    with_host = [name for name in handoffs if _PROCESSING_SYSTEM.search(_member(path, archive, name, MAX_BYTES))]
    if len(with_host) == 1:
        return with_host[0]
    raise DesignError(path, f"the archive holds several designs and does not say which is the top one: {', '.join(sorted(handoffs)[:8])}")


_PROCESSING_SYSTEM = re.compile(rb'MODTYPE="(?:processing_system7|zynq_ultra_ps_e|versal_cips|ps_wizard)"')


def _climbs(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or name.startswith(("/", "\\")) or bool(re.match(r"[A-Za-z]:", name)) or "\0" in name


def _from_xml(path: str, archive: zipfile.ZipFile, names: list[str], index: str) -> list[str]:
    if index not in names:
        return []
    data = _member(path, archive, index, _MAX_INDEX)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DesignError(path, f"{index} in the archive declares a document type or entity")
    try:
        # In UTF-8 whatever it declares, so that the look above was at the same letters.
        parser = XMLParser(encoding="utf-8")
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError):
        return []  # an index that cannot be read names nothing
    return [entry.get("Name") or "" for entry in root.iter("File") if (entry.get("BD_TYPE") or "").upper() == "DEFAULT_BD"]


def _from_json(path: str, archive: zipfile.ZipFile, names: list[str]) -> list[str]:
    if "xsa.json" not in names:
        return []
    try:
        content: Any = json.loads(_member(path, archive, "xsa.json", _MAX_INDEX))
    except (ValueError, RecursionError):
        return []
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, list):
        return []
    tops = (entry for entry in files if isinstance(entry, dict) and entry.get("type") == "TOP_BD" and isinstance(entry.get("name"), str))
    return [os.path.splitext(os.path.basename(entry["name"]))[0] + ".hwh" for entry in tops]


def _like_archive(path: str) -> list[str]:
    stem = os.path.splitext(os.path.basename(path))[0]
    return [f"{stem}.hwh", f"{stem.removesuffix('_wrapper')}.hwh"]


def _prefix_of_all(names: list[str]) -> list[str]:
    shortest = min(names, key=len)
    prefix = os.path.splitext(shortest)[0] + "_"
    return [shortest] if all(name == shortest or name.startswith(prefix) for name in names) else []
