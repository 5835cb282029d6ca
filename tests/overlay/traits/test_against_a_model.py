"""Random sequences of field writes, reads and transactions, beside a model that knows only integers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.access import Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.overlay.traits import Bit, EnumField, Field, FixedPoint, Float32, Hardware, WideWord, Word, corrected

BLOCK = [
    RegisterInfo("A", 0, fields=(FieldInfo("X", 0, 4), FieldInfo("Y", 4, 1), FieldInfo("Z", 8, 8))),
    RegisterInfo("B", 4),
    RegisterInfo("C", 8),
    RegisterInfo("D", 12),
    RegisterInfo("E", 16),
]
# Attribute: word, lowest bit, width.
PLACES = {
    "x": (0, 0, 4),
    "y": (0, 4, 1),
    "z": (0, 8, 8),
    "top": (0, 24, 8),
    "mode": (0, 16, 2),
    "word": (1, 0, 32),
    "low": (1, 0, 16),
    "point": (2, 0, 16),
    "real": (3, 0, 32),
}


class Ip(Hardware):
    x = Field("A", "X")
    y = Bit("A", "Y")
    z = Field("A", "Z", signed=True)
    top = Field("A", bits=(31, 24), scale=0.25)
    mode = EnumField("A", bits=(17, 16), labels=["a", "b", "c", "d"])
    word = Word("B")
    low = Field("B", bits=(15, 0))
    point = FixedPoint("C", bits=(15, 0), fraction=8)
    real = Float32("D", finite=False)
    wide = WideWord("D")

    def __init__(self, mirror):
        self.registers = mirror


def step():
    place = st.sampled_from(sorted(PLACES))
    raw = st.integers(0, 0xFFFF_FFFF)
    write = st.tuples(st.just("write"), place, raw)
    return st.one_of(
        write,
        st.tuples(st.just("read"), place, raw),
        st.tuples(st.just("outside"), st.just(""), st.tuples(st.integers(0, 4), raw)),
        st.tuples(st.sampled_from(["transaction", "hold"]), st.just(""), st.lists(write, max_size=5)),
    )


@given(st.lists(step(), max_size=25))
@settings(max_examples=80, deadline=None)
def test_every_sequence_leaves_what_the_model_says(steps):
    memory = bytearray(32)
    ip = Ip(Mirror(memory, corrected(BLOCK, Ip.class_traits())))
    model = [0] * 5
    told = {}
    ip.observe(lambda change: told.__setitem__(change.name, change.new), names=sorted(PLACES))

    def put(name, raw):
        word, low, width = PLACES[name]
        mask = (1 << width) - 1
        value = Ip.class_traits()[name].codec(width).decode(raw & mask)
        if value != value:
            return  # a float that is none
        setattr(ip, name, value)
        model[word] = model[word] & ~(mask << low) | (raw & mask) << low

    for kind, name, what in steps:
        if kind == "write":
            put(name, what)
        elif kind == "outside":
            model[what[0]] = what[1]
            memory[4 * what[0] : 4 * what[0] + 4] = what[1].to_bytes(4, "little")
        elif kind == "transaction":
            with ip.transaction():
                for _, inner, raw in what:
                    put(inner, raw)
        elif kind == "hold":
            with ip.hold_trait_notifications():
                for _, inner, raw in what:
                    put(inner, raw)
        else:
            word, low, width = PLACES[name]
            value = getattr(ip, name)
            expected = Ip.class_traits()[name].codec(width).decode(model[word] >> low & (1 << width) - 1)
            assert value == expected or (value != value and expected != expected)
    assert [int.from_bytes(memory[4 * word : 4 * word + 4], "little") for word in range(5)] == model
    for name, value in told.items():
        known = ip.known(name).value
        assert known == value or (known != known and value != value)


def test_the_unused_words_stay():
    memory = bytearray(32)
    ip = Ip(Mirror(memory, corrected(BLOCK, Ip.class_traits())))
    ip.wide = (1 << 64) - 1
    ip.top = 1.5
    assert memory.hex() == "00000006" + "00" * 8 + "ff" * 8 + "00" * 12
