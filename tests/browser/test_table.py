"""The register table by mouse and keyboard: on a plain page against a spy device, and in JupyterLab on the simulated one."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_widgets.access.describe import RegisterInfo
from pynq_widgets.widgets import RegisterTable


def test_the_page_shows_what_the_hardware_holds(bench: Any) -> None:
    bench.says("STATUS", "0x00000000")
    bench.spy.put(4, 0xDEAD_BEEF)
    bench.turn()
    bench.says("STATUS", "0xDEADBEEF")
    assert bench.row("STATUS").locator(".pw-reg-address").inner_text() == "0x40000004"
    assert bench.row("STATUS").locator(".pw-reg-access").inner_text() == "R"
    bench.fresh("STATUS", "now")


def test_a_change_flashes_and_only_where_it_is(bench: Any) -> None:
    bench.says("STATUS", "0x00000000")
    bench.spy.put(4, 1)
    bench.turn()
    bench.says("STATUS", "0x00000001")
    flashing = bench.page.page.locator(".pw-reg-row[data-flash='new']")
    assert flashing.evaluate_all("rows => rows.map(row => row.dataset.row)") == ["STATUS"]
    bench.until("it ends", 0, lambda: bench.page.page.locator(".pw-reg-row[data-flash='new'], .pw-reg-row[data-flash='old']").count())


def test_values_in_three_ways(bench: Any) -> None:
    bench.spy.put(0, 0x1A)
    bench.spy.put(20, 0x8000_0000)
    bench.turn()
    bench.says("CTRL", "0x0000001A")
    bench.choose("hex", "Decimal")
    bench.says("CTRL", "26")
    bench.says("WIDE", str(0x8000_0000 << 32))
    bench.choose("dec", "Binary")
    bench.says("CTRL", "0b0000_0000_0000_0000_0000_0000_0001_1010")
    assert bench.table.radix == "bin"
    bench.table.radix = "hex"
    bench.says("WIDE", "0x8000000000000000")


def test_a_value_by_mouse(bench: Any) -> None:
    bench.spy.taken()
    bench.value("CTRL").click()
    bench.page.page.keyboard.type("0b1_0101")
    bench.press("Enter")
    bench.says("CTRL", "0x00000015")
    assert bench.spy.word(0) == 0x15
    assert [entry for entry in bench.spy.taken() if entry[0] == "write"] == [("write", 0, 0x15)]
    bench.row("CTRL").locator(".pw-reg-word", has_text="written").wait_for()


def test_a_value_by_keyboard(bench: Any) -> None:
    bench.focus()
    bench.press("F2")
    bench.page.page.keyboard.type("1_024")
    bench.press("Enter")
    bench.says("CTRL", "0x00000400")
    # The value may be on the page before the answer to the edit is, with which the focus comes back.
    bench.page.page.wait_for_function("() => document.activeElement.classList.contains('pw-reg-grid')")
    bench.press("Enter")
    bench.page.page.keyboard.type("5")
    bench.press("Escape")
    bench.says("CTRL", "0x00000400")
    assert bench.spy.word(0) == 1024


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("hello", "'hello' is not a number; expected decimal, 0x… or 0b…, as in 26, 0x1A, 0b1_1010"),
        ("0x1FFFFFFFF", "CTRL expected 0 to 0xffffffff (32 bits), got 8589934591: nothing was written"),
        ("", "nothing is typed; expected a number, as in 26, 0x1A, 0b1_1010"),
    ],
)
def test_a_mistake_is_told_at_the_cell_and_nothing_is_lost(bench: Any, typed: str, told: str) -> None:
    bench.spy.taken()
    bench.focus()
    bench.press("Enter")
    bench.press("Control+A", "Delete")
    bench.page.page.keyboard.type(typed)
    bench.press("Enter")
    bench.error().wait_for()
    assert bench.error().inner_text() == told
    box, cell = bench.error().bounding_box(), bench.row("CTRL").bounding_box()
    assert 0 <= box["y"] - (cell["y"] + cell["height"]) < 4, "it stands right below its row"
    assert bench.row("CTRL").locator("input").input_value() == typed
    assert bench.spy.taken() == []
    bench.press("Escape")
    assert bench.error().count() == 0
    bench.says("CTRL", "0x00000000")


def test_what_the_bus_refuses_is_told_at_the_cell(tables: Any, bench: Any) -> None:
    bench.spy.failing.add(tables.BASE)
    bench.focus()
    bench.press("Enter")
    bench.page.page.keyboard.type("7")
    bench.press("Enter")
    bench.error().wait_for()
    assert bench.error().inner_text() == "OSError: bus error at 0x40000000"
    assert bench.spy.word(0) == 0


def test_fields_are_unfolded_written_and_toggled(bench: Any) -> None:
    bench.focus()
    bench.press("ArrowRight")
    bench.says("CTRL", "0", "EN")
    bench.press("ArrowDown", " ")
    bench.says("CTRL", "1", "EN")
    assert bench.spy.word(0) == 1
    bench.value("CTRL", "EN").click()
    bench.says("CTRL", "0", "EN")
    assert bench.spy.word(0) == 0
    bench.value("CTRL", "MODE").click()
    bench.page.page.keyboard.type("5")
    bench.press("Enter")
    bench.says("CTRL", "0x5", "MODE")
    assert bench.spy.word(0) == 0x50
    bench.page.page.locator(".pw-reg-value input").wait_for(state="detached")
    bench.press("ArrowLeft", "ArrowLeft")
    assert bench.row("CTRL", "MODE").count() == 0


def test_a_bit_that_ones_clear_is_written_one_and_its_neighbours_are_not(bench: Any) -> None:
    bench.spy.put(0, 0x101)
    bench.turn()
    bench.focus()
    bench.press("ArrowRight")
    bench.spy.taken()
    bench.value("CTRL", "IRQ").click()
    bench.until("one write", [("write", 0, 0x101)], lambda: bench.writes())
    bench.spy.taken()
    bench.value("CTRL", "EN").click()
    bench.until("no one for IRQ", [("write", 0, 0x000)], lambda: bench.writes())


def test_a_guarded_word_is_marked_and_read_only_when_its_button_is_pressed(bench: Any) -> None:
    bench.spy.put(8, 0xCAFE)
    for _ in range(5):
        bench.turn()
    bench.says("FIFO", "–")
    assert bench.row("FIFO").locator(".pw-reg-word").inner_text() == "on request"
    assert bench.row("FIFO").locator(".pw-reg-state").get_attribute("title") == "Not read by itself: reading changes DATA"
    assert not [entry for entry in bench.spy.taken() if entry[0] == "read" and entry[1] <= 8 < entry[1] + entry[2]]
    bench.row("FIFO").get_by_role("button", name="Read").click()
    bench.says("FIFO", "0x0000CAFE")
    assert [entry for entry in bench.spy.taken() if entry[1] == 8] == [("read", 8, 4)]
    bench.fresh("FIFO", "now")
    assert bench.row("FIFO").locator(".pw-reg-state").get_attribute("title") == "Read when asked for: reading changes DATA"


def test_a_write_only_word(bench: Any) -> None:
    assert bench.row("KEY").locator(".pw-reg-word").inner_text() == "write-only"
    assert bench.row("KEY").get_by_role("button", name="Read").count() == 0
    bench.value("KEY").click()
    bench.page.page.keyboard.type("9")
    bench.press("Enter")
    bench.says("KEY", "0x00000009")
    bench.row("KEY").locator(".pw-reg-word", has_text="written").wait_for()


def test_a_read_only_word_says_so(bench: Any) -> None:
    bench.focus()
    bench.press("ArrowDown", "Enter")
    assert bench.error().inner_text() == "STATUS is read-only."


def test_what_fails_to_be_read_is_stale_with_its_reason(tables: Any, bench: Any) -> None:
    bench.spy.failing.add(tables.BASE + 4)
    bench.turn()
    bench.page.page.locator(".pw-alert:visible").wait_for()
    assert bench.page.page.locator(".pw-alert:visible").inner_text() == "OSError: bus error at 0x40000004"
    bench.fresh("STATUS", "stale")
    assert bench.row("STATUS").locator(".pw-reg-state").get_attribute("title") == "Stale: bus error at 0x40000004"
    # The others are read as before, and the table says so.
    bench.page.page.wait_for_function("() => document.querySelector('.pw-reg-live').textContent === 'partly live, 10 Hz'")
    assert bench.page.page.locator(".pw-reg-old").count() == 0
    bench.spy.failing.clear()
    bench.turn()
    bench.page.page.wait_for_function("() => document.querySelector('.pw-alert').hidden")


def test_names_are_text(bench: Any) -> None:
    assert bench.page.page.locator(".pw-reg-label", has_text="<img src=x onerror=alert(1)>").count() == 1
    assert bench.page.page.locator(".pw img").count() == 0


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        ("400px", ["Name", "Address", "Value", "Freshness"]),
        ("510px", ["Name", "Address", "Value", "Access", "Freshness"]),
        ("700px", ["Name", "Address", "Value", "Fields", "Access", "Freshness"]),
    ],
)
def test_the_columns_fit_beside_the_tree(tables: Any, page: Any, bus_spy: Any, width: str, columns: list[str]) -> None:
    registers = (RegisterInfo("IP_IER", 0, 2, "read-write"), tables.REGISTERS[2])
    table = RegisterTable(tables.mirror(bus_spy, registers), title="Registers", sampler=tables.HandSampler())
    page.show(table, width)
    page.page.wait_for_selector(".pw-reg-body .pw-reg-row")
    assert page.page.locator(".pw-reg-head > span").all_inner_texts() == columns
    assert page.page.locator(".pw-reg-scroll").evaluate("box => box.scrollWidth <= box.clientWidth")
    bar = page.page.locator(".pw-reg .pw-bar").bounding_box()
    assert bar["height"] < (40 if width == "700px" else 70), "the bar stands in one line, in two where it is narrow"
    page.page.locator(".pw-reg-row[aria-level='1']").first.click()
    assert page.page.locator(".pw-reg-about").inner_text().split("\n")[0].startswith("IP_IER")
    assert "2 bits" in page.page.locator(".pw-reg-facts").inner_text()
    assert page.page.locator(".pw-reg-body .pw-reg-text").first.get_attribute("title") == "2 bits"
    table.close()


def test_finding(bench: Any) -> None:
    box = bench.page.page.get_by_label("Find registers")
    box.fill("mode")
    assert bench.row("CTRL", "MODE").count() == 1
    assert bench.row("STATUS").count() == 0
    box.fill("0x40000010")
    assert bench.row("WIDE").count() == 1
    assert bench.row("CTRL").count() == 0
    box.fill("does now")
    assert bench.row("STATUS").count() == 1


def test_reading_stops_when_nobody_can_see_and_ends_with_the_view(bench: Any) -> None:
    page = bench.page.page
    page.evaluate("() => { const gap = document.createElement('div'); gap.style.height = '5000px'; document.body.prepend(gap); }")
    page.evaluate("() => scrollTo(0, 0)")
    bench.until("scrolled away", [], lambda: bench.sampler.polls)
    page.evaluate("() => scrollTo(0, 9999)")
    bench.until("back in sight", 1, lambda: len(bench.sampler.polls))
    second = bench.page.show(bench.table)
    page.wait_for_function("() => document.querySelectorAll('.pw-reg').length === 2")
    bench.page.unmount(bench.view)
    bench.page.unmount(second)
    bench.until("no view", [], lambda: bench.sampler.polls)
    assert bench.table.viewers.deserted


def test_a_kernel_that_has_gone_is_not_called_live(bench: Any) -> None:
    bench.page.silence()
    badge = bench.page.page.locator(".pw-reg-live", has_text="no answer")
    badge.wait_for(timeout=8000)


def test_a_thousand_registers_are_a_few_rows_on_the_page(tables: Any, page: Any, bus_spy: Any) -> None:
    many = tuple(RegisterInfo(f"R{i}", 4 * i) for i in range(1024))
    bench = tables.Bench(page, bus_spy, many)
    assert page.page.locator(".pw-reg-body .pw-reg-row").count() < 40
    assert page.page.locator(".pw-reg-grid").get_attribute("aria-rowcount") == "1025"
    bench.spy.taken()
    bench.turn()
    assert sum(entry[2] for entry in bench.spy.taken()) < 4 * 40, "only what is in sight is read"
    bench.focus()
    bench.press("End")
    bench.says("R1023", "–")
    bench.spy.put(4 * 1023, 77)
    bench.until("the end is looked at", True, lambda: 1023 in bench.table.viewers.rows)
    bench.turn()
    bench.says("R1023", "0x0000004D")
    assert page.page.locator(".pw-reg-body .pw-reg-row").count() < 40
    bench.table.close()


def test_the_first_click_in_a_scrolled_table_meets_what_is_under_the_mouse(tables: Any, page: Any, bus_spy: Any) -> None:
    bench = tables.Bench(page, bus_spy, tuple(RegisterInfo(f"R{i}", 4 * i) for i in range(200)))
    page.page.locator(".pw-reg-scroll").evaluate("box => { box.scrollTop = 2400; }")
    bench.says("R105", "–")
    bench.value("R105").click()
    page.page.keyboard.type("9")
    bench.press("Enter")
    bench.says("R105", "0x00000009")
    assert bench.spy.word(4 * 105) == 9
    bench.table.close()


DEMO = "import pynq_widgets as pw\nol = pw.Overlay({path!r})"


def test_in_jupyterlab_both_directions(lab: Any, demo_design: Any) -> None:
    notebook = lab.run([DEMO.format(path=str(demo_design)), "ol.timer.registers"])
    row = lab.page.locator(".pw-reg-row[data-row='TLR0']")
    row.locator(".pw-reg-text", has_text="0x00000000").wait_for()
    notebook.execute("ol.timer.write(4, 0x1234)")
    row.locator(".pw-reg-text", has_text="0x00001234").wait_for()
    row.locator(".pw-reg-text").click()
    lab.page.keyboard.type("0xABCD")
    lab.page.keyboard.press("Enter")
    row.locator(".pw-reg-text", has_text="0x0000ABCD").wait_for()
    assert notebook.execute("hex(ol.timer.read(4))") == "'0xabcd'"
    # Keys of the notebook's command mode, pressed in the table, do nothing to the notebook.
    lab.page.locator(".pw-reg-grid").focus()
    for key in ("d", "d", "a", "x", "Escape"):
        lab.page.keyboard.press(key)
    assert notebook.cell(1).locator(".pw-reg").count() == 1
    lab.screenshot("table-light", notebook.output(1))
    lab.theme("JupyterLab Dark")
    lab.screenshot("table-dark", notebook.output(1))
    assert (
        notebook.execute("import threading; [t.name for t in threading.enumerate() if 'sampler' in t.name]") == "['pynq_widgets sampler']"
    )
    notebook.rerun(1)
    row.locator(".pw-reg-text", has_text="0x0000ABCD").wait_for()
    assert notebook.execute("from pynq_widgets.widgets import reuse; reuse.statistics()") == "{'table': 1}"
    lab.page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    notebook.wait_until("[t.name for t in threading.enumerate() if 'sampler' in t.name]", "[]")
