"""Transfers of a core in a region end when the region gets another module; their buffers are free again."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.transfers.holding import Holding
from pynq_widgets.overlay import StaleOverlayError


@pytest.fixture(autouse=True)
def no_packages() -> None:
    """Here the installed drivers take part."""


def test_a_transfer_under_way_in_the_region_ends(dfx: Any, write_dma: str) -> None:
    dfx.write("mover", write_dma)
    ol = dfx.load()
    ol.pr_download("hier/rp", "mover")
    dma = ol.hier.rp.dma
    buffer = dfx.device.allocate((16,), "u4")
    transfer = dma.recvchannel.submit(buffer)
    assert buffer.under_way
    assert len(Holding.of(dfx.device)) == 1
    ol.pr_download("hier/rp", "invert")
    said = (
        r"hier/rp/dma\.recvchannel: region hier/rp was given another module with a transfer of 64 bytes under way; take what is there now"
    )
    with pytest.raises(StaleOverlayError, match=said):
        transfer.wait(1.0)
    assert (buffer.under_way, len(Holding.of(dfx.device))) == ((), 0)
    buffer.freebuffer()
