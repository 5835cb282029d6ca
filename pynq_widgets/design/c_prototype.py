"""What a C function takes: its prototype, in a header or as somebody writes it, or as HLS tells it in its own file.

Source: C and C++ of the synthesizable subset; ``hls_data.json`` as Vitis HLS writes it (``Top``, ``Args`` with ``index``, ``direction``,
``srcType``; from memory). These are read as data: nothing is preprocessed, included or run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .c_types import CType, CTypeError, parse

_LARGEST = 1 << 18
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_DEFINES = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(\w+)[ \t]*$", re.MULTILINE)
# Lengths are bounded: a header may be anything, and is to take no time.
_TYPEDEFS = re.compile(r"\btypedef\b([^;{}()]{1,200}[\s>])(\w{1,80})\s{0,9};|\busing\s{1,9}(\w{1,80})\s{0,9}=([^;{}()]{1,200});")
_PARAMETER = re.compile(r"(?P<type>.*[\s*&>])(?P<name>[A-Za-z_]\w*)\s*(?P<array>(?:\[[^\]\[]*\]\s*)*)\Z", re.DOTALL)
_CALL = re.compile(r"\b([A-Za-z_]\w{0,200})\s{0,9}\(")
_BEFORE = 300  # characters of what a function returns
_MOST_FUNCTIONS = 200


class Prototype(NamedTuple):
    """A function: `returns` and `arguments` by name, in their order; None where a type is one that is not known here (a stream)."""

    name: str
    returns: CType | None
    arguments: Mapping[str, CType | None]


def read_prototype(text: str, name: str | None = None) -> Prototype:
    """The function `name` (default: the only one) that C source `text` declares.

    Raises :class:`CTypeError` where there is none such, or several and none was named.
    """
    if len(text) > _LARGEST:
        raise CTypeError(f"{len(text)} characters are no header of a function")
    plain = _COMMENTS.sub(" ", text)
    defines = dict(_DEFINES.findall(plain))
    plain = re.sub(r"^[ \t]*#(?:[^\n\\]|\\[^\n]|\\\n)*", " ", plain, flags=re.MULTILINE)
    known: dict[str, str] = {}
    for meaning, new, other, alias in _TYPEDEFS.findall(plain):
        known[new or other] = (meaning or alias).strip()
    plain = _TYPEDEFS.sub(" ", plain)
    found = list(_declared(plain, name))
    names = list(dict.fromkeys(entry[1] for entry in found))
    if not names:
        raise CTypeError(f"no function {name} is declared there" if name else f"this declares no function: {text.strip()[:80]!r}")
    if len(names) > 1:
        raise CTypeError(f"several functions are declared there, {', '.join(names)}: say which")
    before, function, inside = found[0]
    returns = re.sub(r"\b(?:extern|inline)\b", " ", before)
    given: dict[str, CType | None] = {}
    for part in _parts(inside):
        parameter = _PARAMETER.match(part) if len(part) <= 2 * _BEFORE else None
        if parameter is None:
            if part in ("void", ""):
                continue
            raise CTypeError(f"{function}: {part[:80]!r} has no name, by which its register would be found")
        array = re.sub(r"\w+", lambda word: defines.get(word[0], word[0]), parameter["array"])
        given[parameter["name"]] = _type(parameter["type"], array, known)
    return Prototype(function, _type(returns, "", known), given)


def _declared(plain: str, name: str | None) -> Iterator[tuple[str, str, str]]:
    """What functions return, their names, and what is in their parentheses."""
    stop = 0
    for count, match in enumerate(_CALL.finditer(plain)):
        if count == _MOST_FUNCTIONS:
            return
        if match.start() < stop or (name is not None and match[1] != name):
            continue
        before = re.split(r'[;{}"()=]', plain[max(0, match.start() - _BEFORE) : match.start()])[-1]
        inside = _within_parentheses(plain, match.end())
        if inside is None or not re.search(r"\w", before):
            continue
        stop = match.end() + len(inside)
        yield before, match[1], inside


def _within_parentheses(text: str, start: int) -> str | None:
    depth = 1
    for position in range(start, min(len(text), start + 5000)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if not depth:
            return text[start:position]
    return None


def _parts(inside: str) -> list[str]:
    """The parameters: what commas part that are in no angle brackets."""
    parts, depth, last = [], 0, 0
    for position, letter in enumerate(inside):
        depth += {"<": 1, ">": -1, "(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append(inside[last:position].strip())
            last = position + 1
    parts.append(inside[last:].strip())
    return parts


def _type(text: str, array: str, known: Mapping[str, str]) -> CType | None:
    text = text.strip()
    if len(text) > _BEFORE:
        return None
    for _ in range(8):  # a typedef of a typedef
        replaced = re.sub(r"[A-Za-z_]\w*", lambda word: known.get(word[0], word[0]), text)
        if replaced == text or len(replaced) > _BEFORE:
            break
        text = replaced
    try:
        made = parse(text)
    except CTypeError:
        return None
    for size in re.findall(r"\[\s*(\w*)\s*\]", array):
        length = int(size) if size.isdecimal() and len(size) < 12 else 0
        made = made._replace(array=True, length=length * (made.length if made.array else 1))
    return made


def read_hls_data(text: str) -> Prototype:
    """The function that a ``hls_data.json`` of Vitis HLS tells of. Raises :class:`CTypeError` for another file."""
    try:
        told: Any = json.loads(text) if len(text) <= 16 * _LARGEST else None
        entries = sorted(told["Args"].items(), key=lambda item: int(item[1].get("index", 0)))
        top = str(told["Top"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CTypeError("this is no hls_data.json: expected an object with Top and Args, each argument with index and srcType") from None
    given: dict[str, CType | None] = {}
    returns: CType | None = CType("void")
    for name, entry in entries:
        made = _type(str(entry.get("srcType", "")), "", {})
        if name in ("return", "ap_return"):
            returns = made
        else:
            given[name] = made._replace(const=True) if made is not None and made.pointer and entry.get("direction") == "in" else made
    return Prototype(top, returns, given)


def beside(path: str | Path | None, top: str) -> Prototype | None:
    """The prototype of the function `top` in a file beside the design `path`: ``top.h``, ``top.hpp`` or ``hls_data.json``; None without.

    A file that does not declare it, or cannot be read, is as if it were not there.
    """
    if not path or not re.fullmatch(r"\w+", top):
        return None
    folder = Path(path).parent
    for name in (f"{top}.h", f"{top}.hpp", f"{top}_hls_data.json", "hls_data.json"):
        try:
            file = folder / name
            if not file.is_file() or file.stat().st_size > 16 * _LARGEST:
                continue
            text = file.read_text(encoding="utf-8", errors="replace")
            found = read_hls_data(text) if name.endswith(".json") else read_prototype(text, top)
        except (CTypeError, OSError):
            continue
        if found.name == top:
            return found
    return None
