"""The text of the files that ``new-driver`` makes. They are the reader's own from then on: plain, and no longer than they need be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pynq_widgets.access.bits import safe_name
from pynq_widgets.design import Register, hls
from pynq_widgets.device.simulated.registerfile import RegisterFile

WIDTH = 140


class Source(NamedTuple):
    """An IP of a design: `name` of the package, `path` of the instance that stands for all, `registers` of its primary range."""

    name: str
    vlnv: str
    path: str
    registers: tuple[Register, ...]
    pins: tuple[str, ...]
    design: str

    @property
    def is_core(self) -> bool:
        """Whether HLS made it."""
        return hls.is_core(self.vlnv, self.registers)

    @property
    def driver(self) -> str:
        """The name of the driver's class."""
        name = "".join(part[:1].upper() + part[1:] for part in self.name.split("_"))
        return name if name.isidentifier() and name not in ("DefaultIP", "HlsCore", "IPModel") else f"The{name}"

    @property
    def model(self) -> str:
        """The name of the model."""
        return f"{self.driver}Model" if not self.is_core else f"{self.name}_model"


def files_of(source: Source) -> dict[str, str]:
    """All files by name."""
    return {
        "__init__.py": f'"""{text(source.vlnv)}: a driver, and a model for the simulated device."""\n',
        "driver.py": core_driver(source) if source.is_core else driver(source),
        "model.py": core_model(source) if source.is_core else model(source),
        f"test_{source.name}.py": test(source),
        "pyproject.toml": project(source),
    }


def driver(source: Source) -> str:
    """``driver.py``: the registers and fields as attributes that are hardware."""
    lines: list[str] = []
    kinds: set[str] = set()
    for name, wanted, register in _attributes(source):
        field = next((each for each in register.fields if each.name == wanted.part), None)
        kind = {"word": "Word", "field": "Field", "bit": "Bit"}[wanted.kind]
        kinds.add(kind)
        described = register if field is None else field
        arguments = [quoted(wanted.register), *([quoted(str(wanted.part))] if field is not None else [])]
        if described.access != "read-write":
            arguments.append(f"access={quoted(described.access)}")
        action = _WRITES.get(getattr(field, "write_action", None) or "")
        if action and described.access != "read-only":
            arguments.append(f'onwrite="{action}"')
        if told := text(described.description, 90):
            arguments.append(f"help={quoted(told)}")
        lines += call(f"    {name} = {kind}", arguments)
    body = "\n".join(lines)
    imports = f"from pynq_widgets.overlay.traits import {', '.join(sorted(kinds))}\n" if kinds else ""
    attributes = (
        f"\n    # The registers, as the design has them. Rename what is not telling; units and limits are yours to add.\n{body}\n"
        if body
        else ""
    )
    return f'''"""What software does with {text(source.vlnv)}.

Begun from {text(source.design)}; name the guide that you follow here, with its version and sections.
"""

from __future__ import annotations

from pynq_widgets import DefaultIP
{imports}

class {source.driver}(DefaultIP):
    """Say here what it is for: this stands in ``help(ol.{re.sub("[^A-Za-z0-9_.]", "_", source.path.replace("/", "."))})``."""

    bindto = [{quoted(source.vlnv)}]
{attributes}'''


_WRITES = {"oneToClear": "1-to-clear", "oneToSet": "1-to-set", "oneToToggle": "1-to-toggle"}


def _attributes(source: Source) -> Iterable[tuple[str, Any, Register]]:
    """Name, what it is, and the register of each attribute: the fields of a register that has some, else the register."""
    from pynq_widgets.overlay import DefaultIP
    from pynq_widgets.overlay.traits.from_design import DesignTraits

    by_name = {register.name: register for register in reversed(source.registers)}
    named = DesignTraits(DefaultIP, source.registers, False, source.pins).names
    with_fields = {wanted.register for wanted in named.values() if wanted.part is not None}
    for name, wanted in named.items():
        register = by_name.get(wanted.register)
        if register is not None and (wanted.part is not None or wanted.register not in with_fields):
            yield name, wanted, register


def model(source: Source) -> str:
    """``model.py``: registers with the design's reset values, access and side effects, and the places where behaviour is added."""
    seen: set[str] = set()
    offsets = []
    for register in _plain(source.registers):
        name = constant(register.name)
        if name not in seen:
            seen.add(name)
            offsets.append(f"{name} = {number(register.offset, 2)}" + _note(register))
    first = offsets[0].partition(" =")[0] if offsets else "0x00"
    listed = "\n".join(offsets)
    return f'''"""What {text(source.vlnv)} does, on the simulated device."""

from __future__ import annotations

from pynq_widgets.device import IPModel, model

# Offsets in bytes; the reset values are the design's.
{listed}


@model({quoted(source.vlnv)})
class {source.model}(IPModel):
    """Its registers, with the reset values, access rights and side effects that the design states.

    What the hardware does besides is yours to add: ``self.context`` has its interrupts, streams, memory, pins and clock.
    """

    def read(self, interface: str, offset: int) -> int:
        # What a read shows beside what was written: set it here, as in self.context.registers_of(interface)[{first}] = 1
        return super().read(interface, offset)

    def write(self, interface: str, offset: int, value: int) -> None:
        super().write(interface, offset, value)
        # What a write brings about comes here: if offset == {first}: ...
'''


def core_driver(source: Source) -> str:
    """``driver.py`` of a core that HLS made."""
    listed = "".join(f"\n    - ``{name}``: {text(told, 90) or 'as in C'}" for name, told in _arguments(source))
    arguments = f"\n\n    Its arguments, by name in ``start``, ``call`` and as attributes:\n{listed}\n    " if listed else ""
    return f'''"""What software does with {text(source.vlnv)}, which HLS made of a C function.

Begun from {text(source.design)}. Without this driver it is an HlsCore, too: what is added here is what its name does not say.
"""

from __future__ import annotations

from pynq_drivers.hls.driver import HlsCore


class {source.driver}(HlsCore):
    """Say here what it is for: this stands in its ``help``.{arguments}"""

    bindto = [{quoted(source.vlnv)}]
    # The C prototype tells the types of the arguments: prototype = "void {source.name}(int a, float gain)"
'''


def core_model(source: Source) -> str:
    """``model.py`` of a core that HLS made: a function, called at each start."""
    names = [name for name, _ in _arguments(source)]
    given = f"Its arguments are core.{', core.'.join(names)}." if names else "It has no arguments in registers."
    body = "\n".join(_wrapped(f"    # {given} Set those that it gives back.", "    # "))
    return f'''"""What {text(source.vlnv)} does, on the simulated device."""

from __future__ import annotations

from typing import Any

from pynq_widgets.device import model


@model({quoted(source.vlnv)})
def {source.model}(core: Any) -> None:
    """What the C function does; called at each start of the core."""
{body}
'''


def _arguments(source: Source) -> list[tuple[str, str]]:
    from pynq_widgets.overlay.traits.hls import wanted

    return [(name, each.help) for name, each in wanted(source.registers) if each.kind != "control" and not name.startswith("ap_")]


def test(source: Source) -> str:
    """The test of both: they are bound, and each register that may be read unasked holds what the design says."""
    path = quoted(source.path)
    behind = f"isinstance(ip.device.model_of({path}), {source.model})"
    if source.is_core:
        behind = f"type(ip.device.model_of({path})).__name__ == {source.model}.__name__"
    parts = [
        f'''"""{source.driver} and its model in the design that they were begun from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pynq_widgets import Overlay, SimulatedDevice

from {source.name}.driver import {source.driver}
from {source.name}.model import {source.model}

DESIGN = next(Path(__file__).parent.glob("design.*"))


@pytest.fixture
def ip() -> Any:
    return Overlay(DESIGN, device=SimulatedDevice({quoted(source.name)}))[{path}]


def test_driver_and_model_are_bound(ip: Any) -> None:
    assert isinstance(ip, {source.driver})
    assert {behind}


def test_showing_it_reads_nothing(ip: Any) -> None:
    ip.device.bus.reset_statistics()
    assert {path} in repr(ip)
    assert ip.trait_page()
    assert ip.device.bus.statistics().total.reads == 0
'''
    ]
    rows = [
        f"    ({quoted(register.name)}, {number(register.offset, 2)}, {number(reset)}, {number(held)}),"
        for register, reset, held in walked(source.registers)
    ]
    if rows:
        listed = "\n".join(rows)
        parts.append(f"""
# Register, offset, reset value, and the bits that are there to be written. Those that a read changes are left out.
ROWS = [
{listed}
]


@pytest.mark.parametrize(("name", "offset", "reset", "written"), ROWS)
def test_register(ip: Any, name: str, offset: int, reset: int, written: int) -> None:
    register = ip.registers[name]
    assert register.offset == offset
    assert register.read() == reset
    if written:
        register.write(written)
        assert register.read() == written
""")
    given = [register.name for register in _plain(source.registers) if source.is_core and register.access == "write-only"]
    if given:
        listed = "\n".join(f"    {quoted(name)}," for name in given)
        parts.append(f"""
# Arguments, which the hardware takes and does not give back.
ARGUMENTS = [
{listed}
]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_argument(ip: Any, name: str) -> None:
    ip.registers[name].write(1)
    assert (ip.registers[name].value, ip.registers[name].state) == (1, "written")
""")
    return "\n".join(parts)


def walked(registers: Sequence[Register]) -> list[tuple[Register, int, int]]:
    """Each register that may be read unasked, what it holds after a reset, and what it holds once that is written to it (0: nothing)."""
    from pynq_widgets.access.planner import Guards

    guards = Guards(registers)
    rows = []
    for register in _plain(registers):
        if guards.why(register) is not None or register.access == "write-only":
            continue
        file = RegisterFile(registers, 1 << 32)
        reset = file.read(register.offset)
        acts = any(field.write_action or field.read_action for field in register.fields)
        held = 0
        if register.access == "read-write" and not acts:
            bits = sum(((1 << field.bit_width) - 1) << field.bit_offset for field in register.fields) or (1 << register.width) - 1
            for value in (0xA5A5A5A5 & bits, bits):
                file.write(register.offset, value)
                if value and file.read(register.offset) == value:
                    held = value
                    break
        rows.append((register, reset, held))
    return rows


def _plain(registers: Sequence[Register]) -> list[Register]:
    """Registers of one word each that share it with no other."""
    words: dict[int, int] = {}
    for register in registers:
        for offset in range(register.offset & ~3, register.offset + max(register.size, 1), 4):
            words[offset] = words.get(offset, 0) + 1
    names = [register.name for register in registers]
    return [
        register
        for register in registers
        if register.width <= 32
        and not register.is_memory
        and register.offset % 4 == 0
        and words[register.offset] == 1
        and names.count(register.name) == 1
    ]


def project(source: Source) -> str:
    """``pyproject.toml``: the folder is a package, found by overlays that have such an IP."""
    vendor, library, name, _ = source.vlnv.split(":")
    key = json.dumps(f"{vendor}:{library}:{name}", ensure_ascii=False)
    return f'''[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "{source.name.replace("_", "-").strip("-").lower()}"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["pynq-widgets"]

# By these, overlays find driver and model: the type of the IP without its version; bindto says which versions.
[project.entry-points."pynq_widgets.drivers"]
{key} = "{source.name}.driver:{source.driver}"

[project.entry-points."pynq_widgets.models"]
{key} = "{source.name}.model:{source.model}"

[tool.setuptools]
packages = ["{source.name}"]
package-dir = {{ "{source.name}" = "." }}

[tool.ruff]
line-length = {WIDTH}

[tool.ruff.lint]
ignore = ["RUF012"]  # bindto is a plain list, as in PYNQ
'''


# Words of Python.


def quoted(value: str) -> str:
    """`value` as ruff writes a string: in double quotes."""
    plain = json.dumps(value, ensure_ascii=False)
    return repr(value) if '"' in value and "'" not in value and "\\" not in value else plain


def text(value: str | None, most: int = 200) -> str:
    """`value` on one line, fit for a docstring, and not longer than `most`."""
    line = " ".join((value or "").split()).replace("\\", "/").replace('"', "'")
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def number(value: int, digits: int = 1) -> str:
    """`value` in hexadecimal, as ruff writes it."""
    return f"0x{value:0{digits}X}"


def constant(name: str) -> str:
    """`name` as a constant of Python."""
    word = re.sub(r"_+", "_", safe_name(name)).strip("_").upper()
    return word if word.isidentifier() else f"R_{word}"


def call(start: str, arguments: Sequence[str]) -> list[str]:
    """``start(arguments)``, on one line where it fits."""
    line = f"{start}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(start) - len(start.lstrip()) + 4)
    inner = indent + ", ".join(arguments)
    close = indent[4:] + ")"
    if len(inner) <= WIDTH:
        return [f"{start}(", inner, close]
    return [f"{start}(", *(f"{indent}{argument}," for argument in arguments), close]


def _wrapped(line: str, indent: str) -> list[str]:
    import textwrap

    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _note(register: Register) -> str:
    told = text(register.description, 60)
    reset = "" if not register.reset_value else f"reset {number(register.reset_value)}"
    note = ", ".join(part for part in (register.access, reset, told) if part)
    return f"  # {note}" if note else ""
