from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.access.sensors_conf import Configuration


def settings(text, chip="ina226-i2c-2-40", adapters=()):
    configuration = Configuration()
    configuration.add(text, "x.conf")
    return configuration.of(chip, dict(adapters))


def formula(text, raw=2.0, **others):
    return settings(f'chip "*"\n  compute in1 {text}, @').formulas["in1"](raw, others.__getitem__)


def test_labels_and_what_is_not_there():
    found = settings(
        """
        # the rails of a board
        chip "ina226-*" "other-*"   # the # in "quotes # stays"
            label in1 "a \\"quoted\\" # name"
            ignore in0
            set in1_max 3 * 2
        chip "ina226-i2c-2-41"
            label in1 "another"
        chip "*-i2c-2-40"
            label curr1 CORE
            label power1 \\
                  "CORE"
        """
    )
    assert found.labels == {"in1": 'a "quoted" # name', "curr1": "CORE", "power1": "CORE"}
    assert found.ignored == {"in0"}
    assert found.formulas == {}


def test_the_later_one_wins():
    configuration = Configuration()
    configuration.add('chip "*"\nlabel in1 "first"\nlabel in2 "kept"', "a.conf")
    configuration.add('chip "ina226-*"\nlabel in1 "second"', "b.conf")
    assert configuration.of("ina226-i2c-0-40", {}).labels == {"in1": "second", "in2": "kept"}


def test_a_bus_is_found_by_the_name_of_its_adapter():
    text = 'bus "i2c-4" "i2c-1-mux (chan_id 2)"\nchip "*-i2c-4-43"\n label in2 "INT"'
    here = {"i2c-1-mux (chan_id 2)": 7}
    assert settings(text, "irps5401-i2c-7-43", here).labels == {"in2": "INT"}
    assert settings(text, "irps5401-i2c-4-43", here).labels == {}
    assert settings(text, "irps5401-i2c-4-43").labels == {}, "an adapter that is not there has no chips"
    assert settings('chip "*-i2c-4-43"\n label in2 "INT"', "irps5401-i2c-4-43", here).labels == {"in2": "INT"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("@", 2.0),
        ("@*4", 8.0),
        ("1 + 2 * 3 - 4 / 8", 6.5),
        ("(1 + 2) * -@", -6.0),
        ("8 - 4 - 2", 2.0),
        ("^0 + `(^1)", 2.0),
        (".5 * @", 1.0),
        ("in2_input / @", 1.5),
    ],
)
def test_formulas(text, value):
    assert formula(text, in2_input=3.0) == pytest.approx(value)


@given(
    st.recursive(
        st.integers(1, 9).map(str), lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
    )
)
def test_formulas_are_worked_out_as_python_does(text):
    assert formula(text) == eval(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('label in1 "x"', "line 1: 'label' stands before the first 'chip', which says for which chips it holds"),
        ('chip "*"\n\nlabel in1', "line 3: expected a name, got the end of the line"),
        ('chip "*"\nrename in1 "x"', "line 2: 'rename' is no statement; expected bus, chip, label, compute, ignore or set"),
        ('chip "*"\ncompute in1 @', "line 2: expected ',', got the end of the line"),
        ('chip "*"\ncompute in1 (@, @', "line 2: expected ')', got ','"),
        ('chip "*"\ncompute in1 *, @', "line 2: expected a value, got '*'"),
        ('chip "*"\nlabel in1 "x" "y"', "line 2: 'y' is too much"),
        ('chip "*"\nlabel in1 ;', "line 2: ';' is not understood"),
        ('chip "*"\nlabel in1 "open', "line 2: '\"open' is not understood"),
        ('"chip" x', "line 1: expected a name, got 'chip'"),
        ('chip "*"\ncompute in1 ' + "(" * 200 + "@" + ")" * 200 + ", @", "line 2: the formula is more than 100 levels deep"),
    ],
)
def test_what_is_not_understood_names_its_line(text, why):
    configuration = Configuration()
    with pytest.raises(ValueError, match=r"^x\.conf, line") as raised:
        configuration.add(text, "x.conf")
    assert str(raised.value) == f"x.conf, {why}"
    assert configuration.of("any-virtual-0", {}).labels == {}


@given(st.text())
def test_nonsense_is_an_error_and_nothing_else(text):
    configuration = Configuration()
    with suppress(ValueError):
        configuration.add(text, "x.conf")
    assert set(configuration.of("ina226-i2c-2-40", {}).labels) <= set(text.split())
