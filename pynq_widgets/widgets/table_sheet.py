"""What a register table tells its page once: the facts of each register, as columns, so that ten thousand rows are a small text.

A column is a list with one entry a register, ``{"all": value}`` where all are alike, or ``{"from": a, "step": b}`` for numbers that
grow evenly. Field layouts, descriptions and guards, which repeat, stand once in a list and are numbered. Descriptions beyond a budget
are cut; the page asks for the whole of one that is looked at, and lets the kernel search in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from pynq_widgets.access.describe import WRITE_EFFECTS, FieldLike, reachable

from .frames import runs

_TEXT_BUDGET = 48_000  # characters of descriptions that go to the page unasked
_TEXT_LIMITS = (600, 240, 120, 60)  # characters of one description; the first that keeps to the budget is taken
_LONGEST_TEXT = 20_000

_WRITES = {
    None: "W",
    "oneToClear": "W1C",
    "oneToSet": "W1S",
    "oneToToggle": "W1T",
    "zeroToClear": "W0C",
    "zeroToSet": "W0S",
    "zeroToToggle": "W0T",
    "clear": "WC",
    "set": "WS",
}
_CODES = {"read-only": "R", "read-write": "RW", "write-only": "W"}
_READS = {"clear": "RC", "set": "RS"}
_WRITE_WORDS = {action: f"writing {does} it" for action, does in WRITE_EFFECTS.items() if "To" in action} | {
    "clear": "any write clears it",
    "set": "any write sets it",
    "modify": "a write acts",
}
_READ_WORDS = {"clear": "reading clears it", "set": "reading sets it"}


class Handle(Protocol):
    """What is asked of a register of a mirror."""

    @property
    def name(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def access(self) -> str: ...
    @property
    def guard(self) -> str | None: ...
    @property
    def info(self) -> Any: ...


def access_code(access: str, write_action: str | None = None, read_action: str | None = None) -> str:
    """The access in the words of register pages: ``R``, ``W``, ``RW``, ``RW1C``, ``RW1S``, ``W1T``, ``RC`` (cleared by reading), …"""
    read = "" if access == "write-only" else _READS.get(read_action or "", "R")
    write = "" if access == "read-only" else _WRITES.get(write_action, "W")
    return read + write


def effects(field: FieldLike) -> str:
    """What reading and writing the field do besides, in words; empty where they do nothing."""
    told = []
    if field.read_action and field.access != "write-only":
        told.append(_READ_WORDS.get(field.read_action, "reading changes it"))
    if field.write_action and field.access != "read-only":
        told.append(_WRITE_WORDS.get(field.write_action, f"writing: {field.write_action}"))
    return ", ".join(told)


class Texts:
    """Descriptions, each once: whole in the kernel, cut to a budget for the page."""

    def __init__(self) -> None:
        self._whole: list[str] = []
        self._index: dict[str, int] = {}

    def number(self, text: str | None) -> int:
        """The number of `text` (its white space as single blanks); -1 where there is none."""
        if not text:
            return -1
        if text in self._index:
            return self._index[text]
        text = " ".join(text.split())[:_LONGEST_TEXT]
        if not text:
            return -1
        index = self._index.setdefault(text, len(self._whole))
        if index == len(self._whole):
            self._whole.append(text)
        return index

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(enumerate(self._whole))

    def whole(self, index: int) -> str:
        """The description of that number, uncut. ``IndexError`` where there is none."""
        if index < 0:
            raise IndexError(index)
        return self._whole[index]

    def for_page(self) -> tuple[list[str], list[int]]:
        """What the page gets, and the numbers of those that were cut."""
        for limit in _TEXT_LIMITS:
            if sum(min(len(text), limit) for text in self._whole) <= _TEXT_BUDGET:
                break
        room = _TEXT_BUDGET
        sent, cut = [], []
        for index, text in enumerate(self._whole):
            if len(text) > limit or room <= 0:
                cut.append(index)
                text = text[: limit - 1] + "…" if room > 0 else ""
            room -= len(text)
            sent.append(text)
        while sent and not sent[-1]:
            sent.pop()
        return sent, cut


class Sheet:
    """The facts of the registers `handles`, whose block starts at the address `base`, and what a driver adds in `notes`."""

    def __init__(self, handles: Sequence[Handle], base: int, notes: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.texts = Texts()
        self.labels: dict[tuple[str, str], dict[int, str]] = {}
        self._rows_of: dict[int, list[int]] = {}  # by number of a register's description
        self._layouts: list[tuple[tuple[Any, ...], ...]] = []
        self._layout_of: list[int] = []
        self._by_facts: dict[tuple[Any, ...], int] = {}
        self._by_identity: dict[int, tuple[Any, int]] = {}
        guards: dict[str, int] = {}
        columns: dict[str, list[Any]] = {key: [] for key in ("name", "offset", "bits", "access", "guard", "reset", "text")}
        unreachable = []
        for row, handle in enumerate(handles):
            info = handle.info
            columns["name"].append(handle.name)
            columns["offset"].append(handle.offset)
            columns["bits"].append(handle.width)
            columns["access"].append(_CODES.get(handle.access) or access_code(handle.access))
            columns["guard"].append(-1 if not handle.guard else guards.setdefault(handle.guard, len(guards)))
            columns["reset"].append(_exact(info.reset_value))
            columns["text"].append(text := self.texts.number(info.description))
            if text >= 0:
                self._rows_of.setdefault(text, []).append(row)
            self._layout_of.append(self._layout(info.fields))
            if not reachable(info):
                unreachable.append(row)
        sent, cut = self.texts.for_page()
        self._content = {
            "count": len(handles),
            "base": _exact(base),
            "columns": {key: column(values) for key, values in (columns | {"layout": self._layout_of}).items()},
            "unreachable": unreachable,
            "guards": list(guards),
            "layouts": [list(map(list, layout)) for layout in self._layouts],
            "texts": sent,
            "cut": runs(cut),
            "notes": self._notes(handles, notes or {}),
        }

    def to_json(self) -> str:
        """As the page takes it."""
        return json.dumps(self._content, separators=(",", ":"), ensure_ascii=False)

    def find(self, words: str) -> list[int]:
        """Rows whose description, or that of one of their fields, holds each of the `words`: for descriptions that the page has cut."""
        wanted = words.casefold().split()
        found: set[int] = set()
        if wanted:
            told = {index for index, text in self.texts if all(word in text.casefold() for word in wanted)}
            for index in told:
                found.update(self._rows_of.get(index, ()))
            layouts = {number for number, layout in enumerate(self._layouts) if any(field[-1] in told for field in layout)}
            if layouts:
                found.update(row for row, layout in enumerate(self._layout_of) if layout in layouts)
        return sorted(found)

    def _layout(self, fields: Iterable[FieldLike]) -> int:
        """The number of the layout of `fields`; -1 where there are none. Arrays of registers share theirs, often as one object."""
        known = self._by_identity.get(id(fields))
        if known is not None and known[0] is fields:
            return known[1]
        facts = tuple((f.name, f.bit_offset, f.bit_width, f.access, f.read_action, f.write_action, f.description) for f in fields)
        number = self._by_facts.get(facts, -1)
        if facts and number < 0:
            number = self._by_facts[facts] = len(self._layouts)
            self._layouts.append(
                tuple(
                    (
                        field.name,
                        field.bit_offset,
                        max(field.bit_width, 1),
                        access_code(field.access, field.write_action, field.read_action),
                        effects(field),
                        self.texts.number(field.description),
                    )
                    for field in fields
                )
            )
        self._by_identity[id(fields)] = (fields, number)  # held, so that its id stays its own
        return number

    def _notes(self, handles: Sequence[Handle], notes: Mapping[str, Mapping[str, Any]]) -> list[list[Any]]:
        """``[row, field or '', {unit, scale, format, labels}]`` of each register and field that has any of these."""
        told = []
        rows = {handle.name: row for row, handle in enumerate(handles)}
        for name, entries in notes.items():
            for field, note in entries.items():
                content = _note(note)
                if name in rows and content:
                    told.append([rows[name], field, content])
                    if content.get("labels"):
                        self.labels[name, field] = {int(value): label for value, label in content["labels"]}
        return told


def column(values: list[Any]) -> Any:
    """`values` in the shortest of the three forms."""
    if len(values) > 2:
        first = values[0]
        if all(value == first for value in values):
            return {"all": first}
        if all(type(value) is int for value in values):
            step = values[1] - first
            if all(value == first + index * step for index, value in enumerate(values)):
                return {"from": first, "step": step}
    return values


def _exact(value: int | None) -> int | str | None:
    """A number that JavaScript takes whole: as text beyond 2⁵³."""
    return value if value is None or abs(value) < 1 << 53 else hex(value)


def _note(note: Any) -> dict[str, Any]:
    """A driver's note as the page takes it: what it leaves out is left out."""
    content: dict[str, Any] = {}
    for key in ("trait", "unit", "format"):
        if text := getattr(note, key, None):
            content[key] = str(text)
    scale = getattr(note, "scale", None)
    if isinstance(scale, (int, float)) and scale not in (0, 1):
        content["scale"] = float(scale)
    if getattr(note, "signed", False):
        content["signed"] = True
    labels = getattr(note, "labels", None)
    if labels:
        content["labels"] = [[_exact(int(value)), str(label)] for value, label in dict(labels).items()]
    return content
