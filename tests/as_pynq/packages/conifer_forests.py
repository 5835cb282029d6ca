"""The drivers of conifer for a Zynq: a Forest Processing Unit, which is given its trees, and a forest that was made into logic.

Given the design; the models do what the sources of the cores, which come with conifer, do.
"""

import json
import sys

import numpy as np

import pynq_widgets.as_pynq  # noqa: F401
from pynq_widgets import model

from conifer.backends.fpu.runtime.pynq import ZynqDriver as ForestUnit  # isort: skip
from conifer.backends.xilinxhls.runtime.pynq import ZynqDriver as Forest  # isort: skip

ENGINES, NODES, ROOTS, FEATURES = 2, 8, 2, 2
INFO = {
    "configuration": {"tree_engines": ENGINES, "nodes": NODES, "roots": ROOTS, "features": FEATURES, "dynamic_scaler": False},
    "metadata": {"version": "1.11"},
}
held = {}


@model("xilinx.com:hls:FPU_Zynq:1.0")
def unit(core):
    info = json.dumps(INFO).encode()
    core.infoLength = len(info)
    shapes = {"roots": (ENGINES, ROOTS + 1), "nodes": (ENGINES, NODES, 7), "scales": (FEATURES + 1,)}
    if core.instruction == 0 and core.info:
        core.buffer(core.info, (len(info),), "u1")[:] = list(info)
    elif core.instruction == 1:
        for name, shape in shapes.items():
            held[name] = core.buffer(getattr(core, f"{name}_in"), shape, "f4" if name == "scales" else "i4").copy()
    elif core.instruction == 2:
        for name, shape in shapes.items():
            core.buffer(getattr(core, f"{name}_out"), shape, "f4" if name == "scales" else "i4")[:] = held[name]
    elif core.instruction == 3:
        rows = core.buffer(core.X, (core.batch_size, core.n_features), "i4")
        core.buffer(core.y, (core.batch_size,), "i4")[:] = [score(row) for row in rows]


def score(row):
    total = 0
    for nodes, (count, *roots) in zip(held["nodes"], held["roots"], strict=True):
        for at in roots[:count]:
            while not nodes[at][6]:
                threshold, _, feature, left, right = nodes[at][:5]
                at = left if row[feature] <= threshold else right
            total += nodes[at][1]
    return total


@model("xilinx.com:hls:conifer_forest:1.0")
def forest(core):
    core.n_f, core.n_c = FEATURES, 1
    if core.N:
        rows = core.buffer(core.x, (core.N, FEATURES), "f4")
        core.buffer(core.score, (core.N,), "f4")[:] = np.where(rows[:, 0] > rows[:, 1], 1.5, -0.5)


def inner(feature, threshold, left, right):
    return [threshold, 0, feature, left, right, 0, 0]


def leaf(value):
    return [0, value, -2, -1, -1, 0, 1]


nodes = np.zeros((ENGINES, NODES, 7), "i4")
nodes[0, :3] = inner(0, 5, 1, 2), leaf(3), leaf(-2)
nodes[0, 3:6] = inner(1, -1, 4, 5), leaf(70), leaf(0)
nodes[1, :5] = inner(1, 0, 1, 4), inner(0, 0, 2, 3), leaf(100), leaf(400), leaf(0)
roots = np.array([[2, 0, 3], [1, 0, 0]], "i4")
scales = np.array([1, 1, 1], "f4")
fpu = ForestUnit(sys.argv[1], batch_size=4)
fpu.load(nodes, roots, scales, n_features=FEATURES, batch_size=4)
rows = np.array([[6, 1], [5, -1], [0, 0], [1, -7]], "i4")
scores = fpu.predict(rows).ravel().tolist()
for buffer in (fpu.interfaceNodes, fpu.roots, fpu.scales):
    buffer[:] = 0
fpu.read()
fixed = Forest(sys.argv[1], batch_size=3)
print(
    json.dumps(
        {
            "configuration": fpu.config,
            "scores": scores,
            "read back": [bool(np.array_equal(*pair)) for pair in ((fpu.interfaceNodes, nodes), (fpu.roots, roots), (fpu.scales, scales))],
            "logic": fixed.decision_function(np.array([[1, 2], [2, 1], [0, 0]], "f4")).ravel().tolist(),
        }
    )
)
