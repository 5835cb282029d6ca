"""What all tests share: where the designs are, and devices that write down each transaction.

The spies are fixtures, since test modules do not import one another (``--import-mode=importlib``).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_widgets.device import Device

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def hwh_folder() -> Path:
    """The folder of real designs beside the checkout; without it the test is skipped."""
    folder = ROOT.parent / "shared" / "hwh"
    if not folder.is_dir():
        pytest.skip("the real designs are not there (../shared/hwh)")
    return folder


@pytest.fixture(scope="session")
def demo_design() -> Path:
    """The handoff of the project's own demonstration design."""
    return ROOT / "notebooks" / "designs" / "demo.hwh"


@pytest.fixture
def said() -> Callable[[BaseException], str]:
    """``said(error)``: its text, with its notes on lines of their own."""
    return lambda error: "\n".join([str(error), *getattr(error, "__notes__", ())])


@pytest.fixture
def as_said() -> Callable[[str], str]:
    """``as_said(text)``: what of a text and its notes this Python shows; Python 3.10 has no notes."""
    return lambda text: text if sys.version_info >= (3, 11) else text.partition("\n")[0]


@pytest.fixture(autouse=True)
def no_alias_is_left() -> Iterator[None]:
    """Importing anything of ``pynq_widgets.as_pynq`` lets ``import pynq`` mean this project: a test that does so takes it back."""
    yield
    module = sys.modules.get("pynq_widgets.as_pynq")
    if module is not None and module.installed():
        module.uninstall()
        pytest.fail("the test has left the alias installed: take the fixture 'alias'")


@pytest.fixture
def alias() -> Iterator[None]:
    """``import pynq`` means this project while the test runs."""
    from pynq_widgets import as_pynq

    as_pynq.install()
    yield
    as_pynq.uninstall()


@pytest.fixture
def pynq(alias: None) -> Any:
    """What ``import pynq`` gives."""
    return importlib.import_module("pynq")


class BusSpy(Device):
    """A device with ``read_registers``/``write_registers`` only, as PYNQ's have them, over plain memory.

    `log` holds each transaction: ``('read', address, nbytes)`` or ``('write', address, data)``. A transaction that touches an address
    in `failing` raises ``OSError`` after it was logged.
    """

    capabilities = {"REGISTER_RW": True}

    def __init__(self, tag: str = "bus spy", base: int = 0x4000_0000, size: int = 0x1_0000) -> None:
        super().__init__(tag)
        self.base = base
        self.memory = bytearray(size)
        self.log: list[tuple[Any, ...]] = []
        self.failing: set[int] = set()
        self.on_read: Callable[[int], object] | None = None

    def read_registers(self, address: int, length: int) -> bytes:
        self.log.append(("read", address, length))
        self._fail(address, length)
        if self.on_read is not None:
            self.on_read(address)
        return bytes(self.memory[address - self.base : address - self.base + length])

    def write_registers(self, address: int, data: bytes) -> None:
        self.log.append(("write", address, bytes(data)))
        self._fail(address, len(data))
        self.memory[address - self.base : address - self.base + len(data)] = data

    def _fail(self, address: int, length: int) -> None:
        bad = [word for word in range(address, address + length, 4) if word in self.failing]
        if bad:
            raise OSError(f"bus error at {bad[0]:#010x}")

    def word(self, offset: int) -> int:
        """The word at `offset` of the memory, without a transaction."""
        return int.from_bytes(self.memory[offset : offset + 4], "little")

    def put(self, offset: int, value: int) -> None:
        """Set the word at `offset` of the memory, without a transaction."""
        self.memory[offset : offset + 4] = value.to_bytes(4, "little")

    def taken(self) -> list[tuple[Any, ...]]:
        """The log, with writes of one word as integers; the log is empty then."""
        log = [
            (kind, address - self.base, int.from_bytes(what, "little") if kind == "write" and len(what) == 4 else what)
            for kind, address, what in self.log
        ]
        self.log.clear()
        return log


class MappedSpy(Device):
    """A device whose memory is mapped, as a board's is; `maps` holds each ``(address, length)`` that was asked for."""

    capabilities = {"MEMORY_MAPPED": True}

    def __init__(self, tag: str = "mapped spy", base: int = 0x4000_0000, size: int = 0x1_0000) -> None:
        super().__init__(tag)
        self.base = base
        self.memory = np.zeros(size // 4, "u4")
        self.maps: list[tuple[int, int]] = []

    def mmap(self, base_addr: int, length: int) -> Any:
        self.maps.append((base_addr, length))
        first = (base_addr - self.base) // 4
        return self.memory[first : first + -(-length // 4)]

    def word(self, offset: int) -> int:
        """The word at `offset` of the memory."""
        return int(self.memory[offset // 4])

    def put(self, offset: int, value: int) -> None:
        """Set the word at `offset` of the memory."""
        self.memory[offset // 4] = value


class WordLog:
    """Stands before the words of a port and writes down each access by byte offset: ``('read', offset)``, ``('write', offset, value)``."""

    def __init__(self, words: Any) -> None:
        self.words = words
        self.log: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: int) -> int:
        self.log.append(("read", 4 * index))
        return int(self.words[index])

    def __setitem__(self, index: int, value: int) -> None:
        self.words[index] = value  # first: what is refused is no access
        self.log.append(("write", 4 * index, value))


@pytest.fixture
def bus_spy() -> BusSpy:
    """A fresh :class:`BusSpy`: 64 KiB at 0x40000000."""
    return BusSpy()


@pytest.fixture
def mapped_spy() -> MappedSpy:
    """A fresh :class:`MappedSpy`: 64 KiB at 0x40000000."""
    return MappedSpy()


@pytest.fixture(params=[BusSpy, MappedSpy], ids=["bus", "mapped"])
def any_spy(request: pytest.FixtureRequest) -> Any:
    """A fresh spy of each kind: what must be so on both."""
    return request.param()


@pytest.fixture
def make_spy() -> Callable[..., BusSpy]:
    """Makes further bus spies: ``make_spy(tag, base, size)``."""
    return BusSpy


@pytest.fixture
def watch_words() -> Callable[[Any], list[tuple[Any, ...]]]:
    """``log = watch_words(mmio)`` writes down each word access through `mmio` and what is made of it from then on."""

    def watch(mmio: Any) -> list[tuple[Any, ...]]:
        mmio._port.words = WordLog(mmio._port.words)
        log: list[tuple[Any, ...]] = mmio._port.words.log
        return log

    return watch


@pytest.fixture
def active_device() -> Iterator[Callable[[Any], Any]]:
    """``active_device(device)`` makes it the active one for this test."""

    def activate(device: Any) -> Any:
        Device.active_device = device
        return device

    yield activate
    Device.active_device = None
