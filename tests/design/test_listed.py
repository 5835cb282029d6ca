"""A path that is not there is told with those that are near."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from pynq_widgets import Design
from pynq_widgets.design.listed import Listed

LISTED = Listed({"axi_gpio_0": {}, "axi_dma_0": {}, "video/axi_vdma": {}})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("SEG_axi_gpio_0_Reg", "no IP 'SEG_axi_gpio_0_Reg' in the design; did you mean 'axi_gpio_0', 'axi_dma_0'?"),
        ("axi_vdma", "no IP 'axi_vdma' in the design; did you mean 'video/axi_vdma', 'axi_dma_0'?"),
        ("AXI_DMA_0", "no IP 'AXI_DMA_0' in the design; did you mean 'axi_dma_0', 'axi_gpio_0', 'video/axi_vdma'?"),
        ("zzz", "no IP 'zzz' in the design; it has 3 IP"),
    ],
)
def test_the_nearest_are_named(path: str, message: str) -> None:
    with pytest.raises(KeyError) as caught:
        LISTED[path]
    assert caught.value.args == (message,)


def test_one_without_entries_says_so() -> None:
    with pytest.raises(KeyError, match="it has no IP"):
        Listed()["axi_gpio_0"]


def test_otherwise_it_is_a_dictionary() -> None:
    assert LISTED.get("none") is None
    assert "none" not in LISTED
    assert json.loads(json.dumps(LISTED)) == LISTED == copy.deepcopy(LISTED) == pickle.loads(pickle.dumps(LISTED))
    with pytest.raises(KeyError, match=r"^3$"):
        LISTED[3]  # type: ignore[index]


def test_a_design_s_is_one(small: Callable[..., Design]) -> None:
    assert isinstance(small().ip_dict, Listed)
