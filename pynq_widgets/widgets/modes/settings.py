"""Settings of a mode: attributes that check what they are given, and describe themselves to the page."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any


class Setting:
    """One setting: its name, the label and help that a person sees, and its value at first."""

    kind = "text"

    def __init__(self, name: str, default: Any, label: str, help: str, *, folded: bool = False) -> None:
        self.name, self.default, self.label, self.help, self.folded = name, default, label, help, folded

    def check(self, value: Any) -> Any:
        """`value` as it is kept. Raises ``ValueError`` that says what is expected."""
        raise NotImplementedError

    def expected(self) -> str:
        """What is taken, in words."""
        raise NotImplementedError

    def sheet(self, value: Any) -> dict[str, Any]:
        """What the page needs for its control."""
        return {"name": self.name, "kind": self.kind, "label": self.label, "help": self.help, "value": value, "folded": self.folded}


class Choice(Setting):
    """One of some texts or numbers; what is near one is suggested."""

    kind = "choice"

    def __init__(self, name: str, options: Sequence[Any], default: Any, label: str, help: str, *, folded: bool = False) -> None:
        super().__init__(name, default, label, help, folded=folded)
        self.options = tuple(options)

    def check(self, value: Any) -> Any:
        for option in self.options:
            # The page knows numbers as text.
            if value == option or (isinstance(value, str) and value == str(option)):
                return option
        near = difflib.get_close_matches(str(value), [str(option) for option in self.options], 1)
        raise ValueError(f"expected {self.expected()}, not {value!r}" + (f": try {near[0]!r}" if near else ""))

    def expected(self) -> str:
        return "one of " + ", ".join(repr(option) for option in self.options)

    def sheet(self, value: Any) -> dict[str, Any]:
        return {**super().sheet(value), "options": [str(option) for option in self.options], "value": str(value)}


class Number(Setting):
    """A number from `low` to `high`; `none` tells that there may be none, and what that is called."""

    kind = "number"

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        default: float | None,
        label: str,
        help: str,
        *,
        whole: bool = False,
        none: str = "",
        folded: bool = False,
    ) -> None:
        super().__init__(name, default, label, help, folded=folded)
        self.low, self.high, self.whole, self.none = low, high, whole, none

    def check(self, value: Any) -> Any:
        if self.none and (value is None or value == "" or value == self.none):
            return None
        number = value
        if isinstance(value, str):
            try:
                number = float(value)
            except ValueError:
                number = None
        if not isinstance(number, (int, float)) and hasattr(number, "item"):
            number = number.item()  # a scalar of numpy
        good = isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
        if not good or not self.low <= number <= self.high or (self.whole and number != int(number)):
            raise ValueError(f"expected {self.expected()}, not {value!r}")
        return int(number) if self.whole else float(number)

    def expected(self) -> str:
        span = f"from {self.low:g} to {self.high:g}"
        return f"a {'whole ' if self.whole else ''}number {span}" + (f", or nothing for {self.none}" if self.none else "")

    def sheet(self, value: Any) -> dict[str, Any]:
        return {**super().sheet("" if value is None else value), "low": self.low, "high": self.high, "whole": self.whole, "none": self.none}


class Flag(Setting):
    """True or False."""

    kind = "flag"

    def check(self, value: Any) -> bool:
        if value is True or value is False:
            return value
        raise ValueError(f"expected {self.expected()}, not {value!r}")

    def expected(self) -> str:
        return "True or False"


class Settings:
    """The settings of one mode, as attributes: ``view.settings.window = 'hann'``.

    Raises ``ValueError`` for a value out of range and ``AttributeError`` for a name that there is not, both with what would do.
    """

    _mode: str
    _known: Mapping[str, Setting]
    _values: dict[str, Any]
    _changed: Callable[[], object]

    def __init__(self, mode: str, settings: Sequence[Setting], changed: Callable[[], object] = lambda: None) -> None:
        super().__setattr__("_mode", mode)
        super().__setattr__("_known", {setting.name: setting for setting in settings})
        super().__setattr__("_values", {setting.name: setting.default for setting in settings})
        super().__setattr__("_changed", changed)

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__.get("_values", {})
        if name in values:
            return values[name]
        raise AttributeError(self._unknown(name) if values or not name.startswith("_") else name)

    def __setattr__(self, name: str, value: Any) -> None:
        setting = self._known.get(name)
        if setting is None:
            raise AttributeError(self._unknown(name))
        try:
            checked = setting.check(value)
        except ValueError as error:
            raise ValueError(f"{name} of mode {self._mode!r}: {error}") from None
        if checked != self._values[name]:
            self._values[name] = checked
            self._changed()

    def _unknown(self, name: str) -> str:
        known = list(self._known)
        near = difflib.get_close_matches(name, known, 1)
        tail = f": did you mean {near[0]!r}?" if near else f"; there is {', '.join(known)}" if known else "; it has none"
        return f"mode {self._mode!r} has no setting {name!r}{tail}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._known]

    def __repr__(self) -> str:
        return f"Settings of {self._mode!r}: " + (", ".join(f"{name}={value!r}" for name, value in self._values.items()) or "none")

    def sheet(self) -> list[dict[str, Any]]:
        """All settings with their values, for the page."""
        return [setting.sheet(self._values[name]) for name, setting in self._known.items()]

    def take(self, other: Settings) -> None:
        """Take over values of the same names that are valid here too, without a word to anybody."""
        for name, value in other._values.items():
            setting = self._known.get(name)
            if setting is not None:
                try:
                    self._values[name] = setting.check(value)
                except ValueError:
                    continue
