"""What the FIR core does, for the simulated device: the arithmetic between its streams. The control registers are those of any HLS core."""

from __future__ import annotations

from typing import Any

from pynq_drivers.fir import arithmetic


def fir(core: Any) -> None:
    """One packet of ``x`` becomes one of ``y``. More taps than the core has are as many as it has; none make silence."""
    coefficients = core.array("Memory_coefficients", "i2")[: min(core.taps, arithmetic.MAX_TAPS)]
    samples, clipped = arithmetic.filtered(core.receive("x", "i2"), coefficients, core.shift & arithmetic.MAX_SHIFT)
    core.send("y", samples)
    core.clipped = clipped
