"""Numbers as Vivado writes them: hexadecimal with 0x or decimal, in attributes that strangers may have changed."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from .document import Document

_MAX_DIGITS = 40
ADDRESS_END = 1 << 64


def to_int(text: str | None) -> int | None:
    """The number in a text, ``None`` where there is none: empty, ``0x`` alone, or no number at all."""
    if not text:
        return None
    text = text.strip()
    if not text or len(text) > _MAX_DIGITS or "_" in text or not text.isascii():
        return None
    try:
        if text[:2] in ("0x", "0X"):
            return int(text[2:], 16) if len(text) > 2 and text[2] not in "+-" else None
        return int(text)
    except ValueError:
        return None


def number(document: Document, element: Element, what: str, text: str | None, default: int | None, limit: int) -> int:
    """A number from 0 to ``limit``, ``default`` where there is none; else ``DesignError``."""
    value = to_int(text)
    if value is None:
        if default is not None and (text is None or text.strip() in ("", "0x", "0X")):
            return default
        document.fail(element, f"{what} is {_shown(text)}, not a number")
    elif 0 <= value <= limit:
        return value
    document.fail(element, f"{what} is {_shown(text)}, which is not from 0 to {limit:#x}")


def _shown(text: str | None) -> str:
    if text is None:
        return "missing"
    return repr(text if len(text) <= 60 else text[:60] + "...")
