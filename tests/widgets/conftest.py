"""A device that answers every address, and a sampler that is turned by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pynq_widgets as pw
from pynq_widgets.device import Device
from pynq_widgets.widgets import outbox, reuse


class SparseDevice(Device):
    """Words by address, 0 where none was written; `log` holds each transaction as ('read', address, words) or ('write', address, value)."""

    kind = "simulated"
    capabilities = {"REGISTER_RW": True}

    def __init__(self, tag: str = "simulated") -> None:
        super().__init__(tag)
        self.words: dict[int, int] = {}
        self.log: list[tuple[str, int, int]] = []
        self.failure: Exception | None = None

    def read_registers(self, address: int, length: int) -> bytes:
        self.log.append(("read", address, length // 4))
        if self.failure is not None:
            raise self.failure
        return b"".join(self.words.get(address + at, 0).to_bytes(4, "little") for at in range(0, length, 4))

    def write_registers(self, address: int, data: bytes) -> None:
        if self.failure is not None:
            raise self.failure
        for at in range(0, len(data), 4):
            value = int.from_bytes(data[at : at + 4], "little")
            self.log.append(("write", address + at, value))
            self.words[address + at] = value

    def download(self, bitstream: Any, parser: Any = None) -> None:
        pass


class HandSampler:
    """Polls when `turn` is called."""

    def __init__(self) -> None:
        self.polls: list[Callable[[], object]] = []

    def subscribe(self, poll: Callable[[], object], rate: float) -> Any:
        sampler = self

        class Subscription:
            def __init__(self) -> None:
                self.rate = rate
                self._poll = poll

            def close(self) -> None:
                if self._poll in sampler.polls:
                    sampler.polls.remove(self._poll)

        self.polls.append(poll)
        return Subscription()

    def turn(self) -> None:
        for poll in list(self.polls):
            poll()


class HandTime:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def device() -> SparseDevice:
    return SparseDevice()


@pytest.fixture
def overlay(device: SparseDevice, demo_design: Path) -> Any:
    """The project's demonstration design on `device`."""
    return pw.Overlay(demo_design, device=device)


@pytest.fixture
def make_overlay(demo_design: Path) -> Callable[..., Any]:
    """``make_overlay(device, path)``: `path` defaults to the demonstration design."""
    return lambda device, path=None: pw.Overlay(path or demo_design, device=device)


@pytest.fixture
def sampler() -> HandSampler:
    return HandSampler()


@pytest.fixture
def now() -> HandTime:
    return HandTime()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """What was shown is closed after each test."""
    yield
    with reuse._lock:
        for _, widget, _ in reuse._shown.values():
            widget.close()
        reuse._shown.clear()


@pytest.fixture(autouse=True)
def _sent_at_once() -> Iterator[None]:
    """What a view sends has been sent when the call returns."""
    # By hand: monkeypatch, asked for this early, would undo a test's own patches only after its views were closed.
    before, outbox._default = outbox._default, outbox.Outbox(threaded=False)
    yield
    used, outbox._default = outbox._default, before
    assert used is None or used.statistics().errors == 0, "what was to be sent raised: see the log"
