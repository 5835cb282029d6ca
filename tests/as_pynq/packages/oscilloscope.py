"""What the README of pynq-oscilloscope shows of capture and filter, on a model of its logic: two tones at A0, a steady voltage at A1.

Given the design. plotly (its dashboards) and pydwf (a USB instrument and the library of its maker) have stand-ins.
"""

import json
import sys
from unittest.mock import MagicMock

import numpy as np

import pynq_widgets.as_pynq  # noqa: F401
from pynq_widgets import IPModel, model

sys.modules.update({name: MagicMock() for name in ("plotly", "plotly.graph_objects", "plotly.subplots", "pydwf", "pydwf.utilities")})
from pynq_oscilloscope import OscilloscopeOverlay  # noqa: E402

LOW, HIGH = 4, 100  # bins


def tone(count: int, which: int, amplitude: float) -> np.ndarray:
    return amplitude * np.cos(2 * np.pi * which * np.arange(count) / count)


class Words(IPModel):
    """Registers that hold what was written."""

    def reset(self):
        self.words = {}

    def read(self, interface, offset):
        return self.words.get(offset, 0)

    def write(self, interface, offset, value):
        self.words[offset] = value


@model("user.org:user:axis_spectral_mask:1.0")
class Mask(Words):
    def passes(self, count: int) -> np.ndarray:
        control, start, stop = (self.words.get(offset, 0) for offset in (0, 4, 8))
        bins = np.minimum(np.arange(count), count - np.arange(count))
        within = (bins >= start) & (bins <= stop)
        return [bins <= stop, bins >= start, within, ~within][control >> 1 & 3] if control & 1 else np.ones(count, bool)


@model("user.org:user:axis_trigger_unit:1.0")
class Trigger(Words):
    def write(self, interface, offset, value):
        super().write(interface, offset, value)
        if (offset, value) == (0, 0x0B):  # armed, once, by itself
            self.capture(self.words[0x1C] // 2)

    def capture(self, count: int) -> None:
        a0 = 1.65 + tone(count, LOW, 0.5) + tone(count, HIGH, 0.8)
        codes = np.round(np.stack([a0, np.full(count, 1.0)], axis=1) / 3.3 * 4095).astype("<u2") << 4
        spectrum = np.fft.fft(a0 - 1.65) * self.context.model_of("axis_spectral_mask_0").passes(count)
        self.context.stream("m_time").send(codes.tobytes())
        self.context.stream("m_spectrum").send(np.round(np.abs(spectrum)).astype("<u2").tobytes())
        self.context.stream("m_filtered").send(np.round(32768 + np.fft.ifft(spectrum).real / 1.65 * 32768).astype("<u2").tobytes())


ol = OscilloscopeOverlay(sys.argv[1])
profile = ol.set_profile("audio")
ol.filter.set_lowpass(cutoff_hz=250.0)
v_a0, v_a1, v_filt, freqs, mags = ol.capture_all()
count, shown = profile["packet_size"] // 2, slice(8, -8)
ol.filter.set_highpass(cutoff_hz=1000.0)
_, _, high, high_freqs, high_mags = ol.capture_all()
print(
    json.dumps(
        {
            "raw": float(np.abs(v_a0 - 1.65 - (tone(count, LOW, 0.5) + tone(count, HIGH, 0.8))[shown]).max()),
            "steady": float(np.abs(v_a1 - 1.0).max()),
            "lowpass": float(np.abs(v_filt - 1.65 - tone(count, LOW, 0.5)[shown]).max()),
            "highpass": float(np.abs(high - 1.65 - tone(count, HIGH, 0.8)[shown]).max()),
            "peak": [float(freqs[np.argmax(mags)]), float(high_freqs[np.argmax(high_mags)])],
            "filter": repr(ol.filter),
            "trigger": repr(ol.trigger),
        }
    )
)
ol.close()
