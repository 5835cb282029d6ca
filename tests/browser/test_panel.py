"""A driver's panel in JupyterLab: the mouse and the keys move the hardware, the hardware moves what is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

SETUP = """
import pynq_widgets as pw
device = pw.SimulatedDevice()
ol = pw.Overlay({design!r}, device=device)
def sampled():
    return sum(count.reads for who, count in device.bus.statistics().by_who.items() if who == 'sampler')
ol.leds.panel()
"""
CELLS = ["ol.buttons", "ol.switches.panel()", "pw.expect(lambda: 'btn2' in ol.buttons.group.pressed, within=60, device=device)"]

AXE = """async selector => (await axe.run(selector, {resultTypes: ['violations']})).violations
    .map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary).join(' | '))"""


@pytest.fixture
def gpio(lab, demo_design):
    notebook = lab.run([SETUP.format(design=str(demo_design)), *CELLS])
    lab.page.wait_for_function("() => document.querySelectorAll('.pw-panel-fresh[data-kind=live]').length >= 2")
    return notebook


def _lit(page, names):
    """Waits until exactly those LEDs are lit."""
    lit = "[...document.querySelectorAll('.gpio-led')].filter(key => key.dataset.level === '1').map(key => key.textContent).join()"
    page.wait_for_function(f"names => {lit} === names", arg=",".join(names))


def _press(page, name, down):
    box = page.locator(".gpio-key", has_text=name).bounding_box()
    if down:
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
    else:
        page.mouse.up()


def test_both_directions_and_what_goes_wrong(lab, gpio):
    page = lab.page
    # Python to the screen.
    gpio.execute("ol.leds.group.value = 0b0101")
    _lit(page, ["led0", "led2"])
    # The mouse to the hardware.
    page.locator(".gpio-led", has_text="led3").click()
    gpio.wait_until("ol.leds.group.value", "13")
    _lit(page, ["led0", "led2", "led3"])
    # A name that a person gives.
    gpio.execute("ol.leds.group.names = ('ready', 'busy', 'error', 'link')")
    page.locator(".gpio-led", has_text="ready").focus()
    page.keyboard.press("Space")
    gpio.wait_until("ol.leds.group.value", "12")
    # A number for all, and one that is none: said on one line, and nothing written.
    typed = page.get_by_label("Write to channel 1")
    typed.fill("0x3")
    typed.press("Enter")
    gpio.wait_until("ol.leds.group.value", "3")
    typed.fill("0x33")
    typed.press("Enter")
    alert = page.locator(".pw-panel-said", has_text="does not fit the 4 wires: expected 0 to 0xf")
    alert.wait_for()
    assert typed.input_value() == "0x33"
    assert gpio.execute("ol.leds.group.value") == "3"
    gpio.screenshot("panel-leds")
    page.get_by_role("button", name="Dismiss").click()
    alert.wait_for(state="hidden")


def test_a_button_is_held_and_let_go_and_what_waits_for_it_goes_green(lab, gpio):
    page = lab.page
    page.locator(".pw-expect[data-state=waiting]").wait_for()
    page.locator(".gpio-button", has_text="btn2").scroll_into_view_if_needed()
    _press(page, "btn2", True)
    gpio.wait_until("ol.buttons.group.pressed", "('btn2',)")
    page.wait_for_function("() => document.querySelector('.gpio-button[data-level=\"1\"]')?.textContent === 'btn2'")
    page.locator(".pw-expect[data-state=passed]").wait_for()
    _press(page, "btn2", False)
    gpio.wait_until("ol.buttons.group.pressed", "()")
    # The same by keys: down while the space bar is down.
    page.locator(".gpio-button", has_text="btn0").focus()
    page.keyboard.down("Space")
    gpio.wait_until("ol.buttons.group.pressed", "('btn0',)")
    page.keyboard.up("Space")
    gpio.wait_until("ol.buttons.group.pressed", "()")
    assert gpio.execute("device.probe('btns_4bits_tri_i')") == "0"
    switch = page.get_by_role("switch", name="sw1")
    switch.click()
    gpio.wait_until("ol.switches.group.closed", "('sw1',)")
    page.wait_for_function("() => [...document.querySelectorAll('.gpio-switch')][1].getAttribute('aria-checked') === 'true'")
    switch.click()
    gpio.wait_until("ol.switches.group.value", "0")


def test_out_of_sight_nothing_is_read_and_with_the_overlay_it_ends(lab, gpio):
    page = lab.page
    gpio.wait_until("sampled() > 20", "True")
    page.evaluate("() => document.querySelectorAll('.pw').forEach(node => { node.style.display = 'none'; })")
    gpio.wait_until("[ol.leds.panel().live, ol.buttons.panel().live, ol.switches.panel().live]", "[False, False, False]")
    page.evaluate("() => document.querySelectorAll('.pw').forEach(node => { node.style.display = ''; })")
    gpio.wait_until("ol.leds.panel().live", "True")
    gpio.execute("old = ol; ol2 = pw.Overlay(ol.bitfile_name, device=device)")
    page.wait_for_function("() => document.querySelector('.pw-panel-fresh').textContent === 'gone'")
    assert page.locator(".pw-panel-said").first.inner_text().startswith("Gone: ")
    assert page.locator(".gpio-led").first.is_disabled()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_machine_finds_nothing_to_complain_of_and_a_person_sees_it(lab, gpio, axe, theme):
    page = lab.page
    gpio.theme(theme)
    gpio.execute("ol.leds.group.value = 0b1001; device.drive('sws_2bits_tri_i', 1)")
    _lit(page, ["led0", "led3"])
    page.get_by_label("Write to channel 1").fill("lots")
    page.get_by_label("Write to channel 1").press("Enter")
    page.locator(".pw-panel-said", has_text="is not a number").wait_for()
    page.evaluate(axe)
    for selector in (".pw-panel", ".pw-expect"):
        assert page.evaluate(AXE, selector) == []
    picture = gpio.screenshot(f"panel-{'dark' if theme == DARK else 'light'}")
    assert isinstance(picture, Path)
    # Nothing sticks out of a narrow page.
    page.evaluate("() => document.querySelectorAll('.pw-panel').forEach(node => { node.parentElement.style.width = '420px'; })")
    wide = "[...document.querySelectorAll('.pw-panel')].filter(node => node.scrollWidth > node.clientWidth)"
    out = page.evaluate(f"() => {wide}.map(node => node.textContent)")
    assert out == []
    gpio.screenshot(f"panel-narrow-{'dark' if theme == DARK else 'light'}")


# The base alone, on a plain page.

ECHO = """
function draw(root, page) {
  const button = make("button", { type: "button" }, "Add");
  const told = make("output", {});
  button.addEventListener("click", async () => {
    const { error, result } = await page.ask("add", { number: 2 });
    told.dataset.answer = error ?? result;
    page.say(`added: ${told.dataset.answer}`);
  });
  root.append(button, told);
  page.on((state) => {
    if (state.total > 5) throw new Error("too much for me");
    setText(told, `${state.total} ${Object.keys(state)}`);
  });
  return () => { window.ended = true; };
}
"""


@pytest.fixture
def adding(page, demo_design):
    import pynq_widgets as pw
    from pynq_widgets.widgets import Panel

    class Adding(Panel):
        module = ECHO
        reads = ()
        rate = 0
        total = 0

        def look(self):
            return {"total": self.total, "name": "<b>x</b>"}

        def do_add(self, *, number):
            if self.total == 4:
                raise ValueError("no more <b>room</b>")
            self.total += number
            return self.total

    overlay = pw.Overlay(demo_design, device=pw.SimulatedDevice("plain"))
    panel = Adding(overlay.leds)
    panel.number = page.show(panel)
    yield panel
    panel.close()


def test_what_is_asked_is_answered_and_errors_stand_on_one_line(page, adding):
    view = page.page
    view.wait_for_function("() => document.querySelector('output').textContent === '0 total,name'")
    for answer in ("2", "4", "no more <b>room</b>"):
        view.get_by_role("button", name="Add").click()
        view.wait_for_function("answer => document.querySelector('output').dataset.answer === answer", arg=answer)
    assert view.locator("output").inner_text() == "4 total,name"
    assert view.locator(".pw-panel-said").inner_text() == "no more <b>room</b>"
    assert view.locator(".pw-sr[role=status]").inner_text() == "added: no more <b>room</b>"
    assert view.locator(".pw-panel-fresh").is_hidden()  # nothing is read, and that is meant
    adding.total = 1
    view.get_by_role("button", name="Add").click()
    view.wait_for_function("() => document.querySelector('.pw-panel-alert').hidden")  # what went well is no error any more
    page.unmount(adding.number)
    assert view.evaluate("() => window.ended") is True


def test_a_module_that_fails_says_so_on_the_panel(page, adding):
    view = page.page
    view.wait_for_function("() => document.querySelector('output').textContent === '0 total,name'")
    adding.total = 6
    view.get_by_role("button", name="Add").click()
    view.locator(".pw-panel-said", has_text="This panel cannot be drawn: too much for me").wait_for()


def test_a_kernel_that_is_silent_is_told_of(page, adding):
    view = page.page
    view.wait_for_function("() => document.querySelector('output').textContent === '0 total,name'")
    page.silence()
    view.evaluate("() => { const now = performance.now.bind(performance); performance.now = () => now() + 5000; }")
    view.locator(".pw-panel-fresh", has_text="no answer").wait_for()


def test_a_kernel_that_is_busy_is_told_of(page, adding):
    view = page.page
    view.wait_for_function("() => document.querySelector('output').textContent === '0 total,name'")
    page.silence()
    view.get_by_role("button", name="Add").click()
    view.locator(".pw-panel-said", has_text="The kernel is busy: this is done when its cell has ended").wait_for()
