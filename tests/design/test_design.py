from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable

import pytest

from pynq_widgets.design import BusConnection, Design

Small = Callable[..., Design]


def test_what_it_is(small: Small) -> None:
    design = small()
    assert (design.name, design.part, design.family, design.board, design.tool_version) == (
        "small",
        "7z020-clg400-1",
        "zynq",
        "maker:board:part0:1.0",
        "2023.2",
    )
    assert repr(design) == "Design('small', 11 modules, part '7z020-clg400-1')"


@pytest.mark.parametrize("system", ["STSTEMINFO", "SOMETHING"])
def test_the_system_element_may_be_misspelt_or_missing(small: Small, system: str) -> None:
    design = small(("<SYSTEMINFO", f"<{system}"))
    assert (design.family, design.name) == (("zynq" if system == "STSTEMINFO" else ""), "small")


def test_modules_by_path(small: Small) -> None:
    module = small().modules["io/buttons"]
    assert (module.path, module.name, module.instance, module.vlnv, module.modtype, module.version, module.kind) == (
        "io/buttons",
        "buttons",
        "io_buttons",
        "xilinx.com:ip:axi_gpio:2.0",
        "axi_gpio",
        "2.0",
        "",
    )
    assert module.parameters == {"C_GPIO_WIDTH": "4"}
    assert module.ports["enable"] == ("enable", "I", 3, "undef", "n_wide", None, None, None)
    assert module.buses["S_AXI"].parameters == {"FREQ_HZ": "100000000"}


def test_a_version_is_kept_as_it_is(small: Small) -> None:
    assert small(("xilinx.com:ip:axi_intc:4.1", "xilinx.com:ip:axi_intc:1.00.a")).modules["io/intc"].version == "1.00.a"


def test_hierarchies(small: Small) -> None:
    design = small()
    assert list(design.hierarchies) == ["", "io"]
    assert list(design.hierarchies["io"].modules) == ["buttons", "intc", "join"]
    assert design.hierarchies[""].hierarchies["io"] is design.hierarchies["io"]


def test_nothing_can_be_changed(small: Small) -> None:
    design = small()
    with pytest.raises(AttributeError, match=r"^a Design is read from a design file and cannot be changed \(setting 'name'\)$"):
        design.name = "other"
    with pytest.raises(AttributeError, match=r"^a Module is read from a design file and cannot be changed \(deleting 'path'\)$"):
        del design.modules["scale"].path
    with pytest.raises(TypeError):
        design.modules["other"] = design.modules["scale"]  # type: ignore[index]
    assert copy.deepcopy(design) is design
    assert copy.copy(design.modules["scale"]) is design.modules["scale"]


def test_connections(small: Small) -> None:
    assert small().connections == (
        BusConnection("aximm", "ps", "M_AXI_GP0", "io/buttons", "S_AXI"),
        BusConnection("axis", "scale", "out", "bram", "in"),
    )


def test_a_bus_that_leaves_the_design(small: Small) -> None:
    design = small(('BUSNAME="b_bram" NAME="BRAM_PORTA"', 'BUSNAME="b_out" NAME="BRAM_PORTA"'))
    assert BusConnection("bram", "bram", "BRAM_PORTA", "M_OUT", "M_OUT") in design.connections


def test_nets(small: Small) -> None:
    design = small()
    net = design.nets["n_scale"]
    assert net.driver is not None
    assert (net.driver.path, [pin.path for pin in net.sinks]) == ("scale/interrupt", ["io/join/In2", "top/In3"])
    button = design.nets["n_button"].driver
    assert button is not None
    assert (button.path, button.module, button.drives) == ("button", None, True)
    assert "n_none" not in design.nets


def test_a_pin_without_a_net_name_is_joined_by_its_connections(small: Small) -> None:
    design = small(
        (
            '<PORT DIR="I" NAME="s_axi_aclk" SIGIS="clk" SIGNAME="n_clk"/>',
            '<PORT DIR="I" NAME="s_axi_aclk" SIGIS="clk"><CONNECTIONS><CONNECTION INSTANCE="ps" PORT="FCLK_CLK0"/></CONNECTIONS></PORT>',
        )
    )
    assert [pin.path for pin in design.nets["n_clk"].sinks] == ["io/buttons/s_axi_aclk"]


def test_clocks(small: Small) -> None:
    assert small().clocks == (("n_clk", "ps", "FCLK_CLK0", 100_000_000, 0, True, 5, 2),)


def test_memories(small: Small) -> None:
    assert small().memories == (
        ("scale", "scale", "Mem0", 0x43C10000, 0x2000, "SCALE"),
        ("bram", "bram", "Mem0", 0x40000000, 0x2000, "BRAM"),
    )


def test_threads_may_ask_at_once(small: Small, touch_everything: Callable[[Design], None]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    design = small()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(touch_everything, [design] * 16)) == [None] * 16


def test_the_import_is_light() -> None:
    heavy = {"numpy", "traitlets", "ipywidgets", "zipfile", "dataclasses"}
    code = f"import sys; sys.path[:0] = {sys.path!r}; import pynq_widgets.design; print(sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
