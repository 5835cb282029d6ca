"""The registers of AXI INTC, for driver and model.

Source: AMD PG099, AXI Interrupt Controller v4.1: "Register Space" (ISR, IPR, IER, IAR, SIE, CIE, IVR, MER, IMR, ILR, IVAR) and the
parameters that leave some of them out ("Design Parameters"). Offsets, access and reset values also stand in design files.
"""

from __future__ import annotations

from collections.abc import Mapping

from pynq_drivers import parameters
from pynq_drivers.layout import field, register
from pynq_widgets.design import Register

ISR, IPR, IER, IAR, SIE, CIE, IVR, MER, IMR, ILR = range(0x0, 0x28, 4)
IVAR, IVAR_END = 0x100, 0x180
NONE_PENDING = 0xFFFFFFFF
ME, HIE = 1, 2
CASCADE_INPUT = 31  # of a controller in cascade mode, where the next one arrives


def inputs(given: Mapping[str, str]) -> tuple[int, int]:
    """How many inputs are pins, and how many more are software's."""
    hardware = parameters.integer(given, "C_NUM_INTR_INPUTS", 1)
    return hardware, max(0, min(parameters.integer(given, "C_NUM_SW_INTR", 0), 32 - hardware))


def layout(given: Mapping[str, str]) -> list[Register]:
    """The registers that a controller with these parameters has."""
    count = sum(inputs(given))
    every = field("INT", 0, count, "an input each")

    def has(name: str, default: int) -> bool:
        return parameters.integer(given, f"C_HAS_{name}", default) != 0

    # Reset values of IER and MER are the guide's 0; both are kept by software from then on.
    found = [register("ISR", ISR, "RW", 0, "Inputs that are active or latched", every)]
    if has("IPR", 1):
        found.append(register("IPR", IPR, "R", 0, "Inputs that are active and enabled", every))
    found.append(register("IER", IER, "RW", 0, "Inputs that are enabled", every))
    found.append(register("IAR", IAR, "W", None, "Acknowledges the inputs written as 1", field("INT", 0, count, write="oneToClear")))
    if has("SIE", 1):
        found.append(register("SIE", SIE, "W", None, "Enables the inputs written as 1", field("INT", 0, count, write="oneToSet")))
    if has("CIE", 1):
        found.append(register("CIE", CIE, "W", None, "Disables the inputs written as 1", field("INT", 0, count, write="oneToClear")))
    if has("IVR", 1):
        found.append(register("IVR", IVR, "R", NONE_PENDING, "The pending input that comes first; all ones: none"))
    found.append(
        register(
            "MER", MER, "RW", 0, "Master enable", field("ME", 0, 1, "the output is on"), field("HIE", 1, 1, "inputs are taken, until reset")
        )
    )
    if has("FAST", 0):
        found.append(register("IMR", IMR, "RW", 0, "Inputs in fast mode, which the processor acknowledges by wires", every))
    if has("ILR", 0):
        found.append(register("ILR", ILR, "RW", NONE_PENDING, "Inputs from this one on are held back"))
    if has("FAST", 0):
        vector = parameters.integer(given, "C_IVAR_RESET_VALUE", 0x10)
        found += [register(f"IVAR{i}", IVAR + 4 * i, "RW", vector, f"Where input {i} leads in fast mode") for i in range(count)]
    return found
