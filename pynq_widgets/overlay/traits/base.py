"""HardwareTrait: a trait whose value is in the hardware.

``ip.name`` reads the word from the bus (once; a guarded word gives what is known of it, and its age). ``ip.name = value`` validates,
writes once, and then the mirror tells whoever observes. The trait keeps no value of its own: it decodes the mirror of its IP.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from traitlets import TraitError, TraitType, Undefined
from traitlets.utils.descriptions import add_article

from pynq_widgets.access.errors import near_names
from pynq_widgets.overlay.teaching import teach

from .codec import Codec, Limits, Misfit
from .corrections import ONREAD, ONWRITE, Statement
from .known import Known, last_known
from .place import Bits, Misplaced, Place, field_at, find_field, find_register

if TYPE_CHECKING:
    from pynq_widgets.access.mirror import Mirror, RegisterHandle

    from .hub import Hub

    _TraitType = TraitType[Any, Any]
else:
    _TraitType = TraitType  # that of traitlets 5.9 takes no type arguments

ACCESS = ("read-only", "read-write", "write-only")
_READING = {"clear": "reading clears it", "modify": "reading changes it", "pop": "reading takes a word from it"}
SLOWEST, FASTEST = 0.1, 200.0

BitsArgument = int | tuple[int, int] | str | None


class HardwareTrait(_TraitType, property):
    """The base of all traits that are hardware; use one of its kinds.

    It is a ``property`` too, since that is what tools leave alone: ``ip.name?`` shows the trait and reads nothing, and completion of
    ``ip.name.`` takes the type of the value from ``fget``.

    Parameters
    ----------
    register
        Name of the register in the design, or its offset in bytes. Left out: the register that has the attribute's name.
    bits
        Number of a bit, ``(high, low)`` with both ends meant, or the name of a field in the design.
    access
        ``'read-only'``, ``'read-write'`` or ``'write-only'``.
    unit, scale, limits
        The unit of the value; what one step of the register is in it; the least and greatest value that may be written, in it.
        A value beyond is refused, never clamped.
    help
        What it is, in a sentence.
    onread
        What a read does: ``'none'``, ``'clear'``, ``'modify'``, ``'pop'``. A word whose read has an effect is not read by ``ip.name``.
    onwrite
        What a write does: ``'set'`` (the bits become what is written), ``'1-to-clear'``, ``'1-to-set'``, ``'1-to-toggle'``, ``'push'``.
    verify
        Read back after each write, and raise ``VerifyError`` where the hardware holds something else.
    poll
        Hz (0.1 to 200) at which it is read while somebody observes it; ``None``: never by itself.

    What is left out (``None``) comes from the design; what is stated corrects it, for the register map and the table too.

    Raises ``TypeError`` or ``ValueError`` for what contradicts itself, when the class is made. A value that is refused is a
    ``TraitError``; an attribute whose register the design does not have is an ``AttributeError``. Where the bus fails, its error is
    raised, and the mirror, the trait and its observers are as before.
    """

    kind: ClassVar[str] = ""
    reads_in_blocks: bool = True
    info_text = "a value that its register can hold"

    def __init__(
        self,
        register: str | int | None = None,
        bits: BitsArgument = None,
        *,
        access: str | None = None,
        unit: str = "",
        scale: Any = None,
        limits: Limits | None = None,
        help: str = "",
        onread: str | None = None,
        onwrite: str | None = None,
        verify: bool = False,
        poll: float | None = None,
    ) -> None:
        super().__init__(Undefined, help=help or None)
        self.register = register
        self.bits = bits
        self.access = access
        self.unit = unit
        self.scale = scale
        self.limits = limits
        self.onread = onread
        self.onwrite = onwrite
        self.verify = verify
        self.poll = poll
        self.read_only = access == "read-only"
        # traitlets' own way to ask for traits: ip.traits(unit="dB").
        stated = {"unit": unit or None, "scale": scale, "limits": limits, "access": access}
        self.metadata = {**self.metadata, **{key: value for key, value in stated.items() if value is not None}}
        self._codecs: dict[int, Codec] = {}
        self._check()

    # What can be said of a declaration alone.

    def _check(self) -> None:
        if not isinstance(self.register, (str, int, type(None))) or isinstance(self.register, bool):
            self._refuse(f"the register is a name or an offset in bytes, not {self.register!r}", TypeError)
        if isinstance(self.register, int) and (self.register < 0 or self.register % 4):
            self._refuse(f"the offset {self.register:#x} is not that of a word: it must be a multiple of 4")
        self._check_bits()
        self._one_of("access", self.access, ACCESS)
        self._one_of("onread", self.onread, ONREAD)
        self._one_of("onwrite", self.onwrite, ONWRITE)
        acts = self.onread not in (None, "none")
        if self.access == "read-only":
            if self.onwrite is not None:
                self._refuse(f"what a write does (onwrite={self.onwrite!r}) contradicts access='read-only'")
            if self.verify:
                self._refuse("verify=True contradicts access='read-only': nothing is written that could be verified")
        if self.access == "write-only" and acts:
            self._refuse(f"what a read does (onread={self.onread!r}) contradicts access='write-only'")
        if self.verify and (acts or self.access == "write-only" or self.onwrite not in (None, "set")):
            self._refuse("verify=True reads back what was written, which this register does not give unharmed")
        if self.poll is not None:
            if not isinstance(self.poll, (int, float)) or not SLOWEST <= self.poll <= FASTEST:
                self._refuse(f"poll={self.poll!r} is not a rate of {SLOWEST:g} to {FASTEST:g} Hz")
            if acts or self.access == "write-only":
                what = "access='write-only'" if self.access == "write-only" else f"onread={self.onread!r}"
                self._refuse(f"poll={self.poll!r} contradicts {what}: such a word is never read unasked")
        if self.scale is not None or self.limits is not None:
            self._check_scale()
        self._check_values()

    def _check_scale(self) -> None:
        from .scaled import exactly

        if self.scale is not None:
            try:
                zero = exactly(self.scale) == 0
            except (TypeError, ValueError):
                self._refuse(f"scale={self.scale!r} is not a finite number", TypeError)
            if zero:
                self._refuse("scale=0 would make every value the same")
        if self.limits is not None:
            try:
                low, high = (exactly(limit) for limit in self.limits)
            except (TypeError, ValueError):
                self._refuse(f"limits={self.limits!r} are not two finite numbers (low, high)", TypeError)
            if low > high:
                self._refuse(f"limits={self.limits!r} are (low, high): the first is greater than the second")

    def _check_bits(self) -> None:
        bits = self.bits
        if isinstance(bits, bool) or not isinstance(bits, (int, tuple, str, type(None))):
            self._refuse(f"bits={bits!r} is not a bit number, (high, low) or a field's name", TypeError)
        if isinstance(bits, tuple):
            if len(bits) != 2 or not all(isinstance(bit, int) and not isinstance(bit, bool) for bit in bits):
                self._refuse(f"bits={bits!r} is not (high, low)", TypeError)
            if bits[0] < bits[1]:
                self._refuse(f"bits={bits!r} are (high, low): did you mean ({bits[1]}, {bits[0]})?")
        for bit in bits if isinstance(bits, tuple) else (bits,) if isinstance(bits, int) else ():
            if not 0 <= bit < 64:
                self._refuse(f"bits={bits!r}: a register has bits 0 to 31, at most 63")

    def _check_values(self) -> None:
        """Whether limits, labels and the like fit the bits, where these are given as numbers."""
        width = self.stated_width
        if width is not None:
            self._make_checked(width)

    def _make_checked(self, width: int) -> Codec:
        codec = self._make_codec(width)
        if self.limits is not None and getattr(codec, "low", 0) > getattr(codec, "high", 0):
            self._refuse(f"limits={self.limits!r}: no value of {width} bits lies between them")
        for limit in self.limits or ():
            try:
                self._unlimited(width).encode(limit)
            except Misfit as misfit:
                self._refuse(f"limits={self.limits!r} are not both within what {width} bits can hold: {misfit}")
        return codec

    # What a property has.

    @property
    def value_type(self) -> Any:
        """The type of the values, for tools that want to know it without a read."""
        return object

    @property
    def fget(self) -> Callable[[Any], Any]:  # type: ignore[override]
        """`get`, with the type of the values as its annotation."""

        def get(obj: Any) -> Any:
            return self.get(obj)

        get.__annotations__["return"] = self.value_type
        get.__doc__ = self.help
        return get

    @property
    def fset(self) -> Callable[[Any, Any], None] | None:  # type: ignore[override]
        """What assigns; ``None`` for what is read-only by its declaration."""
        return None if self.read_only else self.__set__

    @property
    def stated_place(self) -> tuple[int, int] | None:
        """Lowest bit and width, where the declaration tells them."""
        if isinstance(self.bits, tuple):
            return self.bits[1], self.bits[0] - self.bits[1] + 1
        return (self.bits, 1) if isinstance(self.bits, int) else None

    @property
    def stated_width(self) -> int | None:
        """Width in bits, where the declaration tells it."""
        return None if self.stated_place is None else self.stated_place[1]

    def _one_of(self, keyword: str, value: Any, known: Any) -> None:
        if value is not None and (not isinstance(value, str) or value not in known):
            near = near_names(value, known) if isinstance(value, str) else ""
            self._refuse(f"{keyword}={value!r} is not one of {', '.join(map(repr, known))}{near}")

    def _refuse(self, why: str, error: type[Exception] = ValueError) -> NoReturn:
        raise error(f"{self._declared()}: {why}")

    def _declared(self) -> str:
        stated = [repr(self.register)] if self.register is not None else []
        called = f"{self.name} = " if self.name else ""
        return f"{called}{type(self).__name__}({', '.join(stated)})"

    def class_init(self, cls: Any, name: str | None) -> None:
        super().class_init(cls, name)
        if not getattr(cls, "_is_hardware", False):
            raise TypeError(f"{cls.__name__}.{name} is a {type(self).__name__}, which stands for a register: its class must be a DefaultIP")
        self._check_beside(cls)

    def subclass_init(self, cls: Any) -> None:
        """Nothing is to be done for each instance."""

    def _check_beside(self, cls: Any) -> None:
        """Two traits of one class may show the same bits, or one the bits within another's, but not overlap."""
        mine = self.stated_place
        if mine is None:
            return
        for name, other in vars(cls).items():
            if other is self or not isinstance(other, HardwareTrait) or other.register != self.register or other.register is None:
                continue
            theirs = other.stated_place
            if theirs is None:
                continue
            first, last = max(mine[0], theirs[0]), min(sum(mine), sum(theirs))
            if first < last and (first, last - first) not in (mine, theirs):
                both = " and ".join(f"{who} (bits {_bits(place)})" for place, who in sorted(((mine, self.name), (theirs, name))))
                raise ValueError(f"{cls.__name__}: {both} overlap in register {self.register!r}")

    def statements(self) -> list[Statement]:
        """What the declaration states of the registers, for :func:`.corrected`."""
        return [self._statement(str(self.name), self._sought, 0, self._stated_bits())]

    def _statement(self, name: str, register: str | int, plus: int, bits: tuple[int, int] | str | None) -> Statement:
        return Statement(name, register, plus, bits, self.access, self.onread, self.onwrite, self.help)

    def _stated_bits(self) -> tuple[int, int] | str | None:
        return self.bits if isinstance(self.bits, str) else self.stated_place

    # The value and its bits.

    def _make_codec(self, width: int) -> Codec:
        raise NotImplementedError(f"{type(self).__name__} is a base: use one of its kinds (Word, Field, Bit, ...)")

    def _unlimited(self, width: int) -> Codec:
        """The codec without the limits, against which these are checked."""
        limits, self.limits = self.limits, None
        try:
            return self._make_codec(width)
        finally:
            self.limits = limits

    def codec(self, width: int) -> Codec:
        """How `width` bits are decoded and encoded."""
        codec = self._codecs.get(width)
        if codec is None:
            codec = self._codecs[width] = self._make_checked(width)
        return codec

    def decode(self, place: Any, raw: Any) -> Any:
        """The value that the bits `raw` at `place` mean."""
        return (place.codec or self._settle(place)).decode(raw)

    def encode(self, place: Any, value: Any) -> Any:
        """The bits of `value`, or :class:`Misfit`."""
        return (place.codec or self._settle(place)).encode(value)

    # Where it stands.

    @property
    def _sought(self) -> str | int:
        return self.register if self.register is not None else str(self.name)

    def locate(self, mirror: Mirror) -> Place:
        """Where the trait stands in `mirror`; :class:`Misplaced` says what is not there."""
        handle = find_register(mirror, self._sought)
        low, width, info = self._bits_in(handle)
        if low + width > max(handle.width, 32):
            raise Misplaced(f"bits {_bits((low, width))} of register {handle.name}, which has {handle.width} bits")
        whole = low == 0 and width == max(handle.width, 32)
        field = None if whole else info or field_at(handle, low, width, str(self.name))
        if field is None and not whole:
            raise Misplaced(
                f"bits {_bits((low, width))} of register {handle.name}, which the mirror does not know as a field: "
                "make it from corrected(block, traits)"
            )
        access = self.access or (info.access if info is not None else field.access if field is not None else handle.access)
        guard = handle.guard or _READING.get(self.onread or "") or ("write-only" if access == "write-only" else None)
        return Bits(mirror, handle, low, width, None if field is None else field.name, access, guard)

    def _bits_in(self, handle: RegisterHandle) -> tuple[int, int, Any]:
        """Lowest bit, width and, where it was found by name, the field."""
        stated = self.stated_place
        if stated is not None:
            return *stated, None
        if isinstance(self.bits, str):
            info = find_field(handle, self.bits)
            return info.bit_offset, info.bit_width, info
        return self._default_bits(handle)

    def _default_bits(self, handle: RegisterHandle) -> tuple[int, int, Any]:
        return 0, max(handle.width, 32), None

    def place(self, obj: Any) -> Place:
        """Where the trait stands in the registers of `obj`; ``AttributeError`` where its design does not have it."""
        hub = hub_of(obj)
        try:
            return self.place_in(hub)
        except Misplaced as error:
            raise teach(obj, f"The {self.name!r} trait of {_a(obj)} stands for {error}") from None
        except ValueError as error:
            raise teach(obj, f"The {self.name!r} trait of {_a(obj)} does not fit its register: {error}") from None

    def place_in(self, hub: Hub) -> Place:
        """Where the trait stands in the mirror of `hub`; ``LookupError`` or ``ValueError`` where it does not."""
        place = hub.places.get(str(self.name))
        if place is None:
            place = self.locate(hub.mirror)
            self._settle(place)
            hub.places[str(self.name)] = place
        return place

    def _settle(self, place: Any) -> Codec:
        """Check once that the values fit `place`, and give their codec, which stays there."""
        place.codec = codec = self.codec(place.width)
        return codec

    # Get.

    def __get__(self, obj: Any, cls: Any = None) -> Any:
        return self if obj is None else self.get(obj, cls)

    def get(self, obj: Any, cls: Any = None) -> Any:
        """Read it: one access of the bus; none for a guarded word, or for what is being told or held on this thread."""
        hub = hub_of(obj)
        if hub.special:
            found, raw = hub.in_hand(self.name)
            if found:
                return None if raw is None else self.decode(self.place(obj), raw)
        place: Any = hub.places.get(self.name) or self.place(obj)  # type: ignore[arg-type]
        if place.guard is not None:
            raw = place.peek()
            return None if raw is None else last_known(self.decode(place, raw), place.handle, place.guard)
        return self._fetch(obj, hub, place)

    def _fetch(self, obj: Any, hub: Hub, place: Any) -> Any:
        return self.decode(place, place.load())

    def known(self, obj: Any) -> Known:
        """What is known of it, without an access of the bus."""
        place = self.place(obj)
        raw, handle = place.peek(), place.handle
        return Known(None if raw is None else self.decode(place, raw), handle.state, handle.age, handle.when, handle.reason)

    # Set.

    def __set__(self, obj: Any, value: Any) -> None:
        hub = hub_of(obj)
        place: Any = hub.places.get(self.name) or self.place(obj)  # type: ignore[arg-type]
        if place.access == "read-only":
            raise TraitError(f"The {self.name!r} trait of {_a(obj)} is read-only: {_brief(value)} was not written")
        try:
            raw = self.encode(place, value)
        except Misfit as misfit:
            raise self._misfit(obj, misfit, value) from None
        if hub.held is not None and hub.held.thread == get_ident():
            hub.held.put(self, place, raw)
            return
        # While another thread holds notifications, the lock that is set on the instance is not meant for this one.
        if self.name in obj._trait_validators and (not obj._cross_validation_lock or hub.held is not None):
            raw = self._crossed(obj, place, raw)
        place.store(raw, self.verify)
        if hub.special:
            hub.overtaken(self.name)

    def set(self, obj: Any, value: Any) -> None:
        """Not for hardware: traitlets calls this where it puts a value back, or the same one again. Assign to the attribute instead."""
        raise TraitError(f"The {self.name!r} trait of {_a(obj)} is hardware, and is set by assigning to it alone")

    def validate(self, obj: Any, value: Any) -> Any:
        """`value` as the hardware would hold it; ``TraitError`` if it does not fit."""
        place = self.place(obj)
        return self.decode(place, self._encoded(obj, place, value))

    def _encoded(self, obj: Any, place: Any, value: Any) -> Any:
        try:
            return self.encode(place, value)
        except Misfit as misfit:
            raise self._misfit(obj, misfit, value) from None

    def _misfit(self, obj: Any, misfit: Misfit, value: Any) -> TraitError:
        return TraitError(f"The {self.name!r} trait of {_a(obj)} expected {misfit}, not {_brief(value)}: nothing was written")

    def _crossed(self, obj: Any, place: Any, raw: Any) -> Any:
        """`raw`, once the class' validators for this trait have seen it, and what they made of it has been validated."""
        # traitlets' deprecated `_name_validate` methods are not looked for: that would cost more than all the rest.
        if self.name in obj._trait_validators:
            return self._encoded(obj, place, self._cross_validate(obj, self.decode(place, raw)))
        return raw

    # What traitlets asks besides.

    def default(self, obj: Any = None) -> Any:
        """The value after reset, where the design tells it; else ``None``. It is never taken for the value."""
        if obj is None:
            return None
        place: Any = self.place(obj)
        reset = place.handle.info.reset_value
        return None if reset is None else self._of_reset(place, reset)

    def _of_reset(self, place: Any, reset: int) -> Any:
        return self.decode(place, reset >> place.low & place.mask)

    def info(self) -> str:
        width = self.stated_width
        return self.info_text if width is None else self.codec(width).expected

    def __copy__(self) -> HardwareTrait:
        # A property has no way of its own to be copied.
        made = type(self).__new__(type(self))
        vars(made).update(vars(self))
        made.metadata = {**self.metadata}
        return made

    def __repr__(self) -> str:
        return f"<{self._declared()}>"


def hub_of(obj: Any) -> Hub:
    """The hub of an instance, made when first needed."""
    hub: Hub | None = obj.__dict__.get("_hardware_hub")
    if hub is not None and hub.mirror is obj.registers:
        return hub
    made: Hub = obj._make_hub()
    return made


def _bits(place: tuple[int, int]) -> str:
    low, width = place
    return f"{low + width - 1}..{low}" if width > 1 else str(low)


def _a(obj: Any) -> str:
    return f"{add_article(type(obj).__name__)} instance"


def _brief(value: Any) -> str:
    text = repr(value)
    text = text if len(text) <= 80 else f"{text[:77]}..."
    return text if isinstance(value, (int, float)) else f"the {type(value).__name__} {text}"
