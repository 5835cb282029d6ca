"""Where PYNQ's own driver classes run: the alias, their files in the package ``theirs``, and small designs on a simulated device.

The tests here are not of pytest's own run: ``test_pynq_drivers.py`` fetches PYNQ's files and runs these in a Python of their own.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock
from pynq_widgets.device.contract import Device

TESTS = Path(__file__).resolve().parent.parent.parent


def _fixtures_of(folder: str) -> ModuleType:
    """The ``conftest.py`` of a folder of the drivers' tests."""
    spec = importlib.util.spec_from_file_location(f"small_designs_{folder}", TESTS / "drivers" / folder / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the types of their fields
    spec.loader.exec_module(module)
    return module


small_designs = _fixtures_of("")
block, gpio_block, dma_block = small_designs.block, small_designs.gpio_block, small_designs.dma_block
_vdma_block = _fixtures_of("axi_vdma").vdma_block


@pytest.fixture
def vdma_block(block: Any) -> Callable[..., Any]:
    """``vdma_block(name, **parameters)``: an AXI VDMA whose parameters are written as Vivado writes them, which PYNQ's driver needs."""
    plain = _vdma_block.__wrapped__(block)

    def make(name: str = "vdma", **parameters: Any) -> Any:
        made = plain(name, c_m_axi_s2mm_addr_width=32, c_m_axi_mm2s_addr_width=32, **parameters)
        made.parameters = {key.upper(): value for key, value in made.parameters.items()}
        return made

    return make


@pytest.fixture(scope="session")
def hwh_folder() -> Path:
    """The folder of real designs beside the checkout; without it the test is skipped."""
    folder = TESTS.parent.parent / "shared" / "hwh"
    if not folder.is_dir():
        pytest.skip("the real designs are not there (../shared/hwh)")
    return folder


class Paced(SimulatedDevice):
    """Each access to a register takes a microsecond, in which the hardware goes on: PYNQ's drivers read one again and again to wait."""

    def go_on(self) -> None:
        """Let a microsecond pass, but for who is called by the hardware."""
        if self.clock._running_at is None:
            self.clock.advance(1e-6)

    def read_word(self, address: int) -> int:
        self.go_on()
        return super().read_word(address)

    def write_word(self, address: int, value: int) -> None:
        self.go_on()
        super().write_word(address, value)


@pytest.fixture
def device() -> Iterator[Paced]:
    """The active device, simulated."""
    made = Paced("theirs", clock=VirtualClock(autojump=True))
    Device.active_device = made
    yield made
    Device.active_device = None


@pytest.fixture
def load(device: Paced, tmp_path: Path) -> Callable[..., Any]:
    """``load(block, ..., streams=, wires=)``: the overlay of a small design; ``load('name.hwh')`` that of a file."""

    def make(
        *blocks: Any, streams: list[tuple[str, str, str, str]] | None = None, wires: list[tuple[str, str, str, str]] | None = None
    ) -> Any:
        if blocks and isinstance(blocks[0], Path):
            return Overlay(blocks[0])
        path = tmp_path / "small.hwh"
        path.write_text(small_designs.handoff(list(blocks), streams or [], wires or [], {}), encoding="utf-8")
        return Overlay(path)

    return make


@pytest.fixture
def loop(device: Paced) -> Iterator[asyncio.AbstractEventLoop]:
    """The event loop of a script, which PYNQ's drivers ask for where they wait; while it runs, the hardware goes on."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)

    def go_on() -> None:
        device.go_on()
        made.call_soon(go_on)

    made.call_soon(go_on)
    yield made
    asyncio.set_event_loop(None)
    made.close()


@pytest.fixture(scope="session")
def theirs() -> Callable[[str], Any]:
    """``theirs('lib.dma')``: PYNQ's module of that name, whose drivers are bound from then on."""

    def get(name: str) -> Any:
        module = importlib.import_module(f"theirs.{name}")
        assert "theirs" in Path(str(module.__file__)).parts
        return module

    return get
