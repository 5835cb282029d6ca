"""What was said on a bus, as data: transactions, what was left out, interrupts and downloads, in the order in which they ended.

The file it is kept in stands in ``conversation_file.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Union

from pynq_widgets.device.bus import USER, Transaction

WATCHERS = frozenset({"sampler", "page", "display"})
"""Who looks at, or touches, the hardware by itself or by a person's hand, at moments that no second run repeats."""


class Gap(NamedTuple):
    """Here `left_out` transactions were left out, in `seconds` of the device's clock from `time` on."""

    time: float
    left_out: int
    seconds: float


class Interruption(NamedTuple):
    """An interrupt `line` of the processing system was ``'armed'`` (somebody waits) or ``'told'`` (it came)."""

    time: float
    event: str
    line: str


class Download(NamedTuple):
    """The device's design was loaded anew; `generation` is the device's count from then on."""

    time: float
    generation: int


Entry = Union[Transaction, Gap, Interruption, Download]  # noqa: UP007 (isinstance with 3.10 wants no alias of |)


@dataclass(frozen=True)
class Conversation:
    """What was said on a bus, and what a reader must know to say it again.

    Attributes
    ----------
    entries : tuple
        :class:`Transaction`, :class:`Gap`, :class:`Interruption` and :class:`Download`, in order.
    kind, tag : str
        Of the device that was recorded.
    design, digest : str
        Name of the design, and SHA-256 of its file (hexadecimal), each empty where unknown.
    clock : str
        ``'virtual'`` or ``'wall'``; times are seconds of that clock.
    pool : (int, int) or None
        Base and size in bytes of the device's contiguous memory, where it told.
    loaded : bool
        Whether a design had been downloaded before the first entry.
    forgotten : int
        How many transactions before the first entry the ring did not hold any more.
    names : mapping
        Address of a transaction to the name of what stands there.
    """

    entries: tuple[Entry, ...] = ()
    kind: str = ""
    tag: str = ""
    design: str = ""
    digest: str = ""
    clock: str = "wall"
    pool: tuple[int, int] | None = None
    loaded: bool = True
    forgotten: int = 0
    names: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """The transactions alone."""
        return tuple(entry for entry in self.entries if isinstance(entry, Transaction))

    @property
    def missed(self) -> int:
        """How many transactions were left out: in gaps, and before the first entry."""
        return self.forgotten + sum(entry.left_out for entry in self.entries if isinstance(entry, Gap))

    def name_of(self, address: int) -> str:
        """What stands at `address`, empty where that is not known."""
        return self.names.get(address, "")

    def with_entries(self, entries: Iterable[Entry]) -> Conversation:
        """The same device, another choice of entries."""
        return replace(self, entries=tuple(entries))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file `path` (gzip where the name ends in ``.gz``); see ``conversation_file``."""
        from .conversation_file import save

        save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Conversation:
        """Read the file `path`; :class:`ConversationError` names the line where it is wrong."""
        from .conversation_file import load

        return load(path)


class ConversationError(ValueError):
    """A file that is no recording, or a damaged one: `path`, `cause`, and `line` (from 1) where it is known."""

    def __init__(self, path: str, cause: str, line: int | None = None) -> None:
        self.path = path
        self.cause = cause
        self.line = line
        super().__init__(f"{path}{'' if line is None else f', line {line}'}: {cause}")

    def __reduce__(self) -> Any:
        return type(self), (self.path, self.cause, self.line)


# To write a conversation by hand, as the tests made from recordings do.


def read(address: int, *words: int, who: str = USER, error: str = "", count: int | None = None) -> Transaction:
    """A read at `address` that gave `words`, or failed with `error`."""
    return Transaction(0.0, who, "read", address, words, len(words) or count or 1, 0.0, error)


def write(address: int, *words: int, who: str = USER, error: str = "") -> Transaction:
    """A write of `words` at `address`, which failed where there is an `error`."""
    return Transaction(0.0, who, "write", address, words, len(words), 0.0, error)


def armed(line: str) -> Interruption:
    """Somebody waits for the interrupt `line`."""
    return Interruption(0.0, "armed", line)


def told(line: str) -> Interruption:
    """The interrupt `line` came."""
    return Interruption(0.0, "told", line)


def download(generation: int) -> Download:
    """The design was loaded anew."""
    return Download(0.0, generation)


def conversation_of(source: Any) -> Conversation:
    """A conversation from a path, a tape, an excerpt of one, or a list of entries.

    Raises ``TypeError`` for anything else.
    """
    if isinstance(source, Conversation):
        return source
    if isinstance(source, (str, os.PathLike)):
        return Conversation.load(source)
    made = getattr(source, "conversation", None)
    if callable(made):
        made = made()
        if isinstance(made, Conversation):
            return made
    if isinstance(source, Iterable):
        entries = tuple(source)
        if all(isinstance(entry, (Transaction, Gap, Interruption, Download)) for entry in entries):
            return Conversation(entries)
    raise TypeError(
        f"expected a recording: the path of a file, a tape, a part of one, or a list of its entries, not the {type(source).__name__} "
        f"{source!r:.80}"
    )
