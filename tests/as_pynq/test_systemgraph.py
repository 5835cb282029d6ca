"""What drivers look for in PYNQ's graph of metadata."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pynq_widgets.as_pynq.hwh_parser import HWH


@pytest.fixture
def graph(small_designs: ModuleType, tmp_path: Path) -> Any:
    block = small_designs.Block
    text = small_designs.handoff(
        [
            block("hier/source", "me.org:user:source:1.2", 0x4000_0000, {"WIDTH": 8}),
            block("sink", "me.org:user:sink:1.0", 0x4001_0000),
            block("other", "me.org:user:sink:1.0", 0x4002_0000),
        ],
        [],
        [("hier/source", "out", "sink", "in"), ("hier/source", "free", "other", "in")],
        {},
    )
    path = tmp_path / "small.hwh"
    path.write_text(text, encoding="utf-8")
    return HWH(path).systemgraph


def test_blocks_go_by_the_names_of_their_instances(graph: Any) -> None:
    assert set(graph.blocks) == {"hier_source", "sink", "other", "ps"}
    assert len(graph.blocks) == 4
    block = graph.blocks["hier_source"]
    assert block is graph.blocks["hier_source"]
    assert (block.name, block.hierarchy_name, repr(block)) == ("hier_source", "hier/source", "<block hier/source (me.org:user:source:1.2)>")
    vlnv = block.vlnv
    assert (vlnv.vendor, vlnv.library, vlnv.name, vlnv.version, vlnv.str) == ("me.org", "user", "source", "1.2", "me.org:user:source:1.2")
    assert block.parameters["WIDTH"].value == "8"
    assert list(block.ports) == ["s_axi_aclk", "out", "free"]


def test_an_output_goes_to_all_it_drives_and_an_input_comes_from_one(graph: Any) -> None:
    blocks = graph.blocks
    (end,) = blocks["hier_source"].ports["out"].destinations().values()
    assert (end.name, end.parent()) == ("in", blocks["sink"])
    assert end is blocks["sink"].ports["in"]
    assert end.destinations() == {"out": blocks["hier_source"].ports["out"]}
    assert blocks["sink"].ports["s_axi_aclk"].destinations() == {"FCLK_CLK0": blocks["ps"].ports["FCLK_CLK0"]}
    assert list(blocks["ps"].ports["FCLK_CLK0"].destinations()) == ["s_axi_aclk", "other/s_axi_aclk", "sink/s_axi_aclk"]


def test_a_port_of_the_design_belongs_to_the_graph(demo_design: Path) -> None:
    parser = HWH(demo_design)
    graph = parser.systemgraph
    (pin, outside), *_ = [
        (pin, end) for pin, net in parser.pins.items() if "/" in pin for end in sorted(parser.nets[net]) if "/" not in end
    ]
    block, _, name = pin.rpartition("/")
    ends = graph.blocks[parser.design.modules[block].instance].ports[name].destinations()
    assert ends[outside].parent() is graph
    assert graph.name == graph._root.find("SYSTEMINFO").get("NAME")


def test_what_is_not_there(graph: Any) -> None:
    with pytest.raises(KeyError) as error:
        graph.blocks["hier_sorce"]
    assert error.value.args == ("the design has no block 'hier_sorce' (did you mean 'hier_source'?)",)
    with pytest.raises(KeyError, match=r"sink has no pin 'inn' \(did you mean 'in'\?\)"):
        graph.blocks["sink"].ports["inn"]
    with pytest.raises(
        AttributeError, match=r"^systemgraph has no 'views': of PYNQ's graph of metadata there are blocks, their parameters"
    ):
        graph.views
