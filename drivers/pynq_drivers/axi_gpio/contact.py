"""What a button and a switch have in common: an input wire of a GPIO channel that is 0 or 1."""

from __future__ import annotations

from typing import Any

from pynq_drivers.axi_gpio.led import needs


class Contact:
    """`device` is an input wire, or anything else with the methods `read` and `wait_for_value`."""

    _usual: str  # name of the core on boards

    def __init__(self, device: Any) -> None:
        kind = type(self).__name__
        self._impl = needs(device, kind, ("read", "wait_for_value"), f"{kind}(ol.{self._usual}.channel1[0])")

    def read(self) -> int:
        """0 or 1, as it is now."""
        return int(self._impl.read())

    @property
    def value(self) -> int:
        """As `read`."""
        return self.read()

    def wait_for_value(self, value: int, timeout: float | None = None) -> None:
        """Returns once it reads `value`, 0 or 1; TimeoutError where `timeout` seconds have passed."""
        _check(value)
        if timeout is None:
            self._impl.wait_for_value(value)
        else:
            self._impl.wait_for_value(value, timeout=timeout)

    async def wait_for_value_async(self, value: int, timeout: float | None = None) -> None:
        """As `wait_for_value`, for a coroutine; RuntimeError where the core's interrupt is not connected."""
        _check(value)
        if timeout is None:
            await self._impl.wait_for_value_async(value)
        else:
            await self._impl.wait_for_value_async(value, timeout=timeout)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._impl!r}>"


def _check(value: int) -> None:
    if value not in (0, 1):
        raise ValueError(f"'value' must be 0 or 1, not {value!r}.")
