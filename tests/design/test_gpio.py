from __future__ import annotations

from collections.abc import Callable

from pynq_widgets.design import Design

Small = Callable[..., Design]


def test_outputs_through_slices_and_inputs_through_a_concat(small: Small) -> None:
    assert [(p.name, p.index, p.width, p.direction, p.pins, p.slice) for p in small().gpio] == [
        ("low", 2, 1, "out", ("lamp", "low/Dout"), "low"),
        ("wide", 6, 4, "out", ("io/buttons/enable", "wide/Dout"), "wide"),
        ("button", 3, 1, "in", ("button",), None),
    ]


def test_an_output_without_a_slice(small: Small) -> None:
    design = small(('NAME="lamp" SIGIS="undef" SIGNAME="n_low"', 'LEFT="4" NAME="lamp" RIGHT="0" SIGIS="undef" SIGNAME="n_gpio"'))
    assert ("lamp", 0, 5, "out", ("lamp",), None) in design.gpio


def test_the_dictionary_and_the_core_that_a_pin_reaches(small: Small) -> None:
    design = small()
    wide = {"state": None, "pins": {"io/buttons/enable", "wide/Dout"}, "index": 6, "width": 4, "direction": "out"}
    assert design.gpio_dict["wide"] == wide
    assert design.ip_dict["io/buttons"]["gpio"] == {"enable": wide}
