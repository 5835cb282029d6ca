"""Working in a register table: what a write will do, bits, marks, ways to show, the line of Python, keys, a table that only shows."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from pynq_widgets.access.describe import FieldInfo, RegisterInfo


def tip(bench: Any) -> Any:
    return bench.page.page.locator(".pw-reg-preview:visible")


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect

    return expect(locator)


# What a write will do, before it does it.


def test_an_edit_shows_first_what_will_go_on_the_bus(bench: Any) -> None:
    bench.spy.put(0, 0x101)
    bench.turn()
    bench.focus()
    bench.press("ArrowRight", "ArrowDown", "ArrowDown", "Enter")
    bench.spy.taken()
    bench.page.page.keyboard.type("5")
    expect(tip(bench).locator(".pw-reg-steps")).to_have_text("read 0x00, write 0x00 ← 0x0000_0051")
    expect(tip(bench).locator(".pw-reg-python")).to_have_text("registers.CTRL.write_field('MODE', 5)")
    assert bench.spy.taken() == [], "nothing is done before Enter"
    bench.press("Enter")
    bench.says("CTRL", "0x5", "MODE")
    assert bench.writes() == [("write", 0, 0x51)]
    expect(tip(bench)).to_have_count(0)
    assert bench.page.page.locator(".pw-reg-last .pw-reg-python").inner_text() == "registers.CTRL.write_field('MODE', 5)"


def test_what_is_typed_wrongly_is_told_while_it_is_typed(bench: Any) -> None:
    bench.value("CTRL").click()
    bench.page.page.keyboard.type("0x1FFFFFFFF")
    expect(tip(bench)).to_contain_text("CTRL expected 0 to 0xffffffff (32 bits)")
    bench.press("Escape")
    assert bench.spy.taken() == [] or not bench.writes()


def test_a_verified_write_that_did_not_take_differs(bench: Any) -> None:
    bench.choose("Rows", "Read back after a write")
    bench.until("verify is on", True, lambda: bench.table.verify)
    bench.spy.on_read = lambda address: bench.spy.put(0, 0)
    bench.value("CTRL").click()
    bench.page.page.keyboard.type("9")
    expect(tip(bench).locator(".pw-reg-steps")).to_have_text("write 0x00 ← 0x0000_0009, read 0x00")
    bench.press("Enter")
    bench.error().wait_for()
    assert "CTRL holds 0x0 after 0x9 was written" in bench.error().inner_text()
    bench.fresh("CTRL", "differs")


# Bits.


def test_a_bit_is_toggled_in_the_ruler_and_its_field_is_told(bench: Any) -> None:
    page = bench.page.page
    bench.row("CTRL").locator(".pw-reg-label").click()
    assert page.locator(".pw-ruler-bit").count() == 32
    page.locator("[data-bit='4']").hover()
    expect(page.locator(".pw-ruler-tip")).to_contain_text("MODE [6:4] = 0x0 · RW")
    expect(page.locator(".pw-ruler-tip")).to_contain_text("A click would read 0x00, write 0x00 ← 0x0000_0010")
    bench.spy.taken()
    page.locator("[data-bit='4']").click()
    bench.says("CTRL", "0x00000010")
    assert bench.spy.taken() == [("read", 0, 4), ("write", 0, 0x10)]
    expect(page.locator("[data-bit='4']")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-bit='30']").click(force=True)
    expect(bench.error()).to_have_text("Bit 30 belongs to no field.")
    assert bench.spy.taken() == []


def test_bits_by_keyboard(bench: Any) -> None:
    bench.focus()
    bench.press("b")
    page = bench.page.page
    assert page.evaluate("document.activeElement.dataset.bit") == "8", "the highest bit that can be written"
    bench.press("End", "ArrowLeft", "ArrowRight")
    assert page.evaluate("document.activeElement.dataset.bit") == "0"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Bit 0, EN: 0"
    bench.press(" ")
    bench.says("CTRL", "0x00000001")
    expect(page.locator("[data-bit='0']")).to_have_attribute("aria-label", "Bit 0, EN: 1")
    bench.press("Escape")
    assert page.evaluate("document.activeElement.classList.contains('pw-reg-grid')")


def test_64_bits_stand_in_two_lines(bench: Any) -> None:
    bench.spy.put(20, 0x8000_0000)
    bench.turn()
    bench.row("WIDE").locator(".pw-reg-label").click()
    assert bench.page.page.locator(".pw-ruler-strip").count() == 2
    expect(bench.page.page.locator("[data-bit='63']")).to_have_text("1")
    bench.page.page.locator("[data-bit='32']").click()
    bench.says("WIDE", "0x8000000100000000")


# Ways to show.


NOTES = {
    "CTRL": {"MODE": SimpleNamespace(unit="", scale=None, format="enum", labels={0: "off", 5: "fast"})},
    "STATUS": {"": SimpleNamespace(unit="°C", scale=0.5, format="signed", labels={})},
}


def test_each_row_is_shown_in_its_own_way(tables: Any, page: Any, bus_spy: Any) -> None:
    bus_spy.put(4, 0xFFFF_FFFC)
    bus_spy.put(24, 0x3FC0_0000)
    bench = tables.Bench(page, bus_spy, notes=NOTES)
    bench.says("STATUS", "-4")
    bench.table.radices = {"<img src=x onerror=alert(1)>": "float"}
    bench.says("<img src=x onerror=alert(1)>", "1.5")
    bench.focus()
    bench.press("v")
    bench.says("CTRL", "0")
    assert bench.table.radices["CTRL"] == "dec"
    bench.press("ArrowRight", "ArrowDown", "ArrowDown")
    bench.says("CTRL", "off", "MODE")
    bench.press("Enter")
    page.page.keyboard.type("FAST")
    bench.press("Enter")
    bench.says("CTRL", "fast", "MODE")
    assert bus_spy.word(0) == 0x50
    bench.choose("Columns", "Unit")
    expect(bench.row("STATUS").locator(".pw-reg-unit")).to_have_text("-2 °C")
    bench.table.close()


def test_columns_are_chosen_and_python_knows(bench: Any) -> None:
    bench.choose("Columns", "Reset", "Side effects", "Address")
    bench.until("the trait", ["name", "value", "fields", "reset", "access", "effects", "state"], lambda: bench.table.columns)
    assert bench.page.page.locator(".pw-reg-head > .pw-reg-effects").count() == 1
    assert bench.row("FIFO").locator(".pw-reg-effects").inner_text() == "reading changes DATA; DATA: reading changes it"
    assert bench.row("CTRL").locator(".pw-reg-access").get_attribute("title").endswith("RW: EN, MODE\nRW1C: IRQ")
    bench.table.columns = ["name", "value"]
    expect(bench.page.page.locator(".pw-reg-head > span")).to_have_count(2)


def test_a_name_that_is_longer_than_its_bit_stands_upright(tables: Any, page: Any, bus_spy: Any) -> None:
    fields = (FieldInfo("INTERRUPT_PENDING", 3, 1), FieldInfo("WIDE", 8, 16))
    bench = tables.Bench(page, bus_spy, (RegisterInfo("R", 0, 32, "read-write", fields),), width="700px")
    bench.focus()
    segment = page.page.locator(".pw-ruler-field[data-field='INTERRUPT_PENDING'] > span").bounding_box()
    assert segment["height"] > segment["width"]
    assert page.page.locator(".pw-ruler-upright").count() == 1
    bench.table.close()


# What changed.


def test_what_changed_since_the_mark(bench: Any) -> None:
    page = bench.page.page
    page.get_by_role("button", name="Mark").click()
    bench.spy.put(24, 0x77)
    bench.turn()
    last = "<img src=x onerror=alert(1)>"
    bench.says(last, "0x00000077")
    assert "at the mark: 0x00000000" in bench.value(last).get_attribute("title")
    bench.choose("Rows", "Changed since mark")
    bench.until("one row", 1, lambda: page.locator(".pw-reg-body .pw-reg-row:visible").count())
    bench.until("all are read for it", True, lambda: bool(bench.table._surveyors))
    assert page.get_by_role("button", name="1 of 6").count() == 1
    bench.spy.put(0, 1)
    bench.table._surveyed = float("-inf")
    bench.turn()
    bench.says("CTRL", "0x00000001")


def test_what_is_not_at_its_reset_value(bench: Any) -> None:
    bench.spy.put(4, 0x10)
    bench.turn()
    bench.choose("Rows", "Changed from reset")
    bench.until("none", 0, lambda: bench.page.page.locator(".pw-reg-body .pw-reg-row:visible").count())
    assert "None of 6 registers is shown" in bench.page.page.locator(".pw-reg-about").inner_text()
    bench.spy.put(4, 0x11)
    bench.turn()
    bench.says("STATUS", "0x00000011")


def test_a_star_reads_on_out_of_sight_and_keeps_a_history(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy, tuple(RegisterInfo(f"R{i}", 4 * i) for i in range(300)))
    bench.focus()
    bench.press("s")
    bench.until("the trait", ["R0"], lambda: bench.table.starred)
    for value in (5, 9, 2):
        bus_spy.put(0, value)
        bench.turn()
        bench.says("R0", f"0x{value:08X}")
    drawn = """() => {
        const canvas = document.querySelector('.pw-reg-row[data-row=R0] canvas');
        return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(level => level > 0); }"""
    page.page.wait_for_function(drawn)
    bench.press("End")
    bench.until("still looked at", True, lambda: {0, 299} <= bench.table.viewers.rows)
    bench.choose("Rows", "Starred only")
    bench.until("one row", 1, lambda: page.page.locator(".pw-reg-body .pw-reg-row:visible").count())
    bench.table.close()


def test_age_is_in_sight(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy)
    page.page.clock.install()
    bench.table.mirror["KEY"].write(5)
    bench.row("KEY").locator(".pw-reg-word", has_text="written").wait_for()
    bench.row("FIFO").get_by_role("button", name="Read").click()
    bench.fresh("FIFO", "now")
    page.page.clock.run_for(12_500)
    expect(bench.row("FIFO").locator(".pw-reg-word")).to_have_text(re.compile("1[23] s ago"))
    assert "Written 1" in bench.row("KEY").locator(".pw-reg-state").get_attribute("title")
    bench.table.close()


# Finding.


def test_an_address_finds_the_register_that_holds_it(bench: Any) -> None:
    box = bench.page.page.get_by_label("Find registers")
    box.fill("0x40000016")
    assert bench.page.page.locator(".pw-reg-body .pw-reg-row:visible").count() == 1
    assert bench.row("WIDE").count() == 1


def test_a_long_description_is_found_and_read_whole(tables: Any, page: Any, bus_spy: Any) -> None:
    registers = tuple(
        RegisterInfo(f"R{i}", 4 * i, 32, "read-write", (), 0, f"Number {i}. " + "words " * 300 + f"needle{i}x") for i in range(60)
    )
    bench = tables.Bench(page, bus_spy, registers)
    assert "needle" not in bench.table.sheet
    page.page.get_by_label("Find registers").fill("needle37x")
    expect(page.page.locator(".pw-reg-body .pw-reg-row:visible")).to_have_count(1)
    bench.row("R37").locator(".pw-reg-label").click()
    expect(page.page.locator(".pw-reg-words")).to_contain_text("needle37x")
    bench.table.close()


def shown(bench: Any) -> list[str]:
    """The names of the lines in sight, from above."""
    lines = bench.page.page.locator(".pw-reg-body .pw-reg-row:visible")
    return [name for _, name in sorted((line.bounding_box()["y"], line.locator(".pw-reg-label").inner_text()) for line in lines.all())]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ctrl.mode", ["CTRL", "MODE"]),
        ("mode ctrl", ["CTRL", "MODE"]),
        ("mode 0x40000000", ["CTRL", "MODE"]),
        ("mode fifo", []),
        ("0x4000000A", ["FIFO"]),
        ("core does", ["STATUS"]),
    ],
)
def test_words_of_a_register_and_of_its_field_find_the_field(bench: Any, words: str, found: list[str]) -> None:
    bench.page.page.get_by_label("Find registers").fill(words)
    bench.until(words, found, lambda: shown(bench))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("0x43C00010", "0x43c00010 is not here: these registers stand from 0x40000000 to 0x4000001b"),
        ("nothing", "None of 6 registers is shown: change the search or the filter"),
        ("fifo", "1 of 6 registers · click a value to change it · ? shows the keys"),
    ],
)
def test_what_a_search_found_is_said_below(bench: Any, words: str, told: str) -> None:
    bench.page.page.get_by_label("Find registers").fill(words)
    expect(bench.page.page.locator(".pw-reg-facts")).to_have_text(told)


def test_an_address_between_the_registers_is_told(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy, (RegisterInfo("A", 0), RegisterInfo("B", 8)))
    page.page.get_by_label("Find registers").fill("0x40000004")
    expect(page.page.locator(".pw-reg-facts")).to_have_text("No register holds the address 0x40000004")
    bench.table.close()


# Nothing is cut without a way to see it.


def test_a_widget_that_comes_later_leaves_the_table_as_it_is(bench: Any) -> None:
    from pynq_widgets.widgets.assets import style

    bench.page.page.add_style_tag(content=style())  # what every view has, and brings once more
    bench.focus()
    bench.press("Enter")
    box = bench.page.page.locator(".pw-reg-value input")
    assert box.evaluate("box => box.offsetTop + box.offsetHeight <= box.parentNode.clientHeight")
    bench.press("Escape")
    assert bench.page.page.locator(".pw-reg-grid:focus-visible").evaluate("grid => getComputedStyle(grid).outlineStyle") == "none"


@pytest.mark.parametrize("width", [375, 480, 560, 640, 760])
def test_the_bar_is_whole_at_every_width(tables: Any, page: Any, bus_spy: Any, width: int) -> None:
    bench = tables.Bench(page, bus_spy, width=f"{width}px")
    tops = (
        "parts => [...new Set(parts.filter(part => part.offsetWidth).map(part => Math.round(part.getBoundingClientRect().bottom)))].length"
    )
    bar = page.page.locator(".pw-reg .pw-bar")
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth && bar.clientHeight < 66")
    assert page.page.locator(".pw-reg .pw-bar button").evaluate_all(tops) == 1, "the buttons are in one line"
    find = page.page.get_by_label("Find registers")
    assert find.evaluate("box => box.clientWidth") >= 85
    page.page.get_by_label("Help").click()
    dialog = page.page.get_by_role("dialog")
    assert dialog.evaluate("box => box.scrollTop") == 0, "it is read from its beginning"
    bench.press("Escape")
    bench.table.close()


def test_a_long_line_of_python_is_seen_whole(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy, width="375px", expression="overlay.a_hierarchy.another_hierarchy.a_core_of_some_name")
    bench.value("CTRL").click()
    page.page.keyboard.type("9")
    code = tip(bench).locator(".pw-reg-python")
    expect(code).to_contain_text("some_name.CTRL.write(9)")
    assert code.evaluate("part => part.scrollWidth <= part.clientWidth")
    bench.press("Escape")
    bench.table.close()


def test_a_narrow_table_keeps_names_and_values_whole(tables: Any, page: Any, bus_spy: Any) -> None:
    registers = tuple(RegisterInfo(f"{way}_START_ADDRESS{i}", 4 * (i + 9 * (way == "S2MM"))) for way in ("MM2S", "S2MM") for i in range(9))
    bench = tables.Bench(page, bus_spy, registers, width="375px")
    page.page.locator(".pw-reg-mark").evaluate("button => button.click()")
    bus_spy.put(0, 0xDEADBEEF)
    bench.turn()
    bench.says("MM2S_START_ADDRESS0", "0xDEADBEEF")
    expect(bench.row("MM2S_START_ADDRESS0").locator(".pw-reg-delta")).to_have_count(1)
    cut = "parts => parts.filter(part => part.scrollWidth > part.clientWidth).map(part => part.textContent)"
    assert page.page.locator(".pw-reg-body :is(.pw-reg-label, .pw-reg-text, .pw-reg-word)").evaluate_all(cut) == []
    assert page.page.locator(".pw-reg-scroll").evaluate("box => box.scrollWidth <= box.clientWidth")
    bench.table.close()


def test_a_word_wider_than_its_register_stands_whole(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy, (RegisterInfo("IVR", 0, 6, "read-only"),))
    bus_spy.put(0, 0xFFFFFFFF)
    bench.turn()
    bench.says("IVR", "0xFFFFFFFF")
    assert bench.value("IVR").evaluate("part => part.scrollWidth <= part.clientWidth")
    bench.table.close()


def test_fields_without_room_are_told_by_the_mouse(bench: Any) -> None:
    bench.spy.put(0, 0x51)
    bench.turn()
    bench.says("CTRL", "0x00000051")
    bench.row("CTRL").locator(".pw-reg-fields").hover()
    expect(bench.row("CTRL").locator(".pw-reg-fields")).to_have_attribute("title", "EN = 1\nMODE = 0x5\nIRQ = 0")


def test_floats_are_short_and_come_back_as_they_were(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy, (RegisterInfo("A", 0),))
    bench.table.radix = "float"
    for bits, text in (
        (0x3DCCCCCD, "0.1"),
        (0x62000000, "5.902958e+20"),
        (0x3F9D70A5, "1.2300001"),
        (0xFF800000, "-inf"),
        (0x80000000, "-0"),
    ):
        bus_spy.put(0, bits)
        bench.turn()
        bench.says("A", text)
        bench.value("A").click()
        bench.press("Enter")
        bench.until(text, ("write", 0, bits), lambda: (bench.writes() or [None])[-1])
        expect(page.page.locator(".pw-reg-value input")).to_have_count(0)
    bench.table.close()


# A write that reads first, and marks.


def test_a_write_whose_read_has_an_effect_says_so(tables: Any, page: Any, bus_spy: Any) -> None:
    fields = (FieldInfo("GO", 0, 1), FieldInfo("DONE", 1, 1, "read-only", read_action="clear"), FieldInfo("N", 4, 4))
    bench = tables.Bench(page, bus_spy, (RegisterInfo("CTRL", 0, 32, "read-write", fields),))
    bench.focus()
    bench.press("ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "Enter")
    page.page.keyboard.type("5")
    expect(tip(bench).locator(".pw-reg-care")).to_have_text("Careful: reading clears DONE")
    bench.press("Escape")
    page.page.locator("[data-bit='0']").hover()
    expect(page.page.locator(".pw-ruler-tip")).to_contain_text("Careful: reading clears DONE")
    bench.table.close()


def test_a_mark_is_forgotten(bench: Any) -> None:
    bench.focus()
    bench.press("k")
    bench.spy.put(4, 0x99)
    bench.turn()
    expect(bench.page.page.locator(".pw-reg-delta")).to_have_count(1)
    bench.choose("Rows", "Changed since mark")
    bench.until("one row", ["STATUS"], lambda: shown(bench))
    bench.choose("1 of 6", "Forget the mark")
    expect(bench.page.page.locator(".pw-reg-delta")).to_have_count(0)
    bench.until("all rows", 6, lambda: len(shown(bench)))


def test_a_slow_bus_is_told(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy)
    bench.table._subscription.rate = 0.6
    bench.turn()
    live = page.page.locator(".pw-reg-live")
    expect(live).to_have_text("live, 0.6 of 10 Hz")
    expect(live).to_have_attribute("title", "The bus is slower than the 10 reads a second that were asked for")
    bench.table.close()


def test_the_menu_of_a_row_is_not_joined_by_the_page_s_own(bench: Any) -> None:
    bench.page.page.evaluate("() => { window.others = 0; document.addEventListener('contextmenu', () => window.others++); }")
    bench.row("CTRL").click(button="right")
    bench.page.page.get_by_role("menu").wait_for()
    assert bench.page.page.evaluate("window.others") == 0


# Python, and the clipboard.


def test_the_last_action_is_copied_and_without_a_clipboard_it_is_selected(bench: Any) -> None:
    page = bench.page.page
    page.evaluate(
        """() => { window.copied = [];
        const value = {writeText: async text => { window.copied.push(text); }};
        Object.defineProperty(navigator, 'clipboard', {configurable: true, value}); }"""
    )
    bench.focus()
    bench.press("r")
    page.locator(".pw-reg-last:visible").wait_for()
    bench.press("c")
    bench.until("copied", ["registers.CTRL.read()"], lambda: page.evaluate("window.copied"))
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', {configurable: true, value: undefined})")
    bench.press("c")
    text = page.get_by_label("Text to copy")
    assert text.input_value() == "registers.CTRL.read()"
    assert text.evaluate("box => box.selectionEnd - box.selectionStart") == len("registers.CTRL.read()")
    bench.press("Escape")
    assert page.evaluate("document.activeElement.classList.contains('pw-reg-grid')")


def test_the_menu_of_a_row_by_keys_and_by_mouse(bench: Any) -> None:
    page = bench.page.page
    bench.focus()
    bench.press("m")
    menu = page.get_by_role("menu")
    assert menu.get_by_role("menuitem").first.inner_text().startswith("Read CTRL now")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    bench.press("ArrowDown", "Enter")
    page.locator(".pw-reg-value input").wait_for()
    bench.press("Escape")
    bench.row("FIFO").click(button="right")
    menu.get_by_role("menuitemradio", name="Binary").click()
    bench.until("its own way", {"FIFO": "bin"}, lambda: bench.table.radices)
    assert page.get_by_role("menu").count() == 0


# A class that only looks.


def test_a_table_that_only_shows_says_so_and_writes_nothing(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy, read_only=True)
    expect(page.page.locator(".pw-reg-shows")).to_have_text("only shows")
    bus_spy.taken()
    bench.focus()
    bench.press("Enter")
    expect(bench.error()).to_have_text("This table only shows: nothing can be written here.")
    bench.press("ArrowRight", "ArrowDown", " ")
    assert page.page.locator(".pw-ruler-can").count() == 0
    bench.row("FIFO").get_by_role("button", name="Read").click()
    expect(bench.error()).to_have_text(re.compile("only shows .* FIFO was not read"))
    assert bus_spy.taken() == []
    bench.table.close()


# Everybody.


def test_help_lists_the_keys(bench: Any) -> None:
    bench.focus()
    bench.press("?")
    dialog = bench.page.page.get_by_role("dialog")
    assert "toggle a bit, unfold a register" in dialog.inner_text()
    bench.press("Escape")
    assert bench.page.page.get_by_role("dialog").count() == 0
    assert bench.page.page.evaluate("document.activeElement.classList.contains('pw-reg-grid')")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(tables: Any, page: Any, bus_spy: Any, axe: str, dark: bool) -> None:
    if dark:
        colours = (
            "--jp-layout-color1:#111;--jp-layout-color2:#222;--jp-content-font-color1:#fff;--jp-content-font-color2:rgba(255,255,255,.7);"
        )
        colours += "--jp-border-color2:#555;--jp-brand-color1:#64b5f6;--jp-error-color1:#e57373;--jp-success-color1:#66bb6a"
        page.page.add_style_tag(content=f":root{{{colours}}} body{{background:#111}}")
    bus_spy.put(0, 0x11)
    bench = tables.Bench(page, bus_spy, notes=NOTES)
    bench.table.columns = [*bench.table.columns, "reset", "effects", "unit", "history"]
    bench.table.starred = ["STATUS"]
    bench.table.mirror["KEY"].write(4)
    bench.table.mirror.mark_stale("of a test", ["WIDE"])
    bench.focus()
    bench.press("ArrowRight", "r")
    page.page.locator(".pw-reg-last:visible").wait_for()
    page.page.evaluate(axe)
    ask = """async () => (await axe.run('.pw', {resultTypes: ['violations']})).violations
        .filter(one => ['serious', 'critical'].includes(one.impact))
        .map(one => `${one.id}: ${one.nodes.slice(0, 4).map(node => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' | ')}`)"""
    page.page.wait_for_function("() => !document.querySelector('[data-flash=new], [data-flash=old]')")
    assert page.page.evaluate(ask) == []
    bench.press("Enter")
    tip(bench).wait_for()
    assert page.page.evaluate(ask) == []
    bench.press("Escape", "m")
    assert page.page.evaluate(ask) == []
    bench.press("Escape", "?")
    assert page.page.evaluate(ask) == []
    bench.press("Escape")
    bench.table.close()
