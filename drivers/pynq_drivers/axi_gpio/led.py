"""An LED on a wire of a GPIO channel. The shape of the API is PYNQ's."""

from __future__ import annotations

from typing import Any


def needs(device: Any, kind: str, methods: tuple[str, ...], example: str) -> Any:
    """`device`; TypeError where it has not the methods that a `kind` needs."""
    if any(not callable(getattr(device, name, None)) for name in methods):
        raise TypeError(
            f"'device' must contain {kind} methods: {list(methods)}, which the {type(device).__name__} {device!r} has not; "
            f"take a wire of a GPIO channel: {example}"
        )
    return device


class LED:
    """A LED, such as ``LED(ol.leds_gpio.channel1[0])``.

    `device` is an output wire, or anything else with the methods `on`, `off` and `toggle`.
    """

    def __init__(self, device: Any) -> None:
        self._impl = needs(device, "LED", ("on", "off", "toggle"), "LED(ol.leds_gpio.channel1[0])")

    def on(self) -> None:
        """Turn on led."""
        self._impl.on()

    def off(self) -> None:
        """Turn off led."""
        self._impl.off()

    def toggle(self) -> None:
        """Toggle led on/off."""
        self._impl.toggle()

    @property
    def value(self) -> int:
        """1 where it is lit, 0 where it is not: what its wire is driven to. Settable to 0 or 1."""
        # Reading a wire that can be both would make an input of it, and the LED would go out.
        read = getattr(self._impl, "driven", None) or self._impl.read
        return int(read())

    @value.setter
    def value(self, value: int) -> None:
        if value not in (0, 1):
            raise ValueError(f"an LED is 0 or 1, not {value!r}")
        (self.on if value else self.off)()

    def __repr__(self) -> str:
        return f"<LED at {self._impl!r}>"
