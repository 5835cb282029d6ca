"""Which bits of a register are configuration, and which of them start something.

Configuration is what a person or a program has set and would have to set again after a reset. A design file does not say it in so many
words; this is what is made of what it says:

- Bits that are read and written, and on which neither a read nor a write acts, are configuration: a register without fields as a
  whole, else its fields of that kind.
- A register that is not read unasked is none, nor is an array of an HLS core, nor a register named as a status (``ISR``, ``STATUS``)
  or as one whose writing begins a transfer (``LENGTH``, ``BTT``, ``TAILDESC``), nor a field named as a reset.
- A write-only register is a command (a FIFO, an acknowledgement), unless it is an argument of an HLS core; then it is known where it
  was written.

A driver class knows better: ``configuration = {'LENGTH': False, 'CTRL.MODE': True}`` says of a register or a field whether it is
configuration; a class method ``configuration(description)`` says it by the design. It cannot make a word that is not read unasked one,
nor what is read-only.

What starts something is written last: a field of one bit, a register without fields, or one with a single field, that has one of the
words `STARTS` in its name, and what a driver names as ``'REGISTER.FIELD'`` in its ``restore_order``.
"""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from pynq_widgets.access.describe import FieldLike, RegisterLike, reachable

#: The words in a name by which what starts something is known.
STARTS = frozenset({"start", "run", "rs", "go", "en", "enable", "gie", "gier", "ier", "mer", "trigger", "fire", "arm", "vsize"})
_STATUS = frozenset({"isr", "sr", "status"})
_TRANSFERS = frozenset({"length", "btt", "taildesc"})
_RESETS = frozenset({"reset", "rst", "rstn", "resetn"})
_PARTS = re.compile(r"[\W_]+")


class Part(NamedTuple):
    """A piece of a register that is configuration: a field, or with an empty name all of it. `mask` are its bits, in place."""

    field: str
    shift: int
    mask: int
    starts: bool

    def of(self, word: int) -> int:
        """The value of this piece in `word`."""
        return (word & self.mask) >> self.shift


class Choice(NamedTuple):
    """The pieces of a register that are configuration, or why it has none."""

    parts: tuple[Part, ...]
    reason: str

    @property
    def mask(self) -> int:
        """All bits that are configuration."""
        return mask_of(self.parts)


def mask_of(parts: Iterable[Part]) -> int:
    """The bits of all the pieces."""
    return reduce(operator.or_, (part.mask for part in parts), 0)


class Statement(NamedTuple):
    """What a driver class says of its IP's configuration."""

    configuration: Mapping[str, bool]
    order: tuple[str, ...]


def stated(driver: Any, description: Mapping[str, Any] | None = None) -> Statement:
    """What the class `driver` says of the IP of `description`: ``configuration`` and ``restore_order``.

    A `Statement` is given back as it is. Raises ``TypeError`` where they have another shape, which is a mistake in the driver.
    """
    if isinstance(driver, Statement):
        return driver
    configuration = getattr(driver, "configuration", None)
    if inspect.isfunction(configuration) or isinstance(configuration, property):
        configuration = None  # of the instance: a driver's own, and no statement
    if callable(configuration):
        configuration = configuration(description or {})
    order = getattr(driver, "restore_order", None)
    name = getattr(driver, "__name__", driver)
    if configuration is None:
        configuration = {}
    elif not isinstance(configuration, Mapping) or not all(
        isinstance(key, str) and isinstance(yes, bool) for key, yes in configuration.items()
    ):
        raise TypeError(f"{name}.configuration must map names ('REGISTER' or 'REGISTER.FIELD') to True or False, not {configuration!r}")
    if order is None:
        order = ()
    elif isinstance(order, str) or not isinstance(order, Sequence) or not all(isinstance(entry, str) for entry in order):
        raise TypeError(f"{name}.restore_order must list names ('REGISTER' or 'REGISTER.FIELD'), not {order!r}")
    return Statement(configuration, tuple(order))


def is_hls(vlnv: str | None) -> bool:
    """Whether `vlnv` is that of a core made by HLS."""
    return vlnv is not None and vlnv.split(":")[1:2] == ["hls"]


def choose(name: str, info: RegisterLike, guard: str | None, said: Statement, hls: bool = False) -> Choice:
    """What of the register `name` is configuration, by the rules above.

    `guard` says why it is not read unasked, ``None`` where it may be, or is write-only; `hls` where it is one of an HLS core.
    """
    says = said.configuration.get(name)
    if says is False:
        return Choice((), "its driver says that it is not configuration")
    if getattr(info, "is_memory", False):
        return Choice((), "it is an array")
    if not reachable(info):
        return Choice((), f"{info.width} bits at offset {info.offset:#x} are not written as whole words")
    if info.access == "read-only":
        return Choice((), "it is read-only")
    if info.access == "write-only":
        because = getattr(info, "guard", None)
        if because or not (says or hls):
            return Choice((), because or "it is write-only, and so a command for all that the design says")
    elif guard is not None:
        return Choice((), f"it is not read unasked: {guard}")
    if says is None and _words(name) & _STATUS:
        return Choice((), "it is a status")
    if says is None and not hls and _words(name) & _TRANSFERS:
        return Choice((), "writing it begins a transfer, for all that its name says")
    fields = list(info.fields)
    full = (1 << min(info.width, 64)) - 1
    if not fields:
        return Choice((Part("", 0, full, bool(_words(name) & STARTS) or f"{name}." in said.order),), "")
    parts = []
    for field in fields:
        whole = (1 << field.bit_width) - 1 << field.bit_offset
        if _is_configuration(field, said.configuration.get(f"{name}.{field.name}", says), info.access) and not whole & ~full:
            parts.append(Part(field.name, field.bit_offset, whole, _starts(name, field, said, len(fields))))
    if not parts:
        return Choice((), "no field of it is read and written without effect")
    return Choice(tuple(sorted(parts, key=lambda part: part.shift)), "")


def _is_configuration(field: FieldLike, says: bool | None, access: str) -> bool:
    if says is False or field.access == "read-only" or field.read_action:
        return False
    if says:
        return True
    if field.write_action or _words(field.name) & _RESETS or field.name.lower().startswith("reserved"):
        return False
    return field.access == "read-write" or access == "write-only"


def _starts(name: str, field: FieldLike, said: Statement, count: int) -> bool:
    if f"{name}.{field.name}" in said.order:
        return True
    if field.bit_width == 1:
        return bool(_words(field.name) & STARTS) or bool(_words(name) & STARTS)
    return count == 1 and bool(_words(name) & STARTS)


def _words(name: str) -> set[str]:
    return set(_PARTS.split(name.lower()))
