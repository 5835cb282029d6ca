"""The bar: after a second, where somebody sees it, and never elsewhere."""

import io
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pynq_drivers.transfers import progress
from pynq_widgets.device.clock import VirtualClock

MIB = 1 << 20


class FakeTransfer:
    title, nbytes, state, error, transferred = "dma.recvchannel", 64 * MIB, "under way", None, 0

    def __init__(self, done: int | None = 16 * MIB) -> None:
        self.bytes_done = done

    @property
    def over(self) -> bool:
        return self.state == "done"

    def position(self) -> int | None:
        return self.bytes_done


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    stream = Terminal()
    # Not sys itself: pytest exchanges its stderr between the setup and the test.
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream, modules={}))
    yield stream
    progress.show(True)


def test_a_terminal_sees_a_line_that_is_written_over(clock: VirtualClock, terminal: Terminal) -> None:
    transfer: Any = FakeTransfer()
    bar = progress.Progress(transfer, clock)
    assert bar.update() == progress.SHOW_AFTER
    assert terminal.getvalue() == ""
    clock.advance(2)
    assert bar.update() == progress.EVERY
    assert terminal.getvalue() == "\rdma.recvchannel: |#######                       | 16.0 MiB of 64.0 MiB, 2.0 s, 8.0 MiB/s"
    transfer.state, transfer.transferred = "done", 64 * MIB
    clock.advance(2)
    bar.close()
    assert terminal.getvalue().rsplit("\r", 1)[1].rstrip() == "dma.recvchannel: 64.0 MiB of 64.0 MiB, 4.0 s, 16.0 MiB/s, done"
    assert terminal.getvalue().endswith("\n")


def test_what_is_not_known_is_not_shown_as_a_bar(clock: VirtualClock, terminal: Terminal) -> None:
    transfer: Any = FakeTransfer(None)
    bar = progress.Progress(transfer, clock)
    clock.advance(1.5)
    bar.update()
    assert terminal.getvalue() == "\rdma.recvchannel: 64.0 MiB, 1.5 s"


def test_short_waits_show_nothing(clock: VirtualClock, terminal: Terminal) -> None:
    transfer: Any = FakeTransfer()
    bar = progress.Progress(transfer, clock)
    clock.advance(0.9)
    bar.update()
    bar.close()
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("way", ["argument", "switch", "no terminal"])
def test_it_can_be_turned_off(clock: VirtualClock, terminal: Terminal, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    transfer: Any = FakeTransfer()
    if way == "switch":
        progress.show(False)
    if way == "no terminal":
        monkeypatch.setattr(terminal, "isatty", lambda: False)
    bar = progress.Progress(transfer, clock, False if way == "argument" else None)
    clock.advance(5)
    assert bar.update() > 1000
    bar.close()
    assert terminal.getvalue() == ""


def test_a_notebook_sees_one_bar_brought_up_to_date(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, dict[str, str]]] = []
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(("update", bundle)))

    def display(bundle: dict[str, str], raw: bool, display_id: bool) -> Any:
        shown.append(("display", bundle))
        return handle

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    transfer: Any = FakeTransfer()
    bar = progress.Progress(transfer, clock)
    clock.advance(1)
    bar.update()
    clock.advance(1)
    bar.update()
    transfer.state, transfer.error = "failed", RuntimeError()
    bar.close()
    assert [kind for kind, _ in shown] == ["display", "update", "update"]
    page = shown[0][1]["text/html"]
    assert '<progress max="67108864" value="16777216" aria-label="dma.recvchannel" style="' in page
    assert "<span>dma.recvchannel: 16.0 MiB of 64.0 MiB, 1.0 s, 16.0 MiB/s</span>" in page
    end = shown[-1][1]["text/html"]
    assert "<progress" not in end
    assert "✗" in end
    assert shown[-1][1]["text/plain"].endswith(", failed")


@pytest.mark.parametrize(("nbytes", "words"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")])
def test_sizes_in_words(nbytes: int, words: str) -> None:
    assert progress.size_in_words(nbytes) == words
