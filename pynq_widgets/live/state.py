"""Configuration in a file: what a snapshot holds of it is saved as YAML, and read back from a file that may come from anybody.

::

    format: pynq_widgets state 1
    design: demo
    saved: 2026-11-22T19:40:00+00:00
    registers:
      hier/timer:
        type: xilinx.com:ip:axi_timer:2.0
        values:
          TLR0: 0x000003E8
          TCSR0: {value: 0x00000012, bits: 0x00000E7F}

`bits` says which bits were saved, where they are not all. Names are those of the design; values are those of the whole register.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pynq_widgets.device.whole_file import whole_file
from pynq_widgets.showing import Shown

from .words import counted

if TYPE_CHECKING:
    from .snapshot import Snapshot

FORMAT = "pynq_widgets state 1"
_LARGEST_FILE = 4 << 20  # bytes; ten thousand registers take half a megabyte


class StateError(ValueError):
    """A state file cannot be used: `path`, `cause`, and the `line` where that can be told (else None)."""

    def __init__(self, path: str, cause: str, line: int | None = None) -> None:
        super().__init__(f"{path}{'' if line is None else f', line {line}'}: {cause}")
        self.path = path
        self.cause = cause
        self.line = line


#: The bits of a value that was saved whole, however wide the register is.
ALL = -1


class Value(NamedTuple):
    """What was saved of a register: its `value`, and the mask of the `bits` that count (:data:`ALL` for all); the others are zero."""

    value: int
    bits: int


class State(Shown):
    """Configuration of registers: what a state file says.

    Attributes
    ----------
    name : str
        The design it was saved from.
    values : Mapping
        Path to register to :class:`Value`.
    types : Mapping[str, str]
        Path to the type of the IP (its VLNV), where the file tells it.
    saved : str
        When, as the file says it.
    source : str
        The file.
    """

    def __init__(
        self,
        values: Mapping[str, Mapping[str, Value]],
        *,
        name: str = "",
        types: Mapping[str, str] | None = None,
        saved: str = "",
        source: str = "",
    ) -> None:
        self.values: Mapping[str, Mapping[str, Value]] = MappingProxyType({p: MappingProxyType(dict(v)) for p, v in values.items()})
        self.types: Mapping[str, str] = MappingProxyType(dict(types or {}))
        self.name = name
        self.saved = saved
        self.source = source

    @classmethod
    def of(cls, snapshot: Snapshot) -> State:
        """All that `snapshot` knows, each register with all its bits."""
        values = {path: {name: Value(value, ALL) for name, value in registers.items()} for path, registers in snapshot.items()}
        return cls(values, name=snapshot.name, types=snapshot.types, source="a snapshot")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        return (self.values, self.types, self.name) == (other.values, other.types, other.name)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        count = sum(map(len, self.values.values()))
        told = f", saved {self.saved}" if self.saved else ""
        return f"<State of {self.name or 'an unnamed design'}: {counted(count, 'register')} of {counted(len(self.values), 'IP')}{told}>"


class Saved(Shown):
    """What was saved: `path` of the file, the number of `registers`, and what was `left_out` (path to register to reason)."""

    def __init__(self, path: str, state: State, left_out: Mapping[str, Mapping[str, str]]) -> None:
        self.path = path
        self.state = state
        self.registers = sum(map(len, state.values.values()))
        self.left_out = left_out

    @property
    def title(self) -> str:
        """One line."""
        left = sum(map(len, self.left_out.values()))
        return f"{counted(self.registers, 'register')} of {counted(len(self.state.values), 'IP')} saved in {self.path}, {left} left out"

    def __repr__(self) -> str:
        lines = [f"  left out: {path}.{name}: {why}" for path, reasons in self.left_out.items() for name, why in reasons.items()]
        return "\n".join([f"Saved: {self.title}", *lines])


def save(snapshot: Snapshot, path: str | os.PathLike[str], drivers: Mapping[str, Any] | None = None) -> Saved:
    """Write what is configuration in `snapshot` to the YAML file `path`; see :mod:`.configuration` for what that is.

    `drivers` maps paths to driver classes, which know better than the design. The file is replaced as a whole or not at all. Gives what
    was saved and what was left out, with the reasons.
    """
    state, left_out = _configuration(snapshot, drivers or {})
    target = Path(path)
    with whole_file(target) as file:
        file.write(_text(state).encode())
    return Saved(str(target), state, left_out)


def _configuration(snapshot: Snapshot, drivers: Mapping[str, Any]) -> tuple[State, dict[str, dict[str, str]]]:
    from .configuration import choose, is_hls, stated

    values: dict[str, dict[str, Value]] = {}
    left_out: dict[str, dict[str, str]] = {}
    for path, details in snapshot.details.items():
        said = stated(drivers.get(path))
        hls = is_hls(snapshot.types.get(path))
        guards = snapshot.left_out.get(path, {})
        held = snapshot.get(path, {})
        for register, info in details.items():
            guard = None if register in held or register in snapshot.failed.get(path, {}) else guards.get(register)
            choice = choose(register, info, guard if info.access != "write-only" else None, said, hls)
            if not choice.parts:
                left_out.setdefault(path, {})[register] = choice.reason
            elif register not in held:
                why = (
                    "it was not written since the overlay was loaded" if info.access == "write-only" else guards.get(register, "not known")
                )
                left_out.setdefault(path, {})[register] = why
            else:
                whole = (1 << info.width) - 1
                mask = choice.mask
                values.setdefault(path, {})[register] = Value(held[register] & mask, ALL if mask == whole else mask)
    saved = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    types = {path: kind for path, kind in snapshot.types.items() if path in values}
    return State(values, name=snapshot.name, types=types, saved=saved), left_out


class _Hex(int):
    """A number that is written in hexadecimal."""


def _text(state: State) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML brings no types
        pass

    def hexadecimal(dumper: Any, number: _Hex) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:int", f"0x{int(number):08X}")

    Dumper.add_representer(_Hex, hexadecimal)

    def entry(value: Value) -> Any:
        return _Hex(value.value) if value.bits == ALL else {"value": _Hex(value.value), "bits": _Hex(value.bits)}

    document = {
        "format": FORMAT,
        "design": state.name,
        "saved": state.saved,
        "registers": {
            path: {
                **({"type": state.types[path]} if path in state.types else {}),
                "values": {name: entry(value) for name, value in values.items()},
            }
            for path, values in state.values.items()
        },
    }
    text: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, default_flow_style=None, width=200)
    return text


def load(path: str | os.PathLike[str]) -> State:
    """Read a state file.

    Raises ``FileNotFoundError``, and :class:`StateError` for a file that is not one: no YAML, other keys, values that are no numbers.
    Nothing that the file says is run, and nothing is touched.
    """
    file = Path(path)
    where = str(path)
    if file.is_dir() or (file.exists() and not file.is_file()):
        raise StateError(where, "this is no file")
    size = file.stat().st_size
    if size > _LARGEST_FILE:
        raise StateError(where, f"{size} bytes are too many for a state file (at most {_LARGEST_FILE})")
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise StateError(where, f"no text in UTF-8 (byte {error.start})") from None
    return parse(text, where)


def parse(text: str, where: str = "state") -> State:
    """The state that `text` says; `where` names it in errors."""
    from .state_file import document

    data = document(text, where)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else type(data).__name__
        raise StateError(where, f"expected a state file ('format: {FORMAT}'), found {_short(found)}")
    for key in data:
        if key not in ("format", "design", "saved", "registers"):
            raise StateError(where, f"unknown key {_short(key)}: expected format, design, saved, registers")
    registers = data.get("registers")
    if not isinstance(registers, dict):
        raise StateError(where, f"'registers' must map paths of IPs to their registers, not be {_short(registers)}")
    values: dict[str, dict[str, Value]] = {}
    types: dict[str, str] = {}
    for ip, entry in registers.items():
        if not isinstance(ip, str) or not ip:
            raise StateError(where, f"{_short(ip)} is no path of an IP (names such as 0x10, on and 1_0 need quotes)")
        if not isinstance(entry, dict) or not isinstance(entry.get("values"), dict):
            raise StateError(where, f"{ip} must have 'values', which map registers to numbers, not be {_short(entry)}")
        for key in entry:
            if key not in ("type", "values"):
                raise StateError(where, f"unknown key {_short(key)} of {ip}: expected type, values")
        if "type" in entry:
            if not isinstance(entry["type"], str):
                raise StateError(where, f"the type of {ip} must be a text, not {_short(entry['type'])}")
            types[ip] = entry["type"]
        values[ip] = {}
        for name, value in entry["values"].items():
            if not isinstance(name, str) or not name:
                raise StateError(where, f"{_short(name)} is no name of a register of {ip} (names such as 0x10, on and 1_0 need quotes)")
            values[ip][name] = _value(value, f"{ip}.{name}", where)
    return State(values, name=_string(data, "design", where), types=types, saved=_string(data, "saved", where), source=where)


def _value(entry: Any, what: str, where: str) -> Value:
    if isinstance(entry, dict):
        if set(entry) != {"value", "bits"}:
            raise StateError(
                where,
                f"{what} must be a number or {{value: ..., bits: ...}}, not have the keys {_short(', '.join(sorted(map(str, entry))))}",
            )
        value, bits = _number(entry["value"], what, where), _number(entry["bits"], what, where)
        if value & ~bits:
            raise StateError(where, f"{what}: its value {value:#x} has ones outside its bits {bits:#x}")
        return Value(value, bits)
    return Value(_number(entry, what, where), ALL)


def _number(number: Any, what: str, where: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise StateError(where, f"{what} must be a whole number such as 0x1F, not {_short(number)}")
    if not 0 <= number < 1 << 64:
        raise StateError(
            where,
            f"{what} must be 0 to 0xFFFFFFFFFFFFFFFF, not a number of {number.bit_length()} bits" + (" below 0" if number < 0 else ""),
        )
    return number


def _string(data: dict[str, Any], key: str, where: str) -> str:
    value = data.get(key, "")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if value is None:
        return ""
    if not isinstance(value, str):
        raise StateError(where, f"{key!r} must be a text, not {_short(value)}")
    return value


def _short(value: Any) -> str:
    # Never the repr of a whole tree from a stranger: it may be large, or hold itself.
    if isinstance(value, (dict, list, set)):
        return f"a {type(value).__name__} of {len(value)}"
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python likes to write
        return "a huge number"
    return text if len(text) <= 60 else text[:57] + "..."
