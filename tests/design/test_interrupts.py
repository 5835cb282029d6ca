from __future__ import annotations

from collections.abc import Callable

import pytest

from pynq_widgets.design import Design, DesignError

Small = Callable[..., Design]


def lines(design: Design) -> list[tuple[object, ...]]:
    return [(line.path, line.bit, line.controller, line.index, line.ps_port, line.raw_irq) for line in design.interrupts]


def test_through_concats_open_inputs_and_constants(small: Small) -> None:
    assert lines(small()) == [
        ("io/buttons/ip2intc_irpt", 0, "io/intc", 2, None, None),
        ("scale/interrupt", 0, "io/intc", 3, None, None),
        ("lines", 0, None, 1, "IRQ_F2P", 62),
        ("lines", 1, None, 2, "IRQ_F2P", 63),
        ("scale/interrupt", 0, None, 9, "IRQ_F2P", 85),
    ]


def test_the_controller_in_a_hierarchy(small: Small) -> None:
    (controller,) = small().controllers
    assert controller == ("io/intc", None, 0, "IRQ_F2P", 61)


def test_a_list_of_sensitivities_begins_with_the_highest_bit(small: Small) -> None:
    found = {(line.path, line.bit): line.sensitivity for line in small().interrupts}
    assert found[("lines", 0)] == "LEVEL_HIGH"
    assert found[("lines", 1)] == "EDGE_RISING"


def test_reverse_mode_ends_at_the_highest_number(small: Small) -> None:
    design = small(('VALUE="DIRECT"', 'VALUE="REVERSE"'))
    assert [line.raw_irq for line in design.interrupts if line.controller is None] == [68, 84, 91]
    assert design.controllers[0].raw_irq == 67


def test_the_dictionaries(small: Small) -> None:
    pins = small().interrupt_pins
    assert list(pins) == ["io/buttons/ip2intc_irpt", "scale/interrupt", "lines", "lines[1]"]
    assert pins["scale/interrupt"] == {
        "controller": "io/intc",
        "index": 3,
        "fullpath": "scale/interrupt",
        "also": [{"controller": "", "index": 9, "fullpath": "scale/interrupt", "raw_irq": 85, "ps_port": "IRQ_F2P"}],
    }
    assert small().interrupt_controllers == {"io/intc": {"parent": "", "index": 0, "raw_irq": 61, "ps_port": "IRQ_F2P"}}


def test_a_net_that_drives_itself(small: Small) -> None:
    with pytest.raises(DesignError, match=r"line \d+: the net 'n_irq' drives itself through 'top'$"):
        small(('NAME="In0" SIGIS="undef" SIGNAME="n_intc"', 'NAME="In0" SIGIS="undef" SIGNAME="n_irq"'))


def test_a_controller_that_interrupts_itself(small: Small) -> None:
    with pytest.raises(DesignError, match=r"line \d+: the interrupt controller 'io/intc' interrupts itself$"):
        small(('NAME="In1" RIGHT="0" SIGIS="undef" SIGNAME="n_buttons"', 'NAME="In1" RIGHT="0" SIGIS="undef" SIGNAME="n_intc"'))


def test_a_huge_width_costs_nothing(small: Small) -> None:
    design = small(
        ('LEFT="9" NAME="IRQ_F2P"', 'LEFT="999999999" NAME="IRQ_F2P"'), ('"IN2_WIDTH" VALUE="1"', '"IN2_WIDTH" VALUE="1000000000"')
    )
    assert len(design.interrupts) == 5
    assert design.nets["n_irq"].sinks[0].width == 1_000_000_000
