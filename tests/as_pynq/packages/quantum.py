"""The Bell state of pynq-quantum's README, on its backend for logic of one's own: a core that always measures 00 or 11."""

import json
import sys

import pynq_widgets.as_pynq  # noqa: F401
from pynq_widgets import IPModel, model

from pynq_quantum import QuantumOverlay, QubitController  # isort: skip

SHOTS, TRIGGER, STATUS, RESULT, COUNT = 0x08, 0x28, 0x04, 0x30, 0x34
pulses = []


@model("user.org:user:quantum_control:1.0")
class Control(IPModel):
    def reset(self):
        self.results = []
        self.shots = 0

    def write(self, interface, offset, value):
        if offset == SHOTS:
            self.shots = value
        elif offset == TRIGGER:
            self.results = [0b11 * (i % 2) for i in range(self.shots)]
        else:
            pulses.append(offset)

    def read(self, interface, offset):
        if offset == RESULT:
            return self.results.pop()
        return {STATUS: 1, COUNT: len(self.results)}[offset]


overlay = QuantumOverlay(backend="generic", bitstream=sys.argv[1])
qc = QubitController(overlay, num_qubits=2)
qc.h(0)
qc.cnot(0, 1)
qc.measure([0, 1])
print(json.dumps({"counts": qc.run(shots=1000).counts, "writes": len(pulses)}))
overlay.close()
