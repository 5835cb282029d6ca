"""Hardware traits: attributes of a driver that are registers, fields and arrays of its IP. See :class:`.base.HardwareTrait`."""

from pynq_widgets import lazy as _lazy

_module_of = {
    "HardwareTrait": ".base",
    "Word": ".word",
    "Field": ".field",
    "Bit": ".bit",
    "EnumField": ".enum_field",
    "FixedPoint": ".fixed_point",
    "Float32": ".float32",
    "Counter": ".counter",
    "WideWord": ".wide_word",
    "RegArray": ".reg_array",
    "Hardware": ".hardware",
    "Hub": ".hub",
    "Known": ".known",
    "LastKnown": ".known",
    "corrected": ".corrections",
}
__all__ = [
    "Bit",
    "Counter",
    "EnumField",
    "Field",
    "FixedPoint",
    "Float32",
    "Hardware",
    "HardwareTrait",
    "Hub",
    "Known",
    "LastKnown",
    "RegArray",
    "WideWord",
    "Word",
    "corrected",
]

__getattr__, __dir__ = _lazy.names(__name__, _module_of)
