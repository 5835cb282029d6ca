"""What happens to those who wait when an overlay ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, StaleOverlayError
from pynq_widgets.device import SimulatedDevice


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda overlay, path: overlay.free(), "demo.hwh was freed with free()"),
        (lambda overlay, path: Overlay(path, device=overlay.device), "demo.hwh was loaded again as another Overlay object"),
    ],
)
def test_who_waits_for_an_interrupt_is_told_that_the_overlay_has_gone(demo_design: Path, end: Callable[..., Any], reason: str) -> None:
    overlay = Overlay(demo_design, device=SimulatedDevice("t"))

    async def main() -> None:
        waiting = asyncio.ensure_future(overlay.timer.interrupt.wait())
        await asyncio.sleep(0)
        end(overlay, demo_design)
        with pytest.raises(StaleOverlayError) as raised:
            await asyncio.wait_for(waiting, 20)
        assert str(raised.value) == f"Interrupt invalidated by Overlay change: {reason}"

    asyncio.run(main())
