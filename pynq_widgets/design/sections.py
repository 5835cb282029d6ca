"""A handoff cut into sections, each parsed when it is first needed.

Most of a handoff is never asked for, and making the elements of all of it takes longer than anything else here. So the bytes of
a document that is known to be well-formed are only cut: at the modules, and inside a module at its groups (``PARAMETERS``,
``PORTS``, ...). A ``Section`` answers as an ``Element`` does and parses a group with the first question about it.

In XML a ``<`` always begins a tag, except in comments, CDATA, processing instructions and document types; the caller makes sure
that there are none of them, and no namespaces, which a section would not know by itself.
"""

from __future__ import annotations

import contextlib
import gc
import re
import threading
from collections.abc import Iterator
from xml.etree.ElementTree import Element, XMLParser

# A start tag; a quoted value may hold a ">".
_START = re.compile(rb"""<([^\s/>]+)[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>""")
_SLASH = ord("/")

_gc_lock = threading.Lock()


class Section:
    """An element with parsed attributes, whose children lie in ``data`` and are parsed group by group.

    Threads may ask at once: what was parsed first is what all of them get, so that elements can be compared by identity.
    """

    def __init__(self, data: bytes, start: int, groups: dict[str, list[tuple[int, int]]]) -> None:
        self.data = data
        self.start = start
        self.attrib: dict[str, str] = {}
        self._groups = groups
        self._parsed: dict[str, list[Element]] = {}

    def get(self, key: str, default: str | None = None) -> str | None:
        return self.attrib.get(key, default)

    def find(self, path: str) -> Element | None:
        return next(self.iterfind(path), None)

    def iterfind(self, path: str) -> Iterator[Element]:
        """The elements at a path of tags (``'PORTS/PORT'``), in the order of the file."""
        group, _, rest = path.partition("/")
        for element in self._group(group):
            if rest:
                yield from element.iterfind(rest)
            else:
                yield element

    def spans(self, group: str) -> list[tuple[int, int]]:
        """Where in ``data`` the children of this tag begin and end."""
        return self._groups.get(group, [])

    def children(self) -> Iterator[Element]:
        """All children, group by group."""
        for group in self._groups:
            yield from self._group(group)

    def with_group(self, element: Element) -> Section:
        """The same section with `element` in the place of its children of that tag."""
        other = Section(self.data, self.start, {**self._groups, element.tag: [(self.start, self.start)]})
        other.attrib = self.attrib
        other._parsed = {**self._parsed, element.tag: [element]}
        return other

    def parsed(self) -> Iterator[tuple[int, int, Element]]:
        """What has been parsed so far, with its place."""
        for group, elements in list(self._parsed.items()):
            for (start, end), element in zip(self._groups[group], elements, strict=True):
                yield start, end, element

    def _group(self, name: str) -> list[Element]:
        elements = self._parsed.get(name)
        if elements is None:
            spans = self._groups.get(name)
            if spans is None:
                return []
            view = memoryview(self.data)
            elements = self._parsed.setdefault(name, [parse(view[start:end]) for start, end in spans])
        return elements


# What the readers ask for attributes and children; an element of a document that was parsed as a whole answers as a section does.
Node = Section | Element


def parse(data: bytes | memoryview) -> Element:
    """The element that these bytes are; ``ParseError`` where they are not one."""
    parser = XMLParser(encoding="utf-8")
    with _without_collections():
        parser.feed(data)
        root: Element = parser.close()
    return root


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    # A collection that runs while thousands of elements are made finds nothing to free and costs a third of the time.
    with _gc_lock:
        collecting = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collecting:
                if gc.get_freeze_count() == 0:
                    # Into the oldest generation at once: the elements stay, and the next two collections would walk all of them.
                    gc.freeze()
                    gc.unfreeze()
                gc.enable()


def cut(data: bytes, start: int) -> tuple[Section, list[Section] | None] | None:
    """The root, whose tag begins at ``start``, and the modules of a well-formed document; ``None`` in place of the modules where
    it has no ``MODULES``, and in place of both where it cannot be cut, because groups of one name stand inside one another.
    """
    cutter = _Cutter(data, start)
    found = cutter.root()
    return None if cutter.has_more() else found


class _Cutter:
    """Walks over the children of an element from tag to tag; what is in a group is jumped over, to the first end tag of its name.

    If that is the end tag of another element, inside the group, then more elements were begun than ended in what was jumped over.
    Outside of it each start tag is paired with one end tag, so that in the end as many end tags are left over.
    """

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._at = start
        self._tags: list[bytes] = []
        self._sections: list[Section] = []

    def root(self) -> tuple[Section, list[Section] | None]:
        begin = self._next()
        assert begin is not None
        modules: list[Section] | None = None
        groups: dict[str, list[tuple[int, int]]] = {}
        for tag in self._children(begin):
            if tag[1] == b"MODULES":
                modules = [] if modules is None else modules
                for module in self._children(tag):
                    if module[1] == b"MODULE":
                        modules.append(self._module(module))
                    else:
                        self._jump(module)
            else:
                self._group(groups, tag)
        root = self._section(begin, groups)
        # One parser for all start tags: making a parser takes longer than parsing one.
        heads = parse(b"<tags>" + b"".join(self._tags) + b"</tags>")
        for section, head in zip(self._sections, heads, strict=True):
            section.attrib = head.attrib
        return root, modules

    def has_more(self) -> bool:
        """Whether tags are left over."""
        return self._data.find(b"<", self._at) >= 0

    def _module(self, begin: re.Match[bytes]) -> Section:
        groups: dict[str, list[tuple[int, int]]] = {}
        for tag in self._children(begin):
            self._group(groups, tag)
        return self._section(begin, groups)

    def _section(self, begin: re.Match[bytes], groups: dict[str, list[tuple[int, int]]]) -> Section:
        section = Section(self._data, begin.start(), groups)
        self._tags.append(begin[0] if self._is_empty(begin) else begin[0][:-1] + b"/>")
        self._sections.append(section)
        return section

    def _group(self, groups: dict[str, list[tuple[int, int]]], tag: re.Match[bytes]) -> None:
        self._jump(tag)
        groups.setdefault(tag[1].decode("utf-8"), []).append((tag.start(), self._at))

    def _children(self, parent: re.Match[bytes]) -> Iterator[re.Match[bytes]]:
        """The start tags of an element's children; whoever takes one moves behind its end before the next."""
        if not self._is_empty(parent):
            while (tag := self._next()) is not None:
                yield tag

    def _next(self) -> re.Match[bytes] | None:
        """The next start tag; ``None`` at an end tag. Moves behind either."""
        at = self._data.index(b"<", self._at)
        if self._data[at + 1] == _SLASH:
            self._at = self._data.index(b">", at) + 1
            return None
        tag = _START.match(self._data, at)
        assert tag is not None
        self._at = tag.end()
        return tag

    def _is_empty(self, tag: re.Match[bytes]) -> bool:
        return self._data[tag.end() - 2] == _SLASH

    def _jump(self, tag: re.Match[bytes]) -> None:
        """Behind the first end tag of a start tag's name."""
        if not self._is_empty(tag):
            end = b"</" + tag[1]
            at = self._at
            while True:
                at = self._data.index(end, at) + len(end)
                if self._data[at] in b"> \t\r\n":  # else it is the beginning of a longer name
                    break
            self._at = self._data.index(b">", at) + 1
