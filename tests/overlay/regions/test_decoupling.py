"""A region is apart while its logic is exchanged, and coupled again whatever happened: by a register, a GPIO, a shutdown manager."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pynq_widgets.device import BusError, IPModel, model
from pynq_widgets.device.simulated.registry import unregister
from pynq_widgets.overlay.decoupling import guards_of


@pytest.fixture(autouse=True)
def no_packages() -> None:
    """Here the installed drivers are what is tested."""


@pytest.fixture
def apart(dfx: Any, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the decoupler was decoupled at each download."""
    seen: list[bool] = []
    download = type(dfx.device).download

    def looks(self: Any, bitstream: Any = None, parser: Any = None) -> None:
        if getattr(bitstream, "partial", False):
            seen.append(self.model_of("dec").decoupled)
        download(self, bitstream, parser)

    monkeypatch.setattr(type(dfx.device), "download", looks)
    return seen


@pytest.mark.parametrize("control", ["gpio", "register"])
def test_the_region_is_decoupled_while_it_is_exchanged(dfx: Any, apart: list[bool], control: str) -> None:
    ol = dfx.load(control=control)
    ol.gpio.channel1.write(1)  # the other wire of the GPIO stays as it is
    ol.pr_download("hier/rp", "invert")
    assert apart == [True]
    assert not dfx.device.model_of("dec").decoupled
    assert dfx.device.probe("gpio/gpio_io_o") == 1


def test_a_register_is_written_twice_and_a_gpio_twice(dfx: Any) -> None:
    log: list[tuple[str, int, tuple[int, ...]]] = []
    ol = dfx.load(control="register")
    dfx.device.bus.listen(lambda did: log.append((did.operation, did.address, did.words)))
    ol.pr_download("hier/rp", "invert")
    assert log == [("read", 0x43D0_0000, (0,)), ("write", 0x43D0_0000, (1,)), ("write", 0x43D0_0000, (0,))]


def test_it_is_coupled_when_the_download_fails(dfx: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ol = dfx.load()
    seen = []

    def fails(self: Any, bitstream: Any, parser: Any = None) -> None:
        seen.append(self.model_of("dec").decoupled)
        raise OSError("no")

    monkeypatch.setattr(type(dfx.device), "download", fails)
    with pytest.raises(OSError, match=r"^no$"):
        ol.pr_download("hier/rp", "invert")
    assert (seen, dfx.device.model_of("dec").decoupled) == ([True], False)


def test_what_was_decoupled_before_stays_so(dfx: Any, apart: list[bool]) -> None:
    ol = dfx.load()
    ol.dec.decouple()
    ol.pr_download("hier/rp", "invert")
    assert (apart, ol.dec.decoupled, dfx.device.model_of("dec").decoupled) == ([True], True, True)
    ol.dec.couple()
    assert not dfx.device.model_of("dec").decoupled


def test_what_cannot_be_decoupled_is_not_exchanged(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    core = ol.hier.rp.core
    with dfx.device.faults.slave_error(0x4120_0000, 4), pytest.raises(BusError):
        ol.pr_download("hier/rp", "invert")
    assert ol.hier.rp.core is core
    assert core.read(0) == 0
    assert ol.design.regions["hier/rp"].name == "add"


def test_no_stream_passes_a_decoupled_region(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "invert")
    core = dfx.device.model_of("core")
    ol.dec.decouple()
    with core.context.from_outside():
        core.out.send(b"\x01")
    assert core.got == []
    assert dfx.device.stream("core", "m").standing == "1 complete packet, 1 bytes, for dec/s_in: dec is decoupled"
    ol.dec.couple()
    assert core.got == [b"\xfe"]


@pytest.fixture
def manager() -> Iterator[None]:
    """A shutdown manager that is done when it has been asked twice, or never."""

    class Manager(IPModel):
        never = False

        def reset(self) -> None:
            self.asked = 0

        def read(self, interface: str, offset: int) -> int:
            self.asked += 1
            return 0x0F if self.wanted and self.asked > 2 and not self.never else self.wanted

        wanted = 0

        def write(self, interface: str, offset: int, value: int) -> None:
            self.wanted, self.asked = value & 1, 0

    model("xilinx.com:ip:dfx_axi_shutdown_manager")(Manager)
    yield
    unregister("xilinx.com:ip:dfx_axi_shutdown_manager")


def test_a_shutdown_manager_ends_the_traffic_first(dfx: Any, manager: None) -> None:
    ol = dfx.load(shutdown=True)
    assert guards_of(ol.design, "hier/rp") == {"dec": "dfx_decoupler", "manager": "dfx_axi_shutdown_manager"}
    log: list[tuple[str, tuple[int, ...]]] = []
    dfx.device.bus.listen(lambda did: log.append((did.operation, did.words)) if did.address == 0x43E0_0000 else None)
    ol.pr_download("hier/rp", "invert")
    assert log == [("read", (0,)), ("write", (1,)), ("read", (1,)), ("read", (1,)), ("read", (15,)), ("write", (0,))]


def test_traffic_that_does_not_end_leaves_the_region_alone(dfx: Any, manager: None) -> None:
    ol = dfx.load(shutdown=True)
    dfx.device.model_of("manager").never = True
    with pytest.raises(TimeoutError, match=r"^manager: no shutdown within 1 s, so the region behind it stays as it is: something there"):
        ol.pr_download("hier/rp", "invert")
    assert (ol.design.regions, dfx.device.model_of("manager").wanted, dfx.device.model_of("dec").decoupled) == ({}, 0, False)
