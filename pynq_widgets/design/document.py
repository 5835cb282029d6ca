"""From bytes to an element tree, without trust: limits, encodings, no document type, and the line of what is wrong."""

from __future__ import annotations

import contextlib
import gc
import re
import threading
from collections.abc import Callable
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers import expat

from .errors import DesignError

# The largest public handoffs have 5 MB and 250 000 tags; ten times that is still read, what is beyond is an attack or not a handoff.
MAX_BYTES = 64 << 20
MAX_TAGS = 3_000_000
MAX_ATTRIBUTES = 8_000_000

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_ONE_BYTE = {"iso-8859-1": "latin-1", "latin-1": "latin-1", "latin1": "latin-1", "windows-1252": "cp1252", "iso-8859-15": "iso-8859-15"}
_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}

_gc_lock = threading.Lock()


class Document:
    """A parsed handoff. ``reload`` gives its bytes again, so that an error found late can still name its line."""

    def __init__(self, path: str, data: bytes, reload: Callable[[], bytes]) -> None:
        self.path = path
        self._reload = reload
        self.root = _parse(path, _to_utf8(path, data))
        if self.root.tag != "EDKSYSTEM":
            self.fail(
                self.root, f"this is another XML file: its root element is <{str(self.root.tag)[:80]}>, a hardware handoff has <EDKSYSTEM>"
            )

    def fail(self, element: Element | None, cause: str) -> DesignError:
        """Raise ``DesignError`` about an element of this file."""
        raise DesignError(self.path, cause, None if element is None else self._line(element))

    def _line(self, element: Element) -> int | None:
        # Elements do not know their line; only an error needs it, so the file is read a second time up to this element.
        number = next((n for n, other in enumerate(self.root.iter()) if other is element), None)
        if number is None:
            return None
        line: list[int] = []
        count = -1
        parser = expat.ParserCreate("utf-8")

        def start(tag: str, _attributes: object) -> None:
            nonlocal count
            count += 1
            if count == number and tag == element.tag:
                line.append(parser.CurrentLineNumber)

        parser.StartElementHandler = start
        # Where the file has changed since it was read, the cause is still true and the line is not known.
        with contextlib.suppress(expat.ExpatError, DesignError, OSError):
            parser.Parse(_to_utf8(self.path, self._reload()), True)
        return line[0] if line else None


def _to_utf8(path: str, data: bytes) -> bytes:
    """The document in UTF-8, so that one look finds a document type in any encoding."""
    if len(data) > MAX_BYTES:
        raise DesignError(path, f"{len(data)} bytes are too many for a hardware handoff (at most {MAX_BYTES})")
    if data.startswith(b"\xef\xbb\xbf"):
        return data
    head = data[:4]
    encoding = None
    if head.startswith((b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00", b"\x00\x00\x00<", b"<\x00\x00\x00")):
        encoding = "utf-32" if head in (b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00") else ("utf-32-be" if head[:1] == b"\x00" else "utf-32-le")
    elif head.startswith((b"\xfe\xff", b"\xff\xfe")):
        encoding = "utf-16"
    elif head[:2] in (b"<\x00", b"\x00<"):
        encoding = "utf-16-le" if head[:1] == b"<" else "utf-16-be"
    else:
        declared = _DECLARED.match(data[:256])
        if declared:
            name = declared.group(1).decode("ascii").lower()
            if name in _UTF8:
                return data
            encoding = _ONE_BYTE.get(name)
            if encoding is None:
                raise DesignError(path, f"the encoding {name!r} is not supported, a hardware handoff is in UTF-8", 1)
    if encoding is None:
        return data
    try:
        return data.decode(encoding).lstrip("\ufeff").encode("utf-8")
    except UnicodeError:
        raise DesignError(path, f"this is not XML: it is not valid {encoding}") from None


def _parse(path: str, data: bytes) -> Element:
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise DesignError(path, "the file is empty")
    at = data.find(b"<!DOCTYPE")
    if at < 0:
        at = data.find(b"<!ENTITY")
    if at >= 0:
        raise DesignError(path, "a document type or entity is declared, which no hardware handoff does", data.count(b"\n", 0, at) + 1)
    if data.count(b"<") > MAX_TAGS or data.count(b"=") > MAX_ATTRIBUTES:
        raise DesignError(path, "there are too many elements for a hardware handoff")
    parser = XMLParser(encoding="utf-8")
    # A collection that runs while hundreds of thousands of elements are made finds nothing to free and costs a third of the time.
    with _gc_lock:
        collecting = gc.isenabled()
        gc.disable()
        try:
            parser.feed(data)
            root: Element = parser.close()
        except ParseError as error:
            line = error.position[0]
            raise DesignError(path, _explain(str(error), data), line) from None
        except (ValueError, LookupError) as error:
            raise DesignError(path, f"this is not XML: {error}") from None
        finally:
            if collecting:
                if gc.get_freeze_count() == 0:
                    # Into the oldest generation at once: the tree stays, and the next two collections would walk all of it.
                    gc.freeze()
                    gc.unfreeze()
                gc.enable()
    return root


def _explain(message: str, data: bytes) -> str:
    reason = message.split(":")[0]
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return f"this is not XML: it begins with {bytes(data.lstrip()[:16])!r}"
    if b"</EDKSYSTEM>" not in data[-4096:] and b"<EDKSYSTEM" in data[:4096]:
        return f"the file is truncated ({reason}): it ends before </EDKSYSTEM>; copy it again"
    return f"this is not well-formed XML: {reason}"
