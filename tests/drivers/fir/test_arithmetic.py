"""The filter against the definition of a filter, and the way of real coefficients into 16 bits and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_drivers.fir import arithmetic

SIXTEEN_BITS = st.integers(-(1 << 15), (1 << 15) - 1)
COEFFICIENTS = st.lists(SIXTEEN_BITS, min_size=1, max_size=32)


def by_definition(x: list[int], c: list[int], shift: int) -> tuple[list[int], int]:
    wanted, clipped = [], 0
    for n in range(len(x)):
        total = sum(c[k] * x[n - k] for k in range(len(c)) if n >= k) >> shift
        inside = max(-(1 << 15), min((1 << 15) - 1, total))
        clipped += inside != total
        wanted.append(inside)
    return wanted, clipped


@given(st.lists(SIXTEEN_BITS, max_size=80), st.lists(SIXTEEN_BITS, max_size=32), st.integers(0, 31))
def test_filtered_is_the_sum_shifted_and_clipped(x: list[int], c: list[int], shift: int) -> None:
    y, clipped = arithmetic.filtered(x, c, shift)
    assert y.dtype == np.int16
    assert (y.tolist(), clipped) == by_definition(x, c, shift)


@given(COEFFICIENTS)
def test_packed_words_hold_the_coefficients_in_order(c: list[int]) -> None:
    words = arithmetic.packed(np.array(c, dtype=np.int16))
    assert len(words) == 16
    assert words[0] & 0xFFFF == c[0] & 0xFFFF
    assert arithmetic.unpacked(words).tolist() == c + [0] * (32 - len(c))


@given(st.lists(st.floats(-32768, 32767), min_size=1, max_size=32))
def test_quantized_is_as_near_as_the_scale_allows(real: list[float]) -> None:
    integers, shift = arithmetic.quantized(real)
    assert 0 <= shift <= 15
    assert np.abs(np.ldexp(integers.astype(float), -shift) - real).max() <= 0.5 / (1 << shift)
    if shift < 15:  # with one bit more, some coefficient would not fit
        doubled = np.rint(np.ldexp(real, shift + 1))
        assert doubled.max() > 32767 or doubled.min() < -32768


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], r"expected 1 to 32 coefficients in one dimension, not shape \(0,\)"),
        ([0.0] * 33, r"expected 1 to 32 coefficients in one dimension, not shape \(33,\)"),
        ([[1.0]], r"expected 1 to 32 coefficients in one dimension, not shape \(1, 1\)"),
        ([1.0, math.nan], r"coefficients are finite numbers, but number 1 is nan"),
        ([math.inf], r"coefficients are finite numbers, but number 0 is inf"),
        ([1e6, 0], r"coefficients are in -32768 to 32767, but they go from 0 to 1e\+06"),
    ],
)
def test_coefficients_that_cannot_be_are_refused(values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        arithmetic.quantized(values)


@given(st.floats(0.1, 0.4), st.integers(24, 32))
def test_low_pass_passes_what_is_slow_and_halves_at_the_cutoff(cutoff: float, taps: int) -> None:
    c = arithmetic.low_pass(cutoff, taps)
    assert c.sum() == pytest.approx(1)
    assert c == pytest.approx(c[::-1])  # no phase distortion
    response = abs(np.sum(c * np.exp(-2j * np.pi * cutoff * np.arange(taps))))
    assert 0.45 < response < 0.55


@pytest.mark.parametrize("cutoff", [0, 0.5, -1, math.nan])
def test_a_cutoff_outside_the_band_is_refused(cutoff: float) -> None:
    with pytest.raises(ValueError, match=rf"^cutoff is a fraction of the sample rate between 0 and 0.5, not {cutoff!r}$"):
        arithmetic.low_pass(cutoff)


@pytest.mark.parametrize("taps", [0, 33])
def test_more_taps_than_the_core_has_are_refused(taps: int) -> None:
    with pytest.raises(ValueError, match=rf"^the core has room for 1 to 32 taps, not {taps}$"):
        arithmetic.low_pass(0.1, taps)
