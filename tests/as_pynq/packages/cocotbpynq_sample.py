"""The script that cocotbpynq starts from, as it was written for a board, on the handoff beside it: a polynomial between streams.

Given the script; the handoff ``sample.hwh`` and a bitstream are in the current folder.
"""

import runpy
import sys

import numpy as np

import pynq_widgets.as_pynq  # noqa: F401
from pynq_widgets import IPModel, model


@model("xilinx.com:module_ref:poly:1.0")
class Polynomial(IPModel):
    A, B, C = 0x10, 0x18, 0x20

    def reset(self):
        self.words = {}

    def read(self, interface, offset):
        return self.words.get(offset, 0)

    def write(self, interface, offset, value):
        self.words[offset] = value

    def on_stream(self, interface):
        while self.context.stream("x").packets:
            x = np.frombuffer(bytes(self.context.stream("x").receive()[0]), "<u4")
            a, b, c = (self.words[offset] for offset in (self.A, self.B, self.C))
            self.context.stream("y").send((a * x * x + b * x + c).astype("<u4").tobytes())


runpy.run_path(sys.argv[1], run_name="__main__")
