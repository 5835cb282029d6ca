"""From bytes to elements, without trust: limits, encodings, no document type, and the line of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NoReturn
from xml.etree.ElementTree import Element
from xml.parsers import expat

from .errors import DesignError
from .sections import Node, Section, cut, parse

# The largest public handoffs have 5 MB and 250 000 tags; ten times that is still read, what is beyond is an attack or not a handoff.
MAX_BYTES = 64 << 20
MAX_TAGS = 3_000_000
MAX_ATTRIBUTES = 8_000_000
# Below it there is no room for as many, and counting takes time: <a></a> is two tags in seven bytes, and an attribute takes five.
_ROOM_FOR_TOO_MANY = 3 * MAX_TAGS

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_ONE_BYTE = {"iso-8859-1": "latin-1", "latin-1": "latin-1", "latin1": "latin-1", "windows-1252": "cp1252", "iso-8859-15": "iso-8859-15"}
_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}


class Document:
    """A handoff that is known to be well-formed: its root, its modules, and where in the file each element stands.

    It is cut into sections that are parsed when they are needed. Where it holds what makes cutting unsafe (comments, CDATA,
    processing instructions, namespaces, groups inside one another), or ``whole`` is asked for, all of it is parsed at once; the
    answers are the same.
    """

    root: Node
    modules: Sequence[Node] | None

    def __init__(self, path: str, data: bytes, *, whole: bool = False) -> None:
        self.path = path
        self._data = _to_utf8(path, data)
        tag, start, plain = _examine(path, self._data)
        if tag != "EDKSYSTEM":
            raise DesignError(
                path,
                f"this is another XML file: its root element is <{tag[:80]}>, a hardware handoff has <EDKSYSTEM>",
                self._line_at(start),
            )
        sections = cut(self._data, start) if plain and not whole else None
        if sections is not None:
            self.root, self.modules = sections
        else:
            tree = parse(self._data)
            self.root = tree
            self.modules = None if tree.find("MODULES") is None else tree.findall("MODULES/MODULE")

    @property
    def data(self) -> bytes:
        """The file, in UTF-8."""
        return self._data

    def fail(self, node: Node | None, cause: str) -> NoReturn:
        """Raise ``DesignError`` about an element of this file."""
        raise DesignError(self.path, cause, None if node is None else self._line(node))

    def _line(self, node: Node) -> int | None:
        # Elements do not know their line; only an error needs it, so the section is read a second time up to this element.
        if isinstance(node, Section):
            return self._line_at(node.start)
        for start, end, parsed in self._parsed():
            for number, element in enumerate(parsed.iter()):
                if element is node:
                    return self._line_at(start + _offset_of(self._data[start:end], number))
        return None

    def _parsed(self) -> Iterator[tuple[int, int, Element]]:
        if isinstance(self.root, Element):
            yield 0, len(self._data), self.root
        for section in (self.root, *(self.modules or ())):
            if isinstance(section, Section):
                yield from section.parsed()

    def _line_at(self, offset: int) -> int:
        before = self._data[:offset]
        return before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n") + 1


def _offset_of(data: bytes, number: int) -> int:
    """Where the start tag with this number, counted from 0, begins."""
    found: list[int] = []
    count = -1
    parser = expat.ParserCreate("utf-8")

    def begin(_tag: str, _attributes: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            found.append(parser.CurrentByteIndex)
            parser.StartElementHandler = None

    parser.StartElementHandler = begin
    parser.Parse(data, True)
    return found[0]


def _to_utf8(path: str, data: bytes) -> bytes:
    """The document in UTF-8, so that all looks at it see the same letters in any encoding."""
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


def _examine(path: str, data: bytes) -> tuple[str, int, bool]:
    """The root's tag, where it begins, and whether all is elements; ``DesignError`` where it is not well-formed or has a document type."""
    if len(data) > _ROOM_FOR_TOO_MANY and (data.count(b"<") > MAX_TAGS or data.count(b"=") > MAX_ATTRIBUTES):
        raise DesignError(path, "there are too many elements for a hardware handoff")
    # With namespaces, as ElementTree parses, so that it finds nothing wrong later.
    parser = expat.ParserCreate("utf-8", "}")
    roots: list[tuple[str, int]] = []
    plain = True

    def begin(tag: str, _attributes: object) -> None:
        roots.append((tag, parser.CurrentByteIndex))
        parser.StartElementHandler = None  # a handler that is called for each element takes as long as all the rest

    def refuse(*_: object) -> None:
        raise DesignError(path, "a document type or entity is declared, which no hardware handoff does", parser.CurrentLineNumber)

    def note(*_: object) -> None:
        nonlocal plain
        plain = False

    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    parser.CommentHandler = note
    parser.StartCdataSectionHandler = note
    parser.ProcessingInstructionHandler = note
    parser.StartNamespaceDeclHandler = note
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        if not data.strip(b"\xef\xbb\xbf \t\r\n"):
            raise DesignError(path, "the file is empty") from None
        raise DesignError(path, _explain(expat.ErrorString(error.code), data), error.lineno) from None
    return *roots[0], plain


def _explain(reason: str, data: bytes) -> str:
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return f"this is not XML: it begins with {bytes(data.lstrip()[:16])!r}"
    if b"</EDKSYSTEM>" not in data[-4096:] and b"<EDKSYSTEM" in data[:4096]:
        return f"the file is truncated ({reason}): it ends before </EDKSYSTEM>; copy it again"
    return f"this is not well-formed XML: {reason}"
