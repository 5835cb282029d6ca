"""What the tests of the register table share: a table on a plain page, the spy device behind it, and hands for both."""

from __future__ import annotations

from typing import Any

from pynq_widgets.access import Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.access.mmio import MMIO
from pynq_widgets.widgets import RegisterTable

BASE = 0x4000_0000
REGISTERS = (
    RegisterInfo(
        "CTRL", 0, 32, "read-write", (FieldInfo("EN", 0, 1), FieldInfo("MODE", 4, 3), FieldInfo("IRQ", 8, 1, write_action="oneToClear"))
    ),
    RegisterInfo("STATUS", 4, 32, "read-only", (), 0x10, "What the core does now."),
    RegisterInfo("FIFO", 8, 32, "read-only", (FieldInfo("DATA", 0, 32, "read-only", read_action="modify"),)),
    RegisterInfo("KEY", 12, 32, "write-only"),
    RegisterInfo("WIDE", 16, 64, "read-write"),
    RegisterInfo("<img src=x onerror=alert(1)>", 24, 32, "read-write"),
)


class HandSampler:
    """Polls when `turn` is called."""

    def __init__(self) -> None:
        self.polls: list[Any] = []

    def subscribe(self, poll: Any, rate: float) -> Any:
        self.polls.append(poll)
        sampler = self

        class Subscription:
            def close(self) -> None:
                sampler.polls.remove(poll)

        subscription = Subscription()
        subscription.rate = rate  # type: ignore[attr-defined]
        return subscription

    def turn(self) -> None:
        for poll in list(self.polls):
            poll()


class Ip:
    """An IP with notes, as far as a table looks."""

    def __init__(self, mirror: Mirror, notes: Any) -> None:
        self.registers, self.description = mirror, {"fullpath": "hier/core"}
        self.register_notes = lambda: notes


class HandClock:
    """Seconds that pass with each turn of the sampler."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


class Bench:
    """One table on a plain page, and the words behind it."""

    def __init__(self, page: Any, spy: Any, registers: Any = REGISTERS, notes: Any = None, width: str = "100%", **options: Any) -> None:
        self.page, self.spy = page, spy
        self.sampler, self.clock = HandSampler(), HandClock()
        self.mirror = mirror(spy, registers, self.clock)
        source = self.mirror if notes is None else Ip(self.mirror, notes)
        self.table = RegisterTable(source, title="demo", sampler=self.sampler, **options)
        self.view = page.show(self.table, width)
        page.page.wait_for_selector(".pw-reg-body .pw-reg-row")
        page.page.wait_for_function("() => document.querySelector('.pw-reg-live').dataset.kind === 'live'")
        self.turn()

    def turn(self) -> None:
        self.clock.seconds += 1
        self.sampler.turn()

    def row(self, register: str, field: str | None = None) -> Any:
        chosen = f"[data-row='{register}']" + (f"[data-field='{field}']" if field else ":not([data-field])")
        return self.page.page.locator(f".pw-reg-row{chosen}:visible")

    def value(self, register: str, field: str | None = None) -> Any:
        return self.row(register, field).locator(".pw-reg-text")

    def fresh(self, register: str, word: str) -> None:
        from playwright.sync_api import expect

        expect(self.row(register).locator(".pw-reg-word")).to_have_text(word, timeout=5000)

    def choose(self, button: str, *items: str) -> None:
        """Open a menu of the bar and press some of its entries."""
        page = self.page.page
        page.locator(".pw-bar").get_by_role("button", name=button, exact=True).click()
        for item in items:
            page.get_by_role("menu").get_by_text(item, exact=True).click()
        page.keyboard.press("Escape")

    def says(self, register: str, text: str, field: str | None = None) -> None:
        from playwright.sync_api import expect

        expect(self.value(register, field)).to_have_text(text, timeout=5000)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.page.keyboard.press(key)

    def focus(self) -> None:
        self.page.page.locator(".pw-reg-grid").focus()

    def error(self) -> Any:
        return self.page.page.locator(".pw-reg-error:visible")

    def until(self, what: str, expected: Any, read: Any) -> None:
        """Let the page run until `read()` is `expected`."""
        for _ in range(500):
            if read() == expected:
                return
            self.page.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert read() == expected, what

    def writes(self) -> list[tuple[Any, ...]]:
        """The words written, without emptying the log."""
        return [("write", address - BASE, int.from_bytes(data, "little")) for kind, address, data in self.spy.log if kind == "write"]


def mirror(spy: Any, registers: Any = REGISTERS, clock: Any = None) -> Mirror:
    """A mirror of `registers` over all of the spy's memory."""
    return Mirror(MMIO(BASE, len(spy.memory), device=spy), registers, clock=clock)
