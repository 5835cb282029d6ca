"""Small designs made by hand, of the records that the design room makes of real files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pynq_widgets.design import AddressBlock, AddressRange, BusConnection, Field, Net, Pin, Port, Register
from pynq_widgets.device import SimulatedDevice, VirtualClock
from pynq_widgets.device.simulated import registry


def field(name: str, offset: int, width: int, access: str = "read-write", read: str | None = None, write: str | None = None) -> Field:
    return Field(name, offset, width, access, "", read, write)  # type: ignore[arg-type]


def register(
    name: str, offset: int, access: str = "read-write", reset: int | None = 0, width: int = 32, fields: Any = (), **more: Any
) -> Register:
    return Register(name, offset, width, access, reset, "", tuple(fields), False, **more)  # type: ignore[arg-type]


class Builder:
    """Puts a design together: modules, their ranges, wires and streams."""

    def __init__(self) -> None:
        self.modules: dict[str, Any] = {}
        self.ranges: list[AddressRange] = []
        self.master_ranges: dict[str, list[AddressRange]] = {}
        self.connections: list[BusConnection] = []
        self.interrupts: list[Any] = []
        self.controllers: list[Any] = []
        self.nets: dict[str, Net] = {}
        self.gpio: list[Any] = []
        self.ports: dict[str, Port] = {}
        self.buses: dict[str, Any] = {}
        self.host = self.module("ps", "xilinx.com:ip:processing_system7:5.5")

    field = staticmethod(field)
    register = staticmethod(register)

    def module(self, path: str, vlnv: str | None, registers: Any = (), interface: str = "S_AXI", **parameters: str) -> Any:
        blocks = (AddressBlock("Reg", interface, 0x10000, "register", "read-write", tuple(registers)),) if registers else ()
        made = SimpleNamespace(path=path, vlnv=vlnv, name=path, parameters=parameters, ports={}, buses={}, blocks=blocks)
        made.block = lambda interface, name=None: next((b for b in blocks if b.interface.lower() == interface.lower()), None)
        self.modules[path] = made
        return made

    def range(
        self, path: str, base: int, size: int = 0x10000, kind: str = "register", interface: str = "S_AXI", master: str = "ps"
    ) -> None:
        made = AddressRange(master, "M_AXI", path, self.modules.get(path), interface, "Reg", base, size, kind)  # type: ignore[arg-type]
        (self.ranges if master == "ps" else self.master_ranges.setdefault(master, [])).append(made)

    def stream(self, master: str, slave: str, out: str = "M_AXIS", into: str = "S_AXIS") -> None:
        self.connections.append(BusConnection("axis", master, out, slave, into))

    def wire(self, name: str, *pins: tuple[str | None, str, str, int]) -> None:
        """A net of (module, pin, direction, width)."""
        self.nets[name] = Net(name, tuple(Pin(*pin, "data") for pin in pins))
        for path, pin, direction, width in pins:
            port = Port(pin, direction, width, "data", name, None, None, None)
            (self.ports if path is None else self.modules[path].ports)[pin] = port

    def design(self) -> Any:
        return SimpleNamespace(
            name="made",
            path=Path("made.hwh"),
            modules=self.modules,
            host=self.host,
            address_map=tuple(self.ranges),
            address_maps={"ps": tuple(self.ranges), **{k: tuple(v) for k, v in self.master_ranges.items()}},
            connections=tuple(self.connections),
            interrupts=tuple(self.interrupts),
            controllers=tuple(self.controllers),
            nets=self.nets,
            gpio=tuple(self.gpio),
            ports=self.ports,
            buses=self.buses,
        )

    def device(self, **options: Any) -> SimulatedDevice:
        options.setdefault("clock", VirtualClock())
        device = SimulatedDevice("test", **options)
        device.prepare(self.design())
        return device


@pytest.fixture
def build() -> Builder:
    return Builder()


@pytest.fixture(autouse=True)
def _own_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Definitions of one test are not there in the next, and installed packages' models are out of it."""
    monkeypatch.setattr(registry, "_defined", {})
    monkeypatch.setattr(registry, "_points", {})
    monkeypatch.setattr(registry, "_from_packages", {})


@pytest.fixture
def repository() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def threads_end() -> Callable[[], None]:
    import threading

    before = set(threading.enumerate())

    def check() -> None:
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
            assert not thread.is_alive()

    return check
