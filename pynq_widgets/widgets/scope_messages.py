"""What a page says to a scope, and what its controls are told. Whatever a message holds, it harms nothing; what is wrong is answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .buffer_words import parse_rate
from .scope_modes import SCOPE_MODES

if TYPE_CHECKING:
    from .oscilloscope import Scope

_log = logging.getLogger(__name__)


class ScopeMessages:
    """The page's side of one scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def heard(self, kind: str, content: Mapping[str, Any]) -> None:
        """One message."""
        scope = self._scope
        answer: Callable[[Mapping[str, Any]], object] | None = getattr(self, f"_on_{kind}", None)
        if answer is None or scope.closed:
            return
        try:
            answer(content)
        except (ValueError, TimeoutError) as error:
            # A person did this, and is told; the sheet puts the control back to what holds.
            scope.panel.tell({"kind": "problem", "view": content.get("view"), "text": str(error)})
            scope.panel.state(self.sheet())
        except (TypeError, LookupError, OverflowError, AttributeError):
            _log.debug("a message of the page was not understood: %r", content, exc_info=True)

    # Who is there.

    def _on_hello(self, content: Mapping[str, Any]) -> None:
        scope = self._scope
        scope.arrived(str(content.get("view"))[:64], bool(content.get("visible")), scope.panel.frame, None)
        scope.panel.state({**self.sheet(), **scope.told()})

    def _on_beat(self, content: Mapping[str, Any]) -> None:
        seen, drawn = content.get("seen"), content.get("drawn")
        frame = seen if isinstance(seen, int) else self._scope.panel.frame
        key = str(content.get("view"))[:64]
        self._scope.arrived(key, bool(content.get("visible")), frame, drawn if isinstance(drawn, int) else None)

    def _on_bye(self, content: Mapping[str, Any]) -> None:
        self._scope.left(str(content.get("view"))[:64])

    # Running.

    def _on_run(self, content: Mapping[str, Any]) -> None:
        self._scope.asked_by_page("run")

    def _on_stop(self, content: Mapping[str, Any]) -> None:
        self._scope.asked_by_page("stop")

    def _on_single(self, content: Mapping[str, Any]) -> None:
        self._scope.asked_by_page("single")

    def _on_clear(self, content: Mapping[str, Any]) -> None:
        self._scope.clear()

    # What is seen.

    def _on_mode(self, content: Mapping[str, Any]) -> None:
        self._scope.mode = content["mode"]

    def _on_setting(self, content: Mapping[str, Any]) -> None:
        self._put(self._scope.settings, content)

    def _on_trigger(self, content: Mapping[str, Any]) -> None:
        self._put(self._scope.trigger, content)

    def _put(self, settings: Any, content: Mapping[str, Any]) -> None:
        if content["name"] not in set(settings):
            raise LookupError(f"no setting {content['name']!r}")
        setattr(settings, content["name"], content["value"])

    def _on_axis(self, content: Mapping[str, Any]) -> None:
        scope, name, text = self._scope, content["name"], str(content["value"])[:60].strip()
        if name == "sample_rate":
            scope.sample_rate = parse_rate(text)
        elif name == "unit":
            scope.unit = text
        elif name == "scale":
            scope.scale = _number("1 stands for", text)
        elif name == "span":
            scope.span = _number("the time across", text) if text else None
        elif name == "rate":
            scope.rate = _number("frames a second", text)
        elif name == "low" or name == "high":
            self._range(name, text)
        elif name == "keep":
            scope.keep = content["value"] is True

    def _range(self, name: str, text: str) -> None:
        """One end of the vertical axis was typed: the other stays where it is seen. Emptied: both are free again."""
        scope = self._scope
        if not text:
            scope.range = None
            return
        edge = _number(f"the {'lower' if name == 'low' else 'upper'} end", text)
        low, high = scope.range or scope.vertical or (-1.0, 1.0)
        scope.range = (edge, high) if name == "low" else (low, edge)

    def sheet(self) -> dict[str, Any]:
        """All that the controls show."""
        scope = self._scope
        source = scope.sample_source
        low, high = scope.range or ("", "")
        return {
            "modes": [[mode.name, mode.label, mode.refusal(source)] for mode in SCOPE_MODES],
            "mode": scope.mode,
            "settings": scope.settings.sheet(),
            "trigger": scope.trigger.sheet(),
            "triggered": scope.trigger.on,
            "axis": {
                "sample_rate": scope.sample_rate or "",
                "unit": scope.unit,
                "scale": scope.scale,
                "span": "" if scope.span is None else scope.span,
                "rate": scope.rate,
                "low": low,
                "high": high,
                "keep": scope.keep,
                "spans": scope.spans(),
            },
        }


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} is a number, not {text!r}") from None
