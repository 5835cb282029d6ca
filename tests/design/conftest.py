"""A small design that the tests write themselves, and a way to change it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.design import Design, read_design

SMALL = Path(__file__).with_name("small.hwh").read_text(encoding="utf-8")

VIEWS = ("ip_dict", "mem_dict", "hierarchy_dict", "interrupt_pins", "interrupt_controllers", "gpio_dict", "clock_dict")
FACTS = ("hierarchies", "host", "address_map", "address_maps", "interrupts", "controllers", "gpio", "clocks", "memories", "connections")
DETAILS = ("parameters", "ports", "buses", "blocks")


@pytest.fixture(scope="session")
def small_text() -> str:
    """The handoff of a small design, as text."""
    return SMALL


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Design]:
    """``small((old, new), ...)`` reads the small design with these places changed; each must be there."""

    def read(*changes: tuple[str, str]) -> Design:
        text = SMALL
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "small.hwh"
        path.write_text(text, encoding="utf-8-sig")
        return read_design(path)

    return read


@pytest.fixture(scope="session")
def line_of() -> Callable[..., int]:
    """The number of the first line of the small design that holds a text."""

    def find(text: str) -> int:
        return next(number for number, line in enumerate(SMALL.splitlines(), 1) if text in line)

    return find


@pytest.fixture(scope="session")
def touch_everything() -> Callable[[Design], None]:
    """Asks a design for everything that it knows."""

    def touch(design: Design) -> None:
        for name in (*FACTS, "name", "part", "family", "board", "tool_version", "bitstream", "ports", "buses", *VIEWS):
            getattr(design, name)
        assert repr(design)
        for module in design.modules.values():
            for name in DETAILS:
                getattr(module, name)
            assert repr(module)
            for block in module.blocks:
                for register in block.registers:
                    assert register.size <= 1 << 40
        for net in design.nets.values():
            _use(net.driver, net.sinks)
        for ranges in design.address_maps.values():
            for span in ranges:
                assert 0 <= span.base <= span.high < 1 << 64

    return touch


def _use(*things: Any) -> None:
    assert len(things) == 2
