"""The configuration of libsensors: which sensor is which rail, and how its number becomes volts.

Source: sensors.conf(5). ``chip`` says for which chips what follows holds, ``label`` how a feature is called, ``compute`` how its value is
worked out, ``ignore`` that it is not there, and ``bus`` which adapter an I2C bus of the file is. ``set`` would write limits into the
chips, and is passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

# Of the raw value and of what gives the value of another feature by name.
Formula = Callable[[float, Callable[[str], float]], float]

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_][\w.]*)|(\d+(?:\.\d*)?|\.\d+)|([-+*/()@^`,]))')
_DEEPEST = 100


@dataclass
class Settings:
    """What holds for the features of one chip."""

    labels: dict[str, str] = field(default_factory=dict)
    formulas: dict[str, Formula] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)


@dataclass
class _Section:
    patterns: tuple[str, ...]
    source: int
    settings: Settings = field(default_factory=Settings)


class Configuration:
    """One or several files, of which the later ones win."""

    def __init__(self) -> None:
        self._sections: list[_Section] = []
        self._buses: dict[int, dict[str, str]] = {}

    def add(self, text: str, path: str) -> None:
        """Take in the `text` of the file at `path`. Raises ``ValueError`` that names the line; nothing of the file holds then."""
        sections: list[_Section] = []
        buses: dict[str, str] = {}
        source = len(self._buses)
        for number, line in _lines(text):
            try:
                _Statement(line).run(sections, buses, source)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
        self._sections += sections
        self._buses[source] = buses

    def of(self, chip: str, adapters: dict[str, int]) -> Settings:
        """What holds for `chip`, such as ``'ina226-i2c-2-40'``; `adapters` are the numbers of this machine's buses, by name."""
        settings = Settings()
        for section in self._sections:
            if any(_matches(self._here(pattern, section.source, adapters), chip) for pattern in section.patterns):
                settings.labels |= section.settings.labels
                settings.formulas |= section.settings.formulas
                settings.ignored |= section.settings.ignored
        return settings

    def _here(self, pattern: str, source: int, adapters: dict[str, int]) -> str:
        """The pattern with the number that its I2C bus has on this machine."""
        match = re.search(r"-(i2c-\d+)-", pattern)
        adapter = self._buses[source].get(match[1]) if match is not None else None
        if match is None or adapter is None:
            return pattern
        return f"{pattern[: match.start(1)]}i2c-{adapters.get(adapter, 'nowhere')}{pattern[match.end(1) :]}"


def _matches(pattern: str, chip: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), chip) is not None


def _lines(text: str) -> list[tuple[int, str]]:
    """The statements with the numbers of their lines, without comments; a backslash joins the next line."""
    found: list[tuple[int, str]] = []
    joined, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        first = first or number
        line = re.sub(r'("(?:[^"\\]|\\.)*")|#.*', lambda match: match[1] or "", raw).rstrip()
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        if (joined + line).strip():
            found.append((first, joined + line))
        joined, first = "", 0
    if joined.strip():
        found.append((first, joined))
    return found


class _Statement:
    """One statement, token by token: ``(kind, text)`` with the kinds name, text, number and sign."""

    def __init__(self, line: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(line.rstrip()):
            match = _TOKEN.match(line, at)
            if match is None:
                raise ValueError(f"{line[at:].strip()!r} is not understood")
            at = match.end()
            for kind, text in zip(("text", "name", "number", "sign"), match.groups(), strict=True):
                if text is not None:
                    self._tokens.append((kind, re.sub(r"\\(.)", r"\1", text) if kind == "text" else text))
        self._at = 0
        self._depth = 0

    def run(self, sections: list[_Section], buses: dict[str, str], source: int) -> None:
        word = self._take("name")
        if word == "bus":
            bus = self._word()
            buses[bus] = self._word()
        elif word == "chip":
            patterns = [self._word()]
            while self._more():
                patterns.append(self._word())
            sections.append(_Section(tuple(patterns), source))
        elif word in ("label", "compute", "ignore", "set"):
            if not sections:
                raise ValueError(f"{word!r} stands before the first 'chip', which says for which chips it holds")
            self._feature(word, sections[-1].settings)
        else:
            raise ValueError(f"{word!r} is no statement; expected bus, chip, label, compute, ignore or set")
        if self._more():
            raise ValueError(f"{self._tokens[self._at][1]!r} is too much")

    def _feature(self, word: str, settings: Settings) -> None:
        name = self._word()
        if word == "ignore":
            settings.ignored.add(name)
        elif word == "label":
            settings.labels[name] = self._word()
        else:
            formula = self._sum()
            if word == "compute":
                self._take("sign", ",")
                self._sum()  # the way back, for limits that are written
                settings.formulas[name] = formula

    # Formulas: signs as usual, '@' the raw value, '^' e to the power of, '`' the natural logarithm.

    def _sum(self) -> Formula:
        left = self._product()
        while (sign := self._sign("+-")) is not None:
            left = _binary(sign, left, self._product())
        return left

    def _product(self) -> Formula:
        left = self._factor()
        while (sign := self._sign("*/")) is not None:
            left = _binary(sign, left, self._factor())
        return left

    def _factor(self) -> Formula:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"the formula is more than {_DEEPEST} levels deep")
        try:
            sign = self._sign("-^`(@")
            if sign == "(":
                inner = self._sum()
                self._take("sign", ")")
                return inner
            if sign == "@":
                return lambda raw, value_of: raw
            if sign is not None:
                return _unary(sign, self._factor())
            kind, text = self._next("a value")
            if kind == "number":
                number = float(text)
                return lambda raw, value_of: number
            if kind == "name":
                return lambda raw, value_of: value_of(text)
            raise ValueError(f"expected a value, got {text!r}")
        finally:
            self._depth -= 1

    # Tokens.

    def _more(self) -> bool:
        return self._at < len(self._tokens)

    def _next(self, wanted: str) -> tuple[str, str]:
        if not self._more():
            raise ValueError(f"expected {wanted}, got the end of the line")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, kind: str, text: str = "") -> str:
        found, got = self._next(repr(text) if text else f"a {kind}")
        if found != kind or (text and got != text):
            raise ValueError(f"expected {repr(text) if text else f'a {kind}'}, got {got!r}")
        return got

    def _word(self) -> str:
        kind, text = self._next("a name")
        if kind not in ("name", "text"):
            raise ValueError(f"expected a name, got {text!r}")
        return text

    def _sign(self, signs: str) -> str | None:
        if self._more() and self._tokens[self._at][0] == "sign" and self._tokens[self._at][1] in signs:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None


def _binary(sign: str, left: Formula, right: Formula) -> Formula:
    if sign == "+":
        return lambda raw, value_of: left(raw, value_of) + right(raw, value_of)
    if sign == "-":
        return lambda raw, value_of: left(raw, value_of) - right(raw, value_of)
    if sign == "*":
        return lambda raw, value_of: left(raw, value_of) * right(raw, value_of)
    return lambda raw, value_of: left(raw, value_of) / right(raw, value_of)


def _unary(sign: str, of: Formula) -> Formula:
    if sign == "-":
        return lambda raw, value_of: -of(raw, value_of)
    if sign == "^":
        return lambda raw, value_of: math.exp(of(raw, value_of))
    return lambda raw, value_of: math.log(of(raw, value_of))
