"""What is sent of the scripts and stylesheets."""

from __future__ import annotations

import re

import pytest

from pynq_widgets.widgets import assets


def test_comments_blank_lines_and_indents_stay_here() -> None:
    text = "// why\n\nfunction f() {\n  /* a\n   * b */\n  return `a  b`; // said\n}\n"
    assert assets.lean(text) == "function f() {\nreturn `a  b`; // said\n}"


def test_what_stands_in_a_line_is_not_looked_into() -> None:
    for line in ('const a = "/* not */";', 'const b = "// not";', "const c = /\\/\\*[^]*\\*\\//;", 'el.title = "two  blanks";'):
        assert assets.lean(line) == line


def test_a_text_that_needs_its_indents_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a text within backquotes goes beyond its line: 'const a = `one'$"):
        assets.lean("const a = `one\n  two`;")


def test_every_script_and_stylesheet_is_sent_lean_and_whole() -> None:
    for path in sorted(assets._FRONTEND.iterdir()):
        source = path.read_text(encoding="utf-8")
        sent = assets.lean(source)
        assert len(sent) < len(source)
        assert not re.search(r"^\s*(//|/\*)|^\s|\n\n", sent), path.name
        words = re.sub(r"/\*.*?\*/|^\s*//[^\n]*", "", source, flags=re.DOTALL | re.MULTILINE)
        assert re.sub(r"\s", "", sent) == re.sub(r"\s", "", words), path.name
