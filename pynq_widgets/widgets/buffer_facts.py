"""What is known of a buffer, in words. Nothing here touches the buffer's caches, and nothing formats a large array as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from pynq_widgets.analysis.curve import Array, plain
from pynq_widgets.analysis.statistics import Statistics

_EDGE = 3  # elements quoted from each end
_LONGEST = 60  # characters of one element


def facts(array: Array) -> list[tuple[str, str]]:
    """Name and value of each fact: shape, type, size, address, the cache's side, device."""
    words = -(-array.nbytes // 4)
    size = f"{_count(array.size, 'element')}, {_count(array.nbytes, 'byte')}, {_count(words, 'word')} of 32 bits"
    found = [("Shape", shape_text(array)), ("Type", type_text(array)), ("Size", size), ("Physical address", address_text(array))]
    side = side_text(array)
    if side:
        found.append(("Cache", side))
    device = device_of(array)
    if device is not None:
        kind = str(getattr(device, "kind", "") or "")
        tag = str(getattr(device, "tag", "") or "")
        found.append(("Device", f"{kind.capitalize()} ({tag})" if tag and tag != kind else kind.capitalize()))
    return [fact for fact in found if fact[1]]


def device_of(array: Array) -> Any:
    """The device whose memory `array` is, None for memory of the host."""
    device = getattr(array, "device", None)
    # Since numpy 2 every array has a device: the string "cpu".
    return None if isinstance(device, str) else device


def buffer_name(array: Array) -> str:
    """The name that it was given; else its type and shape, and the cell of the notebook that made it where the device knows."""
    return given_name(array) or unnamed(array)


def given_name(array: Array) -> str:
    """The name that a buffer was allocated with; '' where it was given none, and for other arrays."""
    name = getattr(array, "name", "") if hasattr(array, "freed") else ""
    return name if isinstance(name, str) else ""


def unnamed(array: Array) -> str:
    """``int16[16384]``, or ``int16[16384], In[2]:1`` of a buffer that a cell of a notebook made."""
    kind = array.dtype.name if array.dtype.names is None else "structure"
    text = f"{kind}[{', '.join(map(str, array.shape))}]" if array.ndim else kind
    made = _cell_of(array)
    return f"{text}, {made}" if made else text


def _cell_of(array: Array) -> str:
    """The cell and the line that made a buffer; '' for others, and where nobody kept it."""
    from pynq_widgets.device.simulated.leaks import place

    at = getattr(getattr(device_of(array), "memory", None), "at", None)
    if not callable(at) or gone_text(array):
        return ""
    try:
        found = at(int(array.physical_address))  # type: ignore[attr-defined]
        where = place(found.file, found.line)
    except Exception:  # a copy has no address, and another device's memory no such record
        return ""
    return where if where.startswith("In[") else ""


def shape_text(array: Array) -> str:
    """``1,024`` or ``480 x 640 x 3``."""
    return " \N{MULTIPLICATION SIGN} ".join(f"{n:,}" for n in array.shape) if array.ndim else "scalar"


def type_text(array: Array) -> str:
    """numpy's name of the element type, with its byte order where that is not the processor's."""
    dtype = array.dtype
    text = str(dtype) if dtype.names is None else f"structure of {', '.join(map(str, dtype.names))}"
    return text if dtype.isnative or dtype.names is not None else f"{dtype.name}, {'big' if dtype.str[0] == '>' else 'little'}-endian"


def address_text(array: Array) -> str:
    """The physical address, or why there is none."""
    if gone_text(array):
        return "none any more"
    if not hasattr(type(array), "physical_address"):
        return "none (memory of the host)" if type(array) is np.ndarray else "none"
    try:
        address = array.physical_address  # type: ignore[attr-defined]
    except Exception as error:
        # A copy says why it has no address; that is the fact.
        return f"none: {str(error).splitlines()[0]}" if str(error) else "none"
    return "none" if address is None else f"{int(address):#010x}"


def side_text(array: Array) -> str:
    """Whether what is shown is what the hardware sees."""
    coherent, cacheable = getattr(array, "coherent", None), getattr(array, "cacheable", None)
    if coherent is None and cacheable is None:
        return ""
    if coherent:
        return "coherent: the processor and the hardware see the same"
    if cacheable is False:
        return "not cached, not coherent"
    return "cached, not coherent: shown is the processor's side (flush and invalidate exchange the two)"


def gone_text(array: Array) -> str:
    """Why the memory behind `array` is not its own any more; empty as long as it is."""
    reason = getattr(array, "gone", "")
    if isinstance(reason, str) and reason:
        return reason
    if getattr(array, "freed", False):
        return "This buffer was freed: its memory may belong to another by now."
    return ""


def value_text(array: Array, index: tuple[int, ...]) -> str:
    """``[3] 42 (0x2a)``: an element (or a pixel of several channels) by its index, exact."""
    where = f"[{', '.join(map(str, index))}] " if index else ""
    value = plain(array)[index]
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{where}({', '.join(_element(item) for item in value[:8])}{', …' if value.size > 8 else ''})"
    return f"{where}{_element(value)}{_hex(value)}"


def numbers_text(numbers: Statistics) -> str:
    """Statistics on one line."""
    if numbers.least is None or numbers.greatest is None:
        return f"{_count(numbers.of, 'sample')}, none of them a finite number"
    seen = "" if numbers.complete else f" ({numbers.count:,} of them looked at)"
    text = (
        f"{numbers.least:.6g} to {numbers.greatest:.6g}, mean {numbers.mean:.6g}, rms {numbers.rms:.6g}, deviation {numbers.deviation:.6g}"
    )
    bad = f", {_count(numbers.not_finite, 'value')} NaN or infinite" if numbers.not_finite else ""
    return f"{text}{bad}, {_count(numbers.of, 'sample')}{seen}"


def plain_text(array: Array) -> str:
    """One line: type, shape, element type, address and the outermost elements."""
    if gone_text(array):
        return repr(array)
    shape = f"({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"
    address = address_text(array)
    at = f", physical_address={address}" if address.startswith("0x") else ""
    return f"{type(array).__name__}(shape={shape}, dtype={array.dtype}{at}): {quoted_text(array)}"


def quoted_text(array: Array) -> str:
    """The outermost elements, in the order of the index: ``[0 1 2 … 7 8 9]``."""
    flat, count = plain(array).flat, array.size
    if count <= 2 * _EDGE:
        quoted = [_element(flat[i]) for i in range(count)]
    else:
        quoted = [*(_element(flat[i]) for i in range(_EDGE)), "…", *(_element(flat[i]) for i in range(count - _EDGE, count))]
    return f"[{' '.join(quoted)}]"


def elements_text(array: Array, start: int, stop: int) -> str:
    """Elements from the `start`-th to below the `stop`-th, each with its index, on lines of their own."""
    flat = plain(array).flat
    lines = []
    for i in range(start, stop):
        index = np.unravel_index(i, array.shape)
        lines.append(f"[{', '.join(str(int(at)) for at in index)}] {_element(flat[i])}{_hex(flat[i])}")
    return "\n".join(lines)


def _element(value: Any) -> str:
    if isinstance(value, np.void) and value.dtype.names is not None:
        text = ", ".join(f"{name}={_element(value[name])}" for name in value.dtype.names[:8])
        text = f"({text})"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _hex(value: Any) -> str:
    if not isinstance(value, np.integer):
        return ""
    bits = 8 * value.dtype.itemsize
    return f" (0x{int(value) & ((1 << bits) - 1):0{bits // 4}x})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
