"""Spectra: sines of known amplitude, Parseval, and what costs little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.analysis.spectrum import WINDOWS, segment_starts, spectrum
from pynq_widgets.analysis.waterfall import waterfall
from pynq_widgets.analysis.windows import coherent_gain, noise_bandwidth, window

from .drawn import REAL, lines


def sine(size, line, amplitude=1.0, phase=0.4):
    return amplitude * np.cos(2 * np.pi * line * np.arange(size) / size + phase)


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("size", [256, 255])
def test_a_sine_on_a_line_shows_its_amplitude(name, size):
    found = spectrum(sine(size, 40, 3.5), rate=size * 10.0, size=size, window=name, db=False)
    assert found.unit == ""
    assert found.frequency[40] == pytest.approx(400.0)
    assert found.level[40] == pytest.approx(3.5, rel=1e-12)
    assert found.resolution == 10.0
    assert found.level[60:].max() < 1e-3
    tone = 2.5 * np.exp(-2j * np.pi * 40 * np.arange(size) / size)
    both = spectrum(tone, rate=size * 10.0, size=size, window=name, db=False)
    assert both.frequency.size == size
    assert (np.diff(both.frequency) > 0).all()
    peak = int(both.level.argmax())
    assert both.frequency[peak] == pytest.approx(-400.0)
    assert both.level[peak] == pytest.approx(2.5, rel=1e-12)


def test_flat_top_tells_the_amplitude_between_lines():
    found = spectrum(sine(1000, 40.5), size=1000, window="flat top")
    assert found.level.max() == pytest.approx(0, abs=0.02)
    assert spectrum(sine(1000, 40.5), size=1000, window="rectangular").level.max() < -3


def test_zero_and_half_the_rate_are_not_doubled():
    data = 2.0 + 3.0 * np.cos(np.pi * np.arange(64))
    level = spectrum(data, window="rectangular", db=False).level
    assert level[0] == pytest.approx(2)
    assert level[-1] == pytest.approx(3)


@given(st.integers(1, 300), st.booleans(), st.integers(0, 99))
def test_parseval(size, is_complex, seed):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=size) + (1j * rng.normal(size=size) if is_complex else 0)
    level = spectrum(data, size=size, window="rectangular", averages=1, db=False).level
    power = level**2
    if not is_complex:
        power[1 : (size + 1) // 2] /= 2
    assert power.sum() == pytest.approx(np.mean(np.abs(data) ** 2))


@pytest.mark.parametrize("dtype", ["i1", ">i2", "i4", "i8", "u1", "u2"])
def test_a_sine_that_fills_an_integer_is_at_0_dbfs(dtype):
    info = np.iinfo(dtype)
    middle = 0 if info.min else 2.0 ** (info.bits - 1)
    data = np.rint(sine(512, 50, (2.0 ** (info.bits - 1)) * 0.99)) + middle
    found = spectrum(data.astype(dtype), size=512)
    assert found.unit == "dBFS"
    assert found.level[50] == pytest.approx(20 * np.log10(0.99), abs=0.02)
    linear = spectrum(data.astype(dtype), size=512, db=False)
    assert linear.level[50] == pytest.approx(2.0 ** (info.bits - 1) * 0.99, rel=0.01)


def test_against_welch():
    signal = pytest.importorskip("scipy.signal")
    data = np.random.default_rng(1).normal(size=4096)
    _, power = signal.welch(data, 1.0, "hann", 512, 256, detrend=False, scaling="spectrum")
    found = spectrum(data, size=512, averages=100, db=False)
    assert found.averages == 15
    assert found.level[1:-1] == pytest.approx(np.sqrt(2 * power[1:-1]))
    assert found.level[[0, -1]] == pytest.approx(np.sqrt(power[[0, -1]]))


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_are_those_of_others(name):
    windows = pytest.importorskip("scipy.signal.windows")
    named = {"rectangular": "boxcar", "blackman-harris": "blackmanharris", "flat top": "flattop"}.get(name, name)
    expected = windows.get_window(named, 101)
    assert window(name, 101) == pytest.approx(expected, abs=1e-9)
    assert coherent_gain(name, 101) == pytest.approx(expected.mean())
    assert noise_bandwidth(name, 101) == pytest.approx(101 * (expected**2).sum() / expected.sum() ** 2)
    assert window(name, 1).tolist() == [1.0]


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1.0, 1e300])
def test_any_scale(scale):
    data = sine(256, 20, 1.0) * scale
    found = spectrum(data, size=256, db=False)
    assert found.level[20] == pytest.approx(scale, rel=1e-3)
    assert spectrum(data, size=256).level[20] == pytest.approx(20 * np.log10(scale), abs=0.1)


def test_segments_of_different_scales_add_up():
    data = np.concatenate([sine(256, 20, 1e-200), sine(256, 20, 1.0), sine(256, 20, 1e200)])
    assert spectrum(data[:512], size=256, averages=2, db=False).level[20] == pytest.approx(np.sqrt(0.5))
    assert spectrum(data, size=256, averages=3, db=False).level[20] == pytest.approx(1e200 * np.sqrt(1 / 3))


def test_a_nan_spoils_its_segments_only():
    data = sine(4096, 512, 2.0)
    data[700] = np.nan
    found = spectrum(data, size=512, averages=20, db=False)
    assert (found.averages, found.left_out) == (13, 2)
    assert found.level[64] == pytest.approx(2)
    nothing = spectrum(np.full(100, np.inf))
    assert (nothing.averages, nothing.left_out) == (0, 1)
    assert np.isnan(nothing.level).all()


def test_quadrature_makes_a_complex_signal():
    samples = np.empty((512, 2), "<i2")
    samples[:, 0], samples[:, 1] = sine(512, -30, 8192, 0), sine(512, -30, 8192, np.pi / 2)
    found = spectrum(samples[:, 0], 512.0, size=512, window="rectangular", quadrature=samples[:, 1])
    peak = int(found.level.argmax())
    assert abs(found.frequency[peak]) == 30
    assert found.level[peak] == pytest.approx(20 * np.log10(8192 / 32768), abs=0.01)
    assert np.delete(found.level, peak).max() < -60
    assert waterfall(samples[:, 0], quadrature=samples[:, 1], size=64).level.shape == (15, 64)


def test_long_data_costs_no_more(monkeypatch):
    from pynq_widgets.analysis import spectrum as module

    taken = []

    def native(block, real=module.native):
        taken.append(block.size)
        return real(block)

    monkeypatch.setattr(module, "native", native)
    data = np.zeros(5_000_000, "i2")
    found = spectrum(data, size=1024, averages=8)
    assert (found.averages, taken) == (8, [1024] * 8)
    taken.clear()
    waterfall(data, size=256, rows=30)
    assert taken == [256] * 30
    starts = segment_starts(data.size, 1024, 8)
    assert (starts[0], starts[-1]) == (0, data.size - 1024)


def test_nothing_and_next_to_nothing():
    empty = spectrum(np.empty(0, "i2"))
    assert empty.frequency.size == empty.level.size == 0
    one = spectrum(np.array([-5.0]), db=False)
    assert one.level.tolist() == [5.0]
    assert spectrum(np.zeros(100, "i2")).level.max() == pytest.approx(-320)
    assert spectrum(np.array([1 + 1j])).frequency.tolist() == [0.0]
    fall = waterfall(np.empty(0))
    assert fall.level.shape == (0, 0)
    assert waterfall(np.zeros(5)).level.shape == (1, 3)


@given(lines(REAL, 3000), st.integers(1, 600), st.sampled_from(sorted(WINDOWS)), st.integers(1, 9))
def test_any_signal_has_finite_levels(data, size, name, averages):
    found = spectrum(data, size=size, window=name, averages=averages)
    assert found.frequency.size == found.level.size
    if found.averages:
        assert np.isfinite(found.level).all()
    fall = waterfall(data, size=size, rows=averages, window=name)
    assert fall.level.shape == (fall.time.size, fall.frequency.size)
    assert fall.time.size <= averages
    assert (np.diff(fall.time) > 0).all()


def test_a_waterfall_shows_when():
    rate = 1000.0
    data = np.concatenate([sine(1000, 100), sine(1000, 300)])
    fall = waterfall(data, rate, size=100, rows=20, db=False)
    assert fall.level.shape == (20, 51)
    assert fall.time[0] == pytest.approx(0.0495)
    assert fall.time[-1] == pytest.approx(1.9495)
    peaks = fall.frequency[fall.level.argmax(axis=1)]
    assert set(peaks[:9]) == {100.0}
    assert set(peaks[-9:]) == {300.0}
    data[:50] = np.nan
    assert np.isnan(waterfall(data, rate, size=100, rows=20).level[0]).all()


def test_wrong_arguments_are_named():
    data = np.zeros(10)
    for arguments, message in [
        ({"window": "han"}, "no window 'han'; did you mean 'hann'?"),
        ({"window": "zzz"}, "no window 'zzz'; there are 'rectangular', 'hann', 'hamming', 'blackman', 'blackman-harris', 'flat top'"),
        ({"rate": 0}, "a sample rate is a number above 0, not 0"),
        ({"rate": float("nan")}, "a sample rate is a number above 0, not nan"),
        ({"size": 0}, "a segment has 1 to 16777216 samples, not 0"),
        ({"averages": 0}, "at least 1 segment is needed, not 0"),
    ]:
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            spectrum(data, **arguments)
        assert str(caught.value) == message
    with pytest.raises(ValueError, match=r"spectrum expected a 1-D array, not one of shape \(2, 2\)"):
        spectrum(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="waterfall expected numbers, not <U1"):
        waterfall(np.array(["a"]))
    with pytest.raises(ValueError, match="waterfall expected at least 1 row, not 0"):
        waterfall(data, rows=0)
