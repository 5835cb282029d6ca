"""What a page asks of a panel: the methods ``do_<action>``, with arguments by name, and the answer."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from pynq_widgets.access.errors import near_names
from pynq_widgets.live.asking import asking

_log = logging.getLogger(__name__)

_MOST_WAITING = 64  # coroutines that are under way at once


class Actions:
    """Calls what a page asks for, and gives the outcome to `answer`, whatever comes; `tell` is told of what takes its time."""

    def __init__(self, panel: Any, tell: Callable[[dict[str, Any]], object], answer: Callable[[dict[str, Any]], None]) -> None:
        self._panel = panel
        self._tell = tell
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, content: Mapping[str, Any]) -> None:
        """One message of a page: ``action``, ``arguments``, and ``tag`` and ``view`` for the answer."""
        outcome = None
        try:
            method, arguments = self._asked(content)
            with asking(self._panel.device, "page"):
                outcome = method(**arguments)
            if inspect.iscoroutine(outcome):
                self._begin(outcome, content)
                return
            self._done(content, outcome)
        except Exception as error:
            self._refused(content, error)

    def close(self) -> None:
        """What is under way is cancelled."""
        for task in list(self._tasks):
            task.get_loop().call_soon_threadsafe(task.cancel)

    def _asked(self, content: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
        action, arguments = content.get("action"), content.get("arguments")
        known = [name[3:] for name in dir(type(self._panel)) if name.startswith("do_")]
        title = type(self._panel).__name__
        if not isinstance(action, str) or action not in known:
            raise ValueError(f"{title} cannot do {action!r}{near_names(str(action), known)}; it can {', '.join(known) or 'do nothing'}")
        given = {} if arguments is None else arguments
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise ValueError(f"{title} is asked to {action} with arguments by name, not with {given!r}")
        method = getattr(self._panel, f"do_{action}")
        try:
            inspect.signature(method).bind(**given)
        except TypeError as error:
            raise ValueError(f"{title} cannot {action} like this: {error}") from None
        return method, dict(given)

    def _begin(self, coroutine: Coroutine[Any, Any, Any], content: Mapping[str, Any]) -> None:
        if len(self._tasks) >= _MOST_WAITING:
            coroutine.close()
            raise RuntimeError(f"{_MOST_WAITING} actions of this panel are under way already: wait for one to end")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            coroutine.close()
            raise RuntimeError("this action waits for something, and no event loop runs that could wait") from None
        self._tell({"kind": "begun", "view": content.get("view"), "tag": content.get("tag")})
        # Without the asker's name: it belongs to the thread, where other things go on meanwhile.
        task = loop.create_task(self._wait(coroutine, content))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, coroutine: Coroutine[Any, Any, Any], content: Mapping[str, Any]) -> None:
        try:
            self._done(content, await coroutine)
        except Exception as error:
            self._refused(content, error)

    def _done(self, content: Mapping[str, Any], result: Any) -> None:
        json.dumps(result, allow_nan=False)
        self._answer({"kind": "done", "view": content.get("view"), "tag": content.get("tag"), "error": None, "result": result})

    def _refused(self, content: Mapping[str, Any], error: Exception) -> None:
        # A bus, a driver or the design may refuse in any way; who clicked is told, on the panel.
        _log.debug("an action of the page was refused", exc_info=error)
        self._answer({"kind": "done", "view": content.get("view"), "tag": content.get("tag"), "error": words(error), "result": None})


def words(error: BaseException) -> str:
    """What went wrong, for a person, on one line: the exception's text, with its type where the text alone may not speak."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    text = " ".join(text.split())
    if text and isinstance(error, (ValueError, AttributeError, RuntimeError, TimeoutError)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
