"""Settings check what they are given, and say what would do."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pynq_widgets.widgets.modes.settings import Choice, Flag, Number, Settings


@pytest.fixture
def settings():
    told = []
    made = Settings(
        "spectrum",
        [
            Choice("window", ("hann", "flattop"), "hann", "window", "help"),
            Choice("size", ("auto", 256), "auto", "points", "help"),
            Number("averages", 1, 64, 8, "averages", "help", whole=True),
            Number("low", -1, 1, None, "from", "help", none="the least"),
            Flag("db", True, "dB", "help"),
        ],
        lambda: told.append(1),
    )
    return made, told


def test_values_are_attributes_and_changes_are_told(settings):
    made, told = settings
    made.window = "flattop"
    made.averages = np.int64(4)
    made.averages = "4"
    made.size = "256"
    made.low = "0.5"
    made.low = ""
    made.db = False
    assert repr(made) == "Settings of 'spectrum': window='flattop', size=256, averages=4, low=None, db=False"
    assert type(made.averages) is int
    assert len(told) == 6
    assert list(made) == ["window", "size", "averages", "low", "db"]
    assert "averages" in dir(made)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("window", "han", "window of mode 'spectrum': expected one of 'hann', 'flattop', not 'han': try 'hann'"),
        ("averages", 1.5, "averages of mode 'spectrum': expected a whole number from 1 to 64, not 1.5"),
        ("averages", True, "averages of mode 'spectrum': expected a whole number from 1 to 64, not True"),
        ("averages", "many", "averages of mode 'spectrum': expected a whole number from 1 to 64, not 'many'"),
        ("averages", float("nan"), "averages of mode 'spectrum': expected a whole number from 1 to 64, not nan"),
        ("low", 2, "low of mode 'spectrum': expected a number from -1 to 1, or nothing for the least, not 2"),
        ("low", [], "low of mode 'spectrum': expected a number from -1 to 1, or nothing for the least, not []"),
        ("db", "yes", "db of mode 'spectrum': expected True or False, not 'yes'"),
    ],
)
def test_bad_values_are_named_and_change_nothing(settings, name, value, message):
    made, told = settings
    before = repr(made)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        setattr(made, name, value)
    assert repr(made) == before
    assert told == []


def test_unknown_names_are_no_new_attributes(settings):
    made, _ = settings
    with pytest.raises(AttributeError, match=re.escape("mode 'spectrum' has no setting 'avarages': did you mean 'averages'?")):
        made.avarages = 3
    with pytest.raises(AttributeError, match=re.escape("mode 'spectrum' has no setting 'x'; there is window, size, averages, low, db")):
        made.x
    with pytest.raises(AttributeError, match=re.escape("mode 'line' has no setting 'x'; it has none")):
        Settings("line", []).x = 1


def test_what_the_page_gets(settings):
    made, _ = settings
    sheet = made.sheet()
    assert sheet[1] == {
        "name": "size",
        "kind": "choice",
        "label": "points",
        "help": "help",
        "value": "auto",
        "folded": False,
        "options": ["auto", "256"],
    }
    assert sheet[3]["value"] == ""


def test_taking_over_what_is_valid(settings):
    made, told = settings
    other = Settings("waterfall", [Choice("window", ("hann", "flattop", "none"), "none", "", ""), Number("averages", 1, 999, 3, "", "")])
    made.take(other)
    assert (made.window, made.averages) == ("hann", 3)
    assert told == []
