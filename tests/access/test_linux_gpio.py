"""Pins of Linux, on a made-up ``/sys/class/gpio`` that does what the kernel does when something is written."""

from __future__ import annotations

import errno
import os
import shutil
from types import SimpleNamespace

import pytest

from pynq_widgets.access import GPIO, StaleOverlayError, linux_gpio, ps
from pynq_widgets.device import Device, SimulatedDevice


class Sysfs:
    """The folder, and what was written to it."""

    def __init__(self, root):
        self.root = root
        self.log = []
        self.refused = {}
        root.mkdir()

    def chip(self, base, npins, label):
        folder = self.root / f"gpiochip{base}"
        folder.mkdir()
        (folder / "label").write_text(label + "\n")
        (folder / "ngpio").write_text(f"{npins}\n")

    def write(self, path, text, what):
        name = os.path.relpath(path, self.root)
        self.log.append((name, text))
        code = self.refused.get((name, text))
        if code:
            raise linux_gpio._explained(OSError(code, os.strerror(code)), what, path)
        if name == "export":
            self.export(int(text))
        elif name == "unexport":
            shutil.rmtree(self.root / f"gpio{text}")
        else:
            self.real(path, text, what)

    def export(self, index):
        folder = self.root / f"gpio{index}"
        folder.mkdir()
        (folder / "direction").write_text("in\n")
        (folder / "value").write_text("0\n")

    def taken(self):
        log, self.log = self.log, []
        return log

    def value(self, index):
        return (self.root / f"gpio{index}" / "value").read_text()

    def put(self, index, value):
        (self.root / f"gpio{index}" / "value").write_text(f"{value}\n")


@pytest.fixture
def sysfs(tmp_path, monkeypatch):
    """A Zynq-7000 on which this runs as root, and no device is chosen."""
    made = Sysfs(tmp_path / "gpio")
    made.chip(338, 118, "zynq_gpio")
    made.chip(120, 32, "ti-gpio")
    made.real = linux_gpio._write
    monkeypatch.setattr(linux_gpio, "ROOT", str(made.root))
    monkeypatch.setattr(linux_gpio, "_write", made.write)
    monkeypatch.setattr(ps, "CPU_ARCH", ps.ZYNQ_ARCH)
    monkeypatch.setattr(ps, "_OF_XILINX", True)
    monkeypatch.setattr(ps, "is_versal", lambda device=None: False)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    return made


def test_numbers_and_chips(sysfs, monkeypatch):
    assert (GPIO.get_gpio_base(), GPIO.get_gpio_npins(), GPIO.get_gpio_pin(0)) == (338, 118, 338 + 54)
    assert GPIO.get_gpio_base_path() == str(sysfs.root / "gpiochip338")
    assert (GPIO.get_gpio_base("ti-gpio"), GPIO.get_gpio_npins("ti-gpio"), GPIO.get_gpio_pin(3, "ti-gpio")) == (120, 32, 123)
    assert (GPIO.get_gpio_base("other"), GPIO.get_gpio_npins("other"), GPIO.get_gpio_base_path("other")) == (None, None, None)
    with pytest.raises(ValueError, match=r"no chip under .* has the label 'ti_gpio' \(did you mean 'ti-gpio'"):
        GPIO.get_gpio_pin(0, "ti_gpio")
    monkeypatch.setattr(ps, "CPU_ARCH", ps.ZU_ARCH)
    assert GPIO.get_gpio_pin(0) == 338 + 78
    assert GPIO.get_gpio_pin(7 - 78) == 338 + 7  # MIO 7
    with pytest.raises(ValueError, match="GPIO expected an index from -78 on, got -79"):
        GPIO.get_gpio_pin(-79)
    with pytest.raises(ValueError, match="GPIO expected an index from 0 on, got -1"):
        GPIO.get_gpio_pin(-1, "ti-gpio")
    with pytest.raises(ValueError, match="GPIO expected an index from 0 on, got -1"):
        GPIO(-1, "out")
    assert sysfs.taken() == []


def test_a_versal_has_two_chips(sysfs, monkeypatch):
    monkeypatch.setattr(ps, "CPU_ARCH", ps.ZU_ARCH)
    monkeypatch.setattr(ps, "is_versal", lambda device=None: True)
    sysfs.chip(500, 58, "versal_gpio")
    sysfs.chip(600, 116, "pmc_gpio")
    assert (GPIO.get_gpio_pin(1, "versal_gpio"), GPIO.get_gpio_pin(1, "pmc_gpio")) == (500 + 26 + 1, 600 + 52 + 1)
    for touch in (
        GPIO.get_gpio_base,
        GPIO.get_gpio_npins,
        GPIO.get_gpio_base_path,
        lambda: GPIO.get_gpio_pin(0),
        lambda: GPIO.get_gpio_pin(0, "x"),
    ):
        with pytest.raises(ValueError, match=r"^target_label must be specified on Versal; use 'versal_gpio' or 'pmc_gpio'\.$"):
            touch()


def test_a_pin_is_exported_once_and_shared(sysfs):
    out = GPIO(400, "out")
    assert sysfs.taken() == [("export", "400"), ("gpio400/direction", "out")]
    assert (out.index, out.direction, out.width, out.path) == (400, "out", 1, f"{sysfs.root}/gpio400/")
    again = GPIO(400, "out")
    again.write(1)
    assert sysfs.taken() == [("gpio400/value", "1")]
    with pytest.raises(AttributeError, match="GPIO already in use in other direction"):
        GPIO(400, "in")
    out.release()
    assert sysfs.taken() == [("unexport", "400")]
    out.release()
    again.release()
    assert sysfs.taken() == []
    with pytest.raises(RuntimeError, match="GPIO 400 has been released"):
        again.write(0)
    pin = GPIO(400, "in")
    sysfs.put(400, 1)
    assert pin.read() == 1
    pin.release()


def test_who_shares_a_pin_that_was_released_is_told(sysfs):
    first, second = GPIO(400, "in"), GPIO(400, "in")
    first.release()
    with pytest.raises(FileNotFoundError, match="GPIO 400 cannot be read; No such file or directory; the pin is not exported any more"):
        second.read()


def test_a_vector_gets_all_its_pins_or_none(sysfs):
    pins = GPIO(410, "out", 4)
    sysfs.taken()
    pins.write(0b1010)
    assert sysfs.taken() == [("gpio410/value", "0"), ("gpio411/value", "1"), ("gpio412/value", "0"), ("gpio413/value", "1")]
    with pytest.raises(ValueError, match=r"expected an integer of 4 bits"):
        pins.write(16)
    assert sysfs.taken() == []
    pins.release()
    assert [name for name, _ in sysfs.taken()] == ["unexport"] * 4
    inputs = GPIO(410, "in", 4)
    for index, bit in enumerate((1, 0, 0, 1)):
        sysfs.put(410 + index, bit)
    assert inputs.read() == 0b1001
    inputs.release()
    sysfs.export(421)  # another program's
    sysfs.refused["export", "422"] = errno.EBUSY
    sysfs.taken()
    with pytest.raises(OSError, match=r"GPIO 422 cannot be had; .*; a driver of the kernel, or another program, has it"):
        GPIO(420, "out", 4)
    assert not (sysfs.root / "gpio420").exists()
    assert (sysfs.root / "gpio421").exists(), "what was exported before stays so"


def test_a_pin_that_linux_does_not_take_back_keeps_no_other(sysfs):
    pins = GPIO(450, "out", 3)
    sysfs.refused["unexport", "451"] = errno.EPERM
    with pytest.raises(PermissionError, match="GPIO 451 cannot be released"):
        pins.release()
    assert [(sysfs.root / f"gpio{index}").exists() for index in (450, 451, 452)] == [False, True, False]


def test_a_pin_in_the_other_direction_leaves_a_vector_alone(sysfs):
    other = GPIO(431, "in")
    sysfs.taken()
    with pytest.raises(AttributeError, match="GPIO already in use in other direction"):
        GPIO(430, "out", 3)
    assert sysfs.taken() == []
    other.release()


def test_a_direction_that_cannot_be_gives_the_pin_back(sysfs):
    sysfs.refused["gpio440/direction", "out"] = errno.EPERM
    with pytest.raises(PermissionError, match="GPIO 440 cannot be an output"):
        GPIO(440, "out")
    assert not (sysfs.root / "gpio440").exists()
    sysfs.refused["export", "9999"] = errno.EINVAL
    with pytest.raises(OSError, match="no chip has a pin of that number"):
        GPIO(9999, "in")


def test_who_is_not_root_is_told(sysfs, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EnvironmentError, match=r"^Root permissions required\.$"):
        GPIO(400, "out")
    with pytest.raises(ValueError, match=r"^Direction should be in or out\.$"):
        GPIO(400, "inout")
    assert sysfs.taken() == []


def test_a_kernel_without_sysfs(sysfs, monkeypatch):
    shutil.rmtree(sysfs.root)
    monkeypatch.setattr(linux_gpio, "_write", sysfs.real)
    with pytest.raises(FileNotFoundError, match=r"this Linux has no .*gpio \(a kernel with CONFIG_GPIO_SYSFS has\)"):
        GPIO(400, "out")
    assert GPIO.get_gpio_base() is None
    with pytest.raises(ValueError, match=r"no chip under .* has the label 'zynqmp_gpio' or 'zynq_gpio' \(it has none\)"):
        GPIO.get_gpio_pin(0)


def test_whose_pins(sysfs, bus_spy, active_device):
    """A device with pins of its own keeps them; one that has none, on this machine, has Linux's; a remote one has not."""
    simulated = SimulatedDevice("here")
    assert GPIO.get_gpio_pin(5, device=simulated) == 5
    assert GPIO(5, "out", device=simulated).path is None
    assert GPIO.get_gpio_base_path(device=simulated) is None
    bus_spy.gpio_read = lambda index: 1
    assert GPIO(5, "in", device=bus_spy).read() == 1
    del bus_spy.gpio_read
    assert sysfs.taken() == []
    assert GPIO.get_gpio_pin(5, device=bus_spy) == 397
    pin = GPIO(397, "in", device=bus_spy, generation=0)
    assert (pin.device, pin.read()) == (bus_spy, 0)
    bus_spy.generation = 1
    with pytest.raises(StaleOverlayError):
        pin.read()
    pin.release()
    active_device(simulated)
    assert GPIO.get_gpio_pin(5) == 5
    active_device(bus_spy)
    assert GPIO.get_gpio_pin(5) == 397
    bus_spy.capabilities = {"REMOTE": True}
    assert GPIO.get_gpio_pin(5) == 5
    sysfs.taken()
    with pytest.raises(RuntimeError, match="has no GPIO"):
        GPIO(5, "in").read()
    assert sysfs.taken() == []


def test_pins_of_an_overlay_on_a_board_are_linuxs(sysfs, bus_spy):
    from pynq_widgets.overlay.ip import make_gpio

    pins = make_gpio({"index": 2, "width": 2, "direction": "out"}, bus_spy)
    assert (pins.index, pins.width, pins.path) == (338 + 54 + 2, 2, f"{sysfs.root}/gpio394/")
    pins.write(3)
    assert (sysfs.value(394), sysfs.value(395)) == ("1", "1")
    pins.release()
    simulated = make_gpio({"index": 2, "width": 2, "direction": "out"}, SimulatedDevice("here"))
    assert (simulated.index, simulated.path) == (2, None)


def test_another_machine_with_such_a_processor_has_no_such_pins(sysfs, monkeypatch, active_device):
    monkeypatch.setattr(ps, "_OF_XILINX", False)
    monkeypatch.setattr(ps, "_MACHINE", ps.ZYNQ_ARCH)
    active_device(SimulatedDevice("here"))
    assert (GPIO.get_gpio_pin(5), GPIO(5, "out").path) == (5, None)
    Device.active_device = None
    assert (GPIO.get_gpio_pin(5), GPIO.get_gpio_base()) == (5, 0)


def test_what_pynqs_own_tests_look_for(sysfs, recwarn, alias):
    from pynq_widgets.access import gpio as module
    from pynq_widgets.as_pynq.extras import gpio as extras

    fresh = SimpleNamespace(GPIO=type("GPIO", (module.GPIO,), {}))
    extras.extend(fresh, setattr)
    assert fresh.GPIO._GPIO_MIN_USER_PIN == 54
    pin = fresh.GPIO(400, "in")
    assert pin._impl is GPIO(400, "in")._linux[0]
    pin.release()
    simulated = fresh.GPIO(0, "in", device=SimulatedDevice("here"))
    with pytest.raises(AttributeError, match="goes through device 'here': it has no pin of Linux behind it"):
        simulated._impl
    assert not recwarn.list


def test_a_machine_without_such_pins_is_told_when_the_module_is_loaded_again(monkeypatch, recwarn, alias):
    from pynq_widgets.as_pynq.extras import gpio as extras

    monkeypatch.setattr(ps, "CPU_ARCH", "x86_64")
    fresh = SimpleNamespace(GPIO=type("GPIO", (), {}))
    extras.extend(fresh, setattr)
    assert not recwarn.list
    assert not hasattr(fresh.GPIO, "_GPIO_MIN_USER_PIN")
    with pytest.warns(ResourceWarning, match=r"^Pynq does not support the CPU Architecture: x86_64$"):
        extras.extend(fresh, setattr)


def test_nobody_chose_a_device():
    assert Device.chosen_device is None
