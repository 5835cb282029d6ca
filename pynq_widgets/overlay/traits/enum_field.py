"""EnumField: bits whose values have names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from .base import BitsArgument, HardwareTrait
from .codec import Codec, Labels
from .field import named_field

if TYPE_CHECKING:
    from pynq_widgets.access.mirror import RegisterHandle


class EnumField(HardwareTrait):
    """Bits whose values have names::

        mode = EnumField('CTRL', bits=(5, 4), labels=['off', 'slow', 'fast'])
        source = EnumField('CTRL', 'SRC', labels={'internal': 0, 'external': 3})

    `labels` is a list (0, 1, ...), a mapping of names to numbers (or numbers to names), or an ``Enum`` class of ints. Get gives the
    name (of an ``Enum`` class the member), or the number where it has none: hardware may hold what nobody has named. Set takes a
    name, a member or a number that has one; anything else is a ``TraitError`` with the names. ``trait.names`` are the options of a
    ``Dropdown``. Without `bits` it is the field that has the attribute's name.

    Raises ``ValueError`` for labels that do not fit the bits, or that stand twice, when the class is made.
    """

    kind = "enum"

    def __init__(
        self,
        register: str | int | None = None,
        bits: BitsArgument = None,
        *,
        labels: Iterable[str] | Mapping[Any, Any] | type[Enum],
        **common: Any,
    ) -> None:
        for keyword in ("scale", "limits"):
            if common.get(keyword) is not None:
                raise TypeError(f"EnumField({register!r}): {keyword} means nothing for named values")
        self.labels = _numbers(labels, f"EnumField({register!r})")
        super().__init__(register, bits, **common)

    @property
    def names(self) -> tuple[Any, ...]:
        """The names (or members), in their order."""
        return tuple(self.labels)

    @property
    def value_type(self) -> Any:
        return type(self.names[0])

    def _make_codec(self, width: int) -> Codec:
        for label, raw in self.labels.items():
            if raw >> width:
                self._refuse(f"label {label!r} is {raw}, which does not fit {width} bit{'s' if width > 1 else ''}")
        return Labels(width, self.labels)

    def _stated_bits(self) -> tuple[int, int] | str | None:
        return super()._stated_bits() or str(self.name)

    def _default_bits(self, handle: RegisterHandle) -> tuple[int, int, Any]:
        return named_field(self, handle)


def _numbers(labels: Any, who: str) -> dict[Any, int]:
    if isinstance(labels, type) and issubclass(labels, Enum):
        pairs: list[tuple[Any, Any]] = [(member, member.value) for member in labels]
    elif isinstance(labels, Mapping):
        pairs = [(b, a) if isinstance(a, int) and isinstance(b, str) else (a, b) for a, b in labels.items()]
    elif isinstance(labels, str):
        raise TypeError(f"{who}: labels={labels!r} is one text, not a list of names")
    else:
        pairs = [(label, raw) for raw, label in enumerate(labels)]
    found: dict[Any, int] = {}
    for label, raw in pairs:
        if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
            raise TypeError(f"{who}: the value of label {label!r} is {raw!r}, not a number of 0 or more")
        if label in found:
            raise ValueError(f"{who}: label {label!r} stands twice")
        found[label] = raw
    if not found:
        raise ValueError(f"{who}: no labels")
    return found
