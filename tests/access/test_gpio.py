from __future__ import annotations

import pytest

from pynq_widgets.access import GPIO, StaleOverlayError


@pytest.fixture
def device(bus_spy):
    bus_spy.pins = {}
    bus_spy.calls = []

    def gpio_read(index):
        bus_spy.calls.append(index)
        return bus_spy.pins.get(index, 0)

    def gpio_write(index, value):
        bus_spy.calls.append((index, value))
        bus_spy.pins[index] = value

    bus_spy.gpio_read, bus_spy.gpio_write = gpio_read, gpio_write
    return bus_spy


def test_a_pin(device):
    out = GPIO(3, "out", device=device)
    out.write(1)
    assert device.calls == [(3, 1)]
    assert GPIO(3, "in", device=device).read() == 1
    assert (out.index, out.direction, out.width, repr(out)) == (3, "out", 1, "GPIO(3, 'out')")


def test_pins_side_by_side_are_one_integer(device):
    GPIO(8, "out", 4, device).write(0b1010)
    assert device.calls == [(8, 0), (9, 1), (10, 0), (11, 1)]
    pins = GPIO(8, "in", 4, device)
    assert pins.read() == 0b1010
    assert repr(pins) == "GPIO(8..11, 'in')"


@pytest.mark.parametrize(
    ("touch", "error", "text"),
    [
        (lambda d: GPIO(0, "inout", device=d), ValueError, "Direction should be in or out."),
        (lambda d: GPIO(-79, "in", device=d), ValueError, "GPIO expected an index from -78 on, got -79"),
        (lambda d: GPIO(0, "in", 0, d), ValueError, "GPIO expected a width of 1 to 128 pins, got 0"),
        (lambda d: GPIO(0, "out", device=d).read(), AttributeError, "Cannot read GPIO output."),
        (lambda d: GPIO(0, "in", device=d).write(1), AttributeError, "Cannot write GPIO input."),
        (lambda d: GPIO(0, "out", device=d).write(2), ValueError, "Can only write integer 0 or 1."),
        (lambda d: GPIO(0, "out", device=d).write("1"), ValueError, "Can only write integer 0 or 1."),
        (lambda d: GPIO(0, "out", 4, d).write(16), ValueError, "GPIO 0 expected an integer of 4 bits (0 to 0xf), got 16"),
        (lambda d: GPIO.get_gpio_pin(-79, device=d), ValueError, "GPIO expected an index from -78 on, got -79"),
    ],
)
def test_what_cannot_be_touches_no_pin(device, touch, error, text):
    with pytest.raises(error) as raised:
        touch(device)
    assert str(raised.value) == text
    assert device.calls == []


def test_released_and_stale(device):
    pin = GPIO(0, "in", device=device, generation=0)
    device.generation = 1
    with pytest.raises(StaleOverlayError, match="GPIO 0 belongs to an overlay that has been replaced on device 'bus spy'"):
        pin.read()
    pin.release()
    pin.release()
    with pytest.raises(RuntimeError, match="GPIO 0 has been released"):
        pin.read()


def test_a_device_without_gpio(bus_spy):
    with pytest.raises(RuntimeError, match="has no GPIO"):
        GPIO(0, "in", device=bus_spy).read()


def test_pynqs_numbers(active_device, bus_spy):
    class Pin:
        index, width = 3, 4

    class Design:
        gpio = (Pin,)

    active_device(bus_spy)
    assert (GPIO.get_gpio_pin(5), GPIO.get_gpio_base(), GPIO.get_gpio_npins()) == (5, 0, 0)
    bus_spy.design = Design
    assert GPIO.get_gpio_npins() == 7
    assert GPIO(0, "in").device is bus_spy
