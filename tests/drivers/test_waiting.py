"""Waiting in the time of a device's clock."""

from __future__ import annotations

import asyncio

from pynq_drivers import waiting


def test_a_loop_with_tasks_is_found_where_nobody_runs_it() -> None:
    kept: list[object] = []

    async def forever() -> None:
        await asyncio.Event().wait()

    async def inside() -> object:
        kept.append(asyncio.ensure_future(forever()))
        return waiting.loop_with_tasks()

    assert waiting.loop_with_tasks() is None  # and none is made
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        assert waiting.loop_with_tasks() is None
        assert loop.run_until_complete(inside()) is None  # it runs already
        (task,) = asyncio.all_tasks(loop)
        assert waiting.loop_with_tasks() is loop
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        assert waiting.loop_with_tasks() is None
    finally:
        loop.close()
        assert waiting.loop_with_tasks() is None
        asyncio.set_event_loop(None)
