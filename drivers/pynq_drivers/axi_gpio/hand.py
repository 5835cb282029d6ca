"""The hand that presses buttons: on the simulated device it moves the pins of a GPIO channel; on a board only a person's does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynq_drivers.axi_gpio.driver import AxiGPIO


def why_not(core: AxiGPIO, channel: int) -> str:
    """Why the inputs of `channel` (1 or 2) cannot be moved from here; empty where they can."""
    if not hasattr(core.device, "model_of"):
        return "on hardware, only hands and cables move them"
    driver = _driver(core, channel)
    if driver is not None and driver.module is not None:
        inside = "the core's own outputs" if driver.module == core.description["fullpath"] else driver.path
        return f"driven by {inside} in this design"
    return ""


def put(core: AxiGPIO, channel: int, level: int, mask: int) -> None:
    """Puts `level` on those pins of `channel` that are 1 in `mask`.

    The port of the design is driven where the pins are one, so that whatever else hangs on it sees it. Raises RuntimeError where no hand
    reaches them.
    """
    reason = why_not(core, channel)
    if reason:
        raise RuntimeError(f"{core.channel1.name if channel == 1 else core.channel2.name}: its inputs cannot be moved here: {reason}")
    device = core.device
    model = device.model_of(core.description["fullpath"])
    with device.lock:
        value = (model.inputs(channel) & ~mask) | (level & mask)
        port = _driver(core, channel)
        if port is not None and port.width == model.width(channel):
            device.drive(port.port, value)
        if model.inputs(channel) != value:  # somebody has set the pins at the model since, or nothing is connected to them
            model.set_inputs(value, channel)


def _driver(core: AxiGPIO, channel: int) -> Any:
    """The pin that gives the inputs of `channel` their level; None where nothing in the design does."""
    module, design = core.description.get("module"), core.description.get("design")
    if module is None or design is None:
        return None
    name = "gpio_io_i" if channel == 1 else "gpio2_io_i"
    port = module.ports.get(name)
    net = design.nets.get(port.net) if port is not None and port.net is not None else None
    return None if net is None else net.driver
