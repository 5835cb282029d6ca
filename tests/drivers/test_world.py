"""The table of docs/simulated-device.md that says what the world can do to models: each call is there, with these arguments."""

from __future__ import annotations

import ast
import inspect
import re
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def rows() -> list[tuple[str, str]]:
    """(core, call) of each call in the table."""
    page = (ROOT / "docs" / "simulated-device.md").read_text(encoding="utf-8")
    table = page.split("| core | call | what happens |\n|---|---|---|\n")[1].split("\n\n")[0]
    found, cores = [], []
    for line in table.splitlines():
        first, calls, what = (cell.strip() for cell in line.strip("|").split("|"))
        cores = re.findall(r"`(\w+)`", first) or cores
        for call in re.findall(r"`([^`]+\))`", calls + what):
            found += [(core, call) for core in cores]
    return found


def test_each_call_of_the_table_is_there() -> None:
    models = {point.name.split(":")[2]: point for point in entry_points(group="pynq_widgets.models") if point.name.count(":") >= 2}
    listed = rows()
    assert len({core for core, _ in listed}) == 9
    for core, call in listed:
        node = ast.parse(call, mode="eval").body
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        method = getattr(models[core].load(), node.func.id)
        arguments = [ast.literal_eval(each) for each in node.args]
        inspect.signature(method).bind(None, *arguments, **{each.arg: ast.literal_eval(each.value) for each in node.keywords if each.arg})
