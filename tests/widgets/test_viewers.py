from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pynq_widgets.widgets.viewers import Viewers


def test_the_first_eye_and_the_last_are_told_once(now: Any) -> None:
    told: list[bool] = []
    viewers = Viewers(told.append, now=now)
    viewers.beat("a", False)
    viewers.beat("a", True, [1, 2])
    viewers.beat("b", True, [2, 3])
    assert (told, viewers.rows) == ([True], {1, 2, 3})
    viewers.bye("a")
    assert (told, viewers.rows) == ([True], {2, 3})
    viewers.beat("b", False, [2, 3])
    assert (told, viewers.rows, viewers.deserted) == ([True, False], frozenset(), False)
    viewers.bye("b")
    assert viewers.deserted


def test_never_seen_is_not_deserted(now: Any) -> None:
    assert not Viewers(lambda watched: None, now=now).deserted


def test_a_silent_view_is_given_up(now: Any) -> None:
    told: list[bool] = []
    viewers = Viewers(told.append, now=now)
    viewers.beat("a", True)
    now.pass_(3.0)
    viewers.check()
    assert viewers.watched
    now.pass_(1.0)
    viewers.check()
    assert told == [True, False]
    viewers.beat("a", True)
    assert told == [True, False, True]


def test_silence_does_not_count_while_the_main_loop_is_busy(now: Any) -> None:
    waiting: list[tuple[float, Callable[[], None]]] = []
    viewers = Viewers(lambda watched: None, now=now, later=lambda seconds, function: waiting.append((seconds, function)))
    viewers.beat("a", True)
    now.pass_(60)
    viewers.check()
    viewers.check()
    assert viewers.watched
    assert [seconds for seconds, _ in waiting] == [1.5], "it is judged once, some time after the loop answers"
    viewers.beat("a", True)  # what had waited in the queue
    waiting.pop()[1]()
    assert viewers.watched
    now.pass_(60)
    viewers.check()
    waiting.pop()[1]()
    assert not viewers.watched


def test_the_loop_of_the_beat_is_asked(now: Any) -> None:
    async def scene() -> list[bool]:
        told: list[bool] = []
        viewers = Viewers(told.append, now=now)
        viewers.beat("a", True)
        now.pass_(60)
        viewers.check()
        return [*told, viewers.watched]

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(scene()) == [True, True]
    finally:
        loop.close()


def test_a_page_that_makes_up_keys_does_not_fill_the_memory(now: Any) -> None:
    viewers = Viewers(lambda watched: None, now=now)
    for key in range(1000):
        now.pass_(0.001)
        viewers.beat(str(key), True, [key])
    assert len(viewers.rows) == 64
    assert max(viewers.rows) == 999
