"""Dictionaries of Tcl, in which Vivado writes what some cores were made with: ``VS {VS_0 {ID 0 RM {…}}} HAS_AXI_LITE_IF 1``."""

from __future__ import annotations

from typing import Any

_DEPTH = 32
_LONGEST = 1 << 20


def parse(text: str) -> dict[str, Any]:
    """The dictionary that `text` is; a value in braces that is one itself is one, any other is text. ``ValueError`` where it is none."""
    if len(text) > _LONGEST:
        raise ValueError(f"{len(text)} characters are too many for a parameter")
    return _dictionary(_words(text), 0)


def _dictionary(words: list[tuple[str, bool]], depth: int) -> dict[str, Any]:
    if len(words) % 2 or depth > _DEPTH:
        raise ValueError("this is no dictionary of Tcl: names and values do not come in pairs")
    found: dict[str, Any] = {}
    for (name, _), (value, braced) in zip(words[::2], words[1::2], strict=True):
        inside = _words(value) if braced else []
        found[name] = _dictionary(inside, depth + 1) if inside and len(inside) % 2 == 0 else {} if braced and not inside else value
    return found


def _words(text: str) -> list[tuple[str, bool]]:
    words: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] == "{":
            end = _closing(text, at)
            words.append((text[at + 1 : end], True))
            at = end + 1
        else:
            end = at
            while end < len(text) and not text[end].isspace() and text[end] != "{":
                end += 1
            words.append((text[at:end], False))
            at = end
    return words


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if not depth:
            return at
    raise ValueError("this is no dictionary of Tcl: a brace is not closed")
