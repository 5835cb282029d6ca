"""A script of Veriloggen's examples, unchanged, on the bitstream beside it; given the folder and what the core does.

The logic is what the example describes: registers of which the first starts the core and the second says that it is busy, arguments behind
them, memory through ``maxi``.
"""

import os
import runpy
import sys

import numpy as np

import pynq_widgets.as_pynq  # noqa: F401
from pynq_widgets import IPModel, model


class Core(IPModel):
    inlet = outlet = ""

    def reset(self):
        self.words = [0] * 32
        self.busy = False

    def read(self, interface, offset):
        return int(self.busy) if offset == 4 else self.words[offset // 4]

    def write(self, interface, offset, value):
        self.words[offset // 4] = value
        if offset == 0 and value:
            self.busy = True
            self.on_stream(self.inlet)

    def on_stream(self, interface):
        if self.busy and (not self.inlet or self.context.stream(self.inlet).packets):
            self.run(*self.words[2:6])
            self.busy = False

    def load(self, address, *shape):
        return np.frombuffer(bytes(self.context.memory("maxi").read(address, 4 * int(np.prod(shape)))), "<i4").reshape(shape)

    def store(self, address, numbers):
        self.context.memory("maxi").write(address, np.ascontiguousarray(numbers, "<i4").tobytes())

    def receive(self):
        return np.frombuffer(bytes(self.context.stream(self.inlet).receive()[0]), "<i4")

    def send(self, numbers):
        self.context.stream(self.outlet).send(numbers.astype("<i4").tobytes())


class Increment(Core):
    inlet, outlet = "axi_a", "axi_b"

    def run(self, size, *rest):
        self.send(self.receive()[:size] + 1)


class SquaresAndBias(Core):
    inlet, outlet = "axi_in", "axi_out"

    def run(self, size, results, group, bias):
        self.send((self.receive()[:size] ** 2).reshape(-1, group).sum(axis=1) + self.load(bias, results))


class Product(Core):
    def run(self, size, a, b, c):
        self.store(c, self.load(a, size, size) @ self.load(b, size, size).T)


class Copy(Core):
    def run(self, size, source, target, *rest):
        self.store(target, self.load(source, size // 4))


which = {cls.__name__: cls for cls in (Increment, SquaresAndBias, Product, Copy)}[sys.argv[2]]
for vlnv in ("xilinx.com:module_ref:blinkled:1.0", "user.org:user:blinkled:1.0", "user.org:user:memcpy:1.0"):
    model(vlnv)(which)
os.chdir(sys.argv[1])
found = runpy.run_path("run_on_pynq.py")
print(int(abs(found["expected"]).sum()), int(abs(found["diff_sum"])), sep="\n")
