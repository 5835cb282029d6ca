"""C types of the arguments of an HLS core: how a value is put into bits, and how it is got out of them.

A hardware handoff tells how wide an argument is, and not whether it is a number with a sign, a ``float`` or a pointer. Where somebody says
so (``core.types(a='float32')``, a C prototype, the JSON file that HLS writes beside its output) it is said in the words of C, of HLS
(AMD UG1399, "Arbitrary Precision (AP) Data Types": ``ap_int<12>``, ``ap_fixed<16,6>``) or of numpy (``'int16'``, ``'<f4'``).
"""

from __future__ import annotations

import operator
import re
import struct
from typing import Any, Literal, NamedTuple

Kind = Literal["int", "uint", "float", "fixed", "ufixed", "bool", "void"]

_FLOATS = {16: "<e", 32: "<f", 64: "<d"}


class CTypeError(ValueError):
    """What was said is no type that an argument can have."""


class CType(NamedTuple):
    """A type.

    `width` is in bits (0: as wide as the register, which Python's ``int`` and ``float`` say), `whole` those before the point of a fixed
    point number. Of a pointer or an array, all of that is the element's; `length` is the number of elements of an array, 0 where it is
    not known, and `const` says that what a pointer leads to is only read.
    """

    kind: Kind
    width: int = 0
    whole: int = 0
    pointer: bool = False
    const: bool = False
    array: bool = False
    length: int = 0

    @property
    def element(self) -> CType:
        """What a pointer leads to, what an array holds."""
        return CType(self.kind, self.width, self.whole)

    @property
    def name(self) -> str:
        """The type in the shortest words that `parse` understands."""
        if self.kind == "void":
            base = "void"
        elif self.kind == "bool":
            base = "bool"
        elif self.kind in ("fixed", "ufixed"):
            base = f"ap_{self.kind}<{self.width},{self.whole}>"
        elif self.kind == "float":
            base = f"float{self.width or ''}"
        elif self.width in (8, 16, 32, 64):
            base = f"{self.kind}{self.width}"
        else:
            base = f"ap_{self.kind}<{self.width}>" if self.width else self.kind
        if self.array:
            return f"{base}[{self.length or ''}]"
        return f"{'const ' if self.const else ''}{base}*" if self.pointer else base

    @property
    def signed(self) -> bool:
        """Whether its highest bit counts as negative."""
        return self.kind in ("int", "fixed", "float")

    @property
    def dtype(self) -> str:
        """The name of numpy's type in which memory holds an element: the next of 8, 16, 32 or 64 bits; '' where there is none."""
        if self.kind == "float":
            return f"<f{self.width // 8}" if self.width in _FLOATS else ""
        bits = next((size for size in (8, 16, 32, 64) if self.width <= size), 0) if self.width or self.kind == "bool" else 0
        return f"<{'i' if self.kind in ('int', 'fixed') else 'u'}{bits // 8}" if bits and self.kind != "void" else ""

    def of_width(self, width: int) -> CType:
        """The same, where nothing was said of its width."""
        if self.width or self.kind in ("void", "bool"):
            return self
        if self.kind == "float" and width not in _FLOATS:
            raise CTypeError(f"no float has {width} bits")
        return self._replace(width=width)

    def limits(self) -> tuple[float, float]:
        """The least and the greatest value of a number that is no float."""
        if self.kind == "bool":
            return 0, 1
        low, high = (-(1 << self.width - 1), (1 << self.width - 1) - 1) if self.signed else (0, (1 << self.width) - 1)
        if self.kind in ("fixed", "ufixed"):
            step = 2.0 ** (self.whole - self.width)
            return low * step, high * step
        return low, high

    def encode(self, value: Any) -> int:
        """The bits of `value`, as a number from 0 on.

        ``TypeError`` for what is no number of this kind (a float for an integer), ``ValueError`` for one that it cannot hold. Fixed
        point numbers are rounded to the nearest that can be held.
        """
        if self.kind == "float":
            number = _real(value, self.name)
            try:
                return int.from_bytes(struct.pack(_FLOATS[self.width], number), "little")
            except OverflowError:
                raise ValueError(f"{self.name} cannot hold {value!r}") from None
        if self.kind in ("fixed", "ufixed"):
            real = _real(value, self.name)
            low, high = self.limits()
            if not low <= real <= high:  # NaN, too
                raise ValueError(f"{self.name} holds {low:g} to {high:g}, not {value!r}")
            highest = (1 << self.width - 1 if self.signed else 1 << self.width) - 1
            steps: int = min(round(real * 2.0 ** (self.width - self.whole)), highest)
            return steps & (1 << self.width) - 1
        number = integer(value, self.name)
        least, most = self.limits()
        if not least <= number <= most:
            raise ValueError(f"{self.name} holds {least} to {most}, not {value!r}")
        return number & (1 << (self.width or 1)) - 1

    def decode(self, bits: int) -> Any:
        """The value that `bits` (a number from 0 on) stand for."""
        if self.kind == "float":
            real: float = struct.unpack(_FLOATS[self.width], (bits & (1 << self.width) - 1).to_bytes(self.width // 8, "little"))[0]
            return real
        if self.kind == "bool":
            return bool(bits & 1)
        bits &= (1 << self.width) - 1
        if self.signed and bits >> self.width - 1:
            bits -= 1 << self.width
        return bits * 2.0 ** (self.whole - self.width) if self.kind in ("fixed", "ufixed") else bits


def integer(value: Any, what: str) -> int:
    """`value` as a whole number; ``TypeError`` for what is none (a float, even 2.0), naming `what` it is for."""
    if getattr(getattr(value, "dtype", None), "kind", "") == "b" and getattr(value, "ndim", 0) == 0:
        return int(value)  # numpy's bool is no index
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what} takes a whole number, not the {type(value).__name__} {value!r}") from None


def _real(value: Any, what: str) -> float:
    if isinstance(value, (str, bytes, bytearray)) or getattr(value, "ndim", 0) != 0:
        raise TypeError(f"{what} takes a number, not the {type(value).__name__} {value!r}")
    try:
        return float(value)
    except TypeError:
        raise TypeError(f"{what} takes a number, not the {type(value).__name__} {value!r}") from None
    except OverflowError:
        raise ValueError(f"{what} cannot hold {value!r}") from None


_NAMED: dict[str, tuple[Kind, int]] = {
    "char": ("int", 8),
    "short": ("int", 16),
    "int": ("int", 32),
    "long": ("int", 64),
    "float": ("float", 32),
    "double": ("float", 64),
    "half": ("float", 16),
    "bool": ("bool", 1),
    "_Bool": ("bool", 1),
    "void": ("void", 0),
    "size_t": ("uint", 64),
    **{f"int{width}{tail}": ("int", width) for width in (8, 16, 32, 64) for tail in ("", "_t")},
    **{f"uint{width}{tail}": ("uint", width) for width in (8, 16, 32, 64) for tail in ("", "_t")},
    **{f"float{width}": ("float", width) for width in _FLOATS},
    **{f"i{size}": ("int", 8 * size) for size in (1, 2, 4, 8)},
    **{f"u{size}": ("uint", 8 * size) for size in (1, 2, 4, 8)},
    **{f"f{size}": ("float", 8 * size) for size in (2, 4, 8)},
}
_PYTHON = {int: CType("int"), float: CType("float"), bool: CType("bool", 1)}
_ARBITRARY = re.compile(r"ap_(?P<kind>u?int|u?fixed)\s*<\s*(?P<width>\d+)\s*(?:,\s*(?P<whole>-?\d+)\s*(?:,[^<>]*)?)?>\Z")
_ARRAY = re.compile(r"\[\s*(\d*)\s*\]\s*\Z")
_QUALIFIERS = frozenset({"volatile", "restrict", "__restrict", "__restrict__", "static", "struct"})


def parse(said: Any) -> CType:
    """The type that `said` names: a text, a type of numpy, or Python's ``int`` (signed), ``float`` (of the register's width), ``bool``.

    ``'float'`` is C's, of 32 bits. ``'const int16*'`` is a pointer, ``'int16[9]'`` an array. Raises :class:`CTypeError`.
    """
    if isinstance(said, CType):
        return said
    if isinstance(said, type) and said in _PYTHON:
        return _PYTHON[said]
    if not isinstance(said, str):
        found = getattr(said, "name", None) or getattr(said, "__name__", None)
        if not isinstance(found, str) or not found:
            raise CTypeError(f"expected a type such as 'float32', 'int16*' or 'ap_fixed<16,6>', not {said!r}")
        return parse(found)
    if len(said) > 200:
        raise CTypeError(f"this is no type: {said[:40]!r}…")
    text = said.strip()
    length, array = 0, False
    while found_array := _ARRAY.search(text):
        length = int(found_array[1] or 0) * (length if array else 1)
        text, array = text[: found_array.start()].strip(), True
    pointer = text.endswith(("*", "&"))
    reference = text.endswith("&")
    if text.count("*") + text.count("&") > 1:
        raise CTypeError(f"{said!r} is a pointer to a pointer, which no core has")
    text = text.rstrip("*& ")
    words = re.findall(r"[^\s<>]+\s*<[^<>]*>|[^\s<>]+|[<>]", text)
    const = "const" in words
    words = [word for word in words if word not in _QUALIFIERS and word != "const"]
    kind, width, whole = _scalar(words, said)
    if kind == "void" and array:
        raise CTypeError(f"{said!r}: there is no array of void")
    return CType(kind, width, whole, pointer and not reference, const and not reference, array, length)


def _scalar(words: list[str], said: str) -> tuple[Kind, int, int]:
    joined = " ".join(words).removeprefix("std::").lstrip("<=|")
    found = _ARBITRARY.match(joined)
    if found is not None:
        kind: Any = found["kind"]
        width = int(found["width"])
        if not 1 <= width <= 4096 or (("fixed" in kind) != (found["whole"] is not None)):
            raise CTypeError(f"{said!r}: ap_int<bits> and ap_uint<bits> have one number, ap_fixed<bits, whole> and ap_ufixed two")
        return kind, width, int(found["whole"] or 0)
    plain = [word for word in joined.split() if word not in ("signed", "unsigned", "int")]
    sign = "u" if "unsigned" in words else ""
    if plain == ["long", "long"]:
        plain = ["long"]
    if len(words) > 1 or joined in ("unsigned", "signed"):
        base = _NAMED.get(plain[0] if plain else "int") if len(plain) < 2 else None
        if base is not None and base[0] == "int":
            return ("uint" if sign else "int"), base[1], 0
    else:
        named = _NAMED.get(joined)
        if named is not None:
            return (*named, 0)
    from difflib import get_close_matches

    near = get_close_matches(joined, [*_NAMED, "ap_int<8>", "ap_uint<8>", "ap_fixed<16,6>"], n=3)
    hint = f" (did you mean {', '.join(map(repr, near))}?)" if near else ""
    raise CTypeError(f"{said!r} is no type that is known here{hint}; say 'float32', 'int16', 'uint8*', 'ap_int<12>', 'ap_fixed<16,6>', …")
