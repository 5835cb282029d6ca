"""RegArray: registers that are one thing many times over."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from threading import get_ident
from typing import Any, overload

from traitlets import TraitError

from pynq_widgets.access.mirror import Mirror

from .base import HardwareTrait, _a, _brief, hub_of
from .codec import Misfit
from .corrections import Statement
from .known import Known
from .place import find_register
from .wide_word import WideWord
from .word import Word

_WORST = ("never", "stale", "mismatch", "written", "read")


class RegArray(HardwareTrait):
    """Registers that are one thing many times over::

        coeffs = RegArray('COEFF_0', length=32)                                  # COEFF_0 and the 31 words behind it
        levels = RegArray(0x40, length=8, stride=16, element=FixedPoint(fraction=8))
        limits = RegArray(['LOW', 'MID', 'HIGH'], element=Field(bits=(11, 0), unit='mV'))
        taps = RegArray('TAP{}', length=4)                                       # TAP0 to TAP3

    ``ip.coeffs[3]`` reads one element, ``ip.coeffs[3] = 5`` writes one; slices are read in the fewest block reads and written one
    word each, after all of it was validated; ``ip.coeffs = [...]`` writes all (the length must be right). ``len``, iteration and
    ``==`` with a sequence work.

    register
        Name or offset of the first one, the elements `stride` bytes apart (4, or a multiple; 1 and 2 for bytes and half words within
        words, and so for arrays of an HLS core that are packed); a text with ``{}`` for the number; or all of them in a list.
    length
        How many there are.
    element
        What each of them is: any of the other kinds, without its register. Left out, a ``Word`` with the keywords given here.

    Observers are told of the whole array, as a tuple (an element that was never seen is ``None`` in it). A validator
    (``@validate``) sees assignments to the whole array.
    """

    kind = "array"

    def __init__(
        self,
        register: str | int | Sequence[str | int] | None = None,
        length: int | None = None,
        *,
        stride: int | None = None,
        element: HardwareTrait | None = None,
        help: str = "",
        poll: float | None = None,
        **keywords: Any,
    ) -> None:
        who = f"RegArray({register!r})"
        listed = None if register is None or isinstance(register, (str, int)) else list(register)
        if listed is not None:
            if length is not None and length != len(listed):
                raise ValueError(f"{who}: {len(listed)} registers are listed, and length={length}")
            if stride is not None:
                raise TypeError(f"{who}: registers in a list have no stride")
            length = len(listed)
        if isinstance(length, bool) or not isinstance(length, int) or length < 1:
            raise ValueError(f"{who}: length={length!r} is not a number of elements")
        if element is None:
            element = Word(**keywords)
        elif keywords:
            raise TypeError(f"{who}: {', '.join(keywords)} belong{'s' if len(keywords) == 1 else ''} to the element")
        if not isinstance(element, HardwareTrait) or isinstance(element, RegArray):
            raise TypeError(f"{who}: element={element!r} is not one of Word, Field, Bit, EnumField, FixedPoint, Float32, Counter, WideWord")
        if element.register is not None:
            raise ValueError(f"{who}: the element has a register ({element.register!r}); its registers are the array's")
        width = 8 if isinstance(element, WideWord) else 4
        stride = width if stride is None else stride
        if stride not in (1, 2) and (stride < width or stride % 4):
            raise ValueError(f"{who}: stride={stride} is not 1, 2 or a multiple of 4 bytes from {width} on")
        if stride < 4 and (width == 8 or element.bits is not None):
            raise ValueError(f"{who}: elements of {stride} byte{'s' if stride > 1 else ''} are all of their bits")
        self.length = length
        self.stride = stride
        self.element = element
        self.reads_in_blocks = element.reads_in_blocks
        self.listed = listed
        self._pattern = isinstance(register, str) and "{" in register
        self._clones: dict[tuple[int, Any], HardwareTrait] = {}
        super().__init__(
            None if listed is not None else register,  # type: ignore[arg-type]
            access=element.access,
            unit=element.unit,
            help=help,
            onread=element.onread,
            onwrite=element.onwrite,
            verify=element.verify,
            poll=poll,
        )

    def _check_values(self) -> None:
        if self.stride < 4:
            self.element._make_checked(8 * self.stride)

    @property
    def value_type(self) -> Any:
        return Bank

    @property
    def stated_width(self) -> int | None:
        return self.element.stated_width

    def _reference(self, index: int) -> tuple[str | int, int]:
        """Name or offset of a register, and how many bytes behind it the element is."""
        if self.listed is not None:
            return self.listed[index], 0
        if self._pattern:
            return str(self._sought).format(index), 0
        return self._sought, index * self.stride

    def statements(self) -> list[Statement]:
        found = []
        for index in range(self.length):
            register, plus = self._reference(index)
            within = 0
            if self.stride < 4:
                if isinstance(register, int):
                    register, plus = register + plus & ~3, register + plus & 3
                plus, within = plus & ~3, plus & 3
            for statement in self._clone(index, register, within).statements():
                found.append(statement._replace(plus=statement.plus + plus))
        return found

    def _clone(self, index: int, register: str | int, within: int = 0) -> HardwareTrait:
        clone = self._clones.get((index, register))
        if clone is None:
            clone = copy.copy(self.element)
            clone.name, clone.this_class, clone.register = f"{self.name}[{index}]", self.this_class, register
            if self.stride < 4:
                clone.bits = (8 * (within + self.stride) - 1, 8 * within)
            self._clones[index, register] = clone
        return clone

    # Where it stands.

    def locate(self, mirror: Mirror) -> Any:
        elements = []
        for index in range(self.length):
            register, plus = self._reference(index)
            if plus or self.stride < 4:
                offset = (register if isinstance(register, int) else find_register(mirror, register).offset) + plus
                element = self._clone(index, offset & ~3, offset & 3)
            else:
                element = self._clone(index, register)
            place: Any = element.locate(mirror)
            element._settle(place)
            elements.append((element, place))
        return Places(mirror, elements)

    def place_in(self, hub: Any) -> Any:
        place: Any = super().place_in(hub)
        for element, each in place.elements:
            hub.places.setdefault(element.name, each)
        return place

    def _settle(self, place: Any) -> Any:
        """Each element did."""

    # The values.

    def decode(self, place: Any, raw: Any) -> Any:
        pairs = zip(place.elements, raw, strict=True)
        return tuple(None if bits is None else element.decode(each, bits) for (element, each), bits in pairs)

    def encode(self, place: Any, value: Any) -> Any:
        if isinstance(value, (Set, Mapping)):
            raise Misfit(f"{self.length} values in an order")
        if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            raise Misfit(f"{self.length} values")
        values = list(value)
        if len(values) != self.length:
            raise Misfit(f"{self.length} values, but got {len(values)}")
        found = []
        for (element, each), one in zip(place.elements, values, strict=True):
            try:
                found.append(element.encode(each, one))
            except Misfit as misfit:
                raise Misfit(f"{misfit} at {element.name}") from None
        return tuple(found)

    def get(self, obj: Any, cls: Any = None) -> Any:
        hub = hub_of(obj)
        if hub.special:
            found, raw = hub.in_hand(self.name)
            if found:
                return self.decode(self.place(obj), raw)
        place: Any = self.place(obj)
        return Bank(obj, self, place)

    def __set__(self, obj: Any, value: Any) -> None:
        place: Any = self.place(obj)
        if place.access == "read-only":
            raise TraitError(f"The {self.name!r} trait of {_a(obj)} is read-only: nothing was written")
        raw = self._encoded(obj, place, value if not isinstance(value, Bank) else list(value))
        self._put(obj, place, self._crossed(obj, place, raw), range(self.length))

    def _put(self, obj: Any, place: Any, raw: Sequence[Any], indices: Iterable[int]) -> None:
        hub = hub_of(obj)
        if hub.held is not None and hub.held.thread == get_ident():
            for index, bits in zip(indices, raw, strict=True):
                element, each = place.elements[index]
                hub.held.put(element, each, bits)
            return
        with place.mirror.transaction():
            for index, bits in zip(indices, raw, strict=True):
                place.elements[index][1].store(bits, self.verify)
        if hub.special:
            hub.overtaken(self.name)

    def known(self, obj: Any) -> Known:
        place: Any = self.place(obj)
        raw = place.peek()
        handles = [each.handle for _, each in place.elements]
        worst = min(handles, key=lambda handle: _WORST.index(handle.state))
        ages = [handle.age for handle in handles if handle.age is not None]
        times = [handle.when for handle in handles if handle.when is not None]
        value = None if raw is None else self.decode(place, raw)
        return Known(value, worst.state, max(ages, default=None), min(times, default=None), worst.reason)

    def default(self, obj: Any = None) -> Any:
        """The values after reset, as far as the design tells them."""
        if obj is None:
            return None
        place: Any = self.place(obj)
        resets = [(element, each, each.handle.info.reset_value) for element, each in place.elements]
        return tuple(None if reset is None else element._of_reset(each, reset) for element, each, reset in resets)


class Places:
    """The elements of an array in the registers of one IP: pairs of the element's trait and its place."""

    def __init__(self, mirror: Mirror, elements: list[tuple[HardwareTrait, Any]]) -> None:
        self.mirror = mirror
        self.elements = elements
        self.handle = elements[0][1].handle
        self.registers = tuple(dict.fromkeys(name for _, each in elements for name in each.registers))
        self.guard = next((each.guard for _, each in elements if each.guard), None)
        self.access = next((each.access for _, each in elements if each.access == "read-only"), elements[0][1].access)

    def load(self) -> tuple[Any, ...]:
        return tuple(each.load() for _, each in self.elements)

    def peek(self) -> tuple[Any, ...] | None:
        raw = tuple(each.peek() for _, each in self.elements)
        return None if all(bits is None for bits in raw) else raw

    def doubtful(self, raw: Any) -> bool:
        return any(bits is not None and each.doubtful(bits) for (_, each), bits in zip(self.elements, raw, strict=True))

    def store(self, raw: Any, verify: bool) -> None:
        with self.mirror.transaction():
            for (_, each), bits in zip(self.elements, raw, strict=True):
                each.store(bits, verify)


class Bank(Sequence[Any]):
    """The elements of one array of one instance: each access is one of the hardware."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, obj: Any, trait: RegArray, place: Places) -> None:
        self._obj, self._trait, self._place = obj, trait, place

    def __len__(self) -> int:
        return self._trait.length

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: Any) -> Any:
        elements = self._place.elements
        if not isinstance(index, slice):
            return elements[self._checked(index)][0].get(self._obj)
        chosen = elements[index]
        mirror = self._place.mirror
        blocks = [(element, each) for element, each in chosen if each.guard is None and element.reads_in_blocks]
        # What this thread has written and the bus has not seen yet is known to the single registers alone.
        if len(blocks) < 2 or hub_of(self._obj).held is not None or get_ident() in mirror._open:
            return [element.get(self._obj) for element, _ in chosen]
        mirror.refresh({name for _, each in blocks for name in each.registers})
        return [
            element.decode(each, each.peek()) if each.guard is None and element.reads_in_blocks else element.get(self._obj)
            for element, each in chosen
        ]

    def __setitem__(self, index: Any, value: Any) -> None:
        if not isinstance(index, slice):
            self._place.elements[self._checked(index)][0].__set__(self._obj, value)
            return
        chosen = range(len(self))[index]
        if isinstance(value, (Set, Mapping)):
            raise TraitError(f"The {self._trait.name!r} trait of {_a(self._obj)} expected values in an order, not {_brief(value)}")
        values = [value] if isinstance(value, (str, bytes)) or not isinstance(value, Iterable) else list(value)
        if len(values) != len(chosen):
            raise TraitError(
                f"The {self._trait.name!r} trait of {_a(self._obj)} expected {len(chosen)} values for {_slice(index)}, "
                f"not {_brief(value)}: nothing was written"
            )
        raw = []
        for position, one in zip(chosen, values, strict=True):
            element, each = self._place.elements[position]
            if each.access == "read-only":
                raise TraitError(f"The {element.name!r} trait of {_a(self._obj)} is read-only: nothing was written")
            raw.append(element._encoded(self._obj, each, one))
        self._trait._put(self._obj, self._place, raw, chosen)

    def __iter__(self) -> Iterator[Any]:
        return iter(self[:])

    def _checked(self, index: Any) -> int:
        try:
            found: int = range(len(self))[index]
            return found
        except (IndexError, TypeError):
            kind = IndexError if isinstance(index, int) else TypeError
            raise kind(f"{self._trait.name}[{index!r}]: its elements are 0 to {len(self) - 1}") from None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Bank) or (isinstance(other, Sequence) and not isinstance(other, (str, bytes))):
            return list(self) == list(other)
        return NotImplemented

    def __repr__(self) -> str:
        raw = self._place.peek() or (None,) * len(self)
        known = self._trait.decode(self._place, raw)
        shown = ", ".join("?" if value is None else repr(value) for value in known[:16])
        more = f", ... {len(known) - 16} more" if len(known) > 16 else ""
        return f"<{self._trait.name}: {len(self)} of {type(self._trait.element).__name__}, last known [{shown}{more}]>"


def _slice(index: slice) -> str:
    parts = [index.start, index.stop] if index.step is None else [index.start, index.stop, index.step]
    return f"[{':'.join('' if part is None else str(part) for part in parts)}]"
