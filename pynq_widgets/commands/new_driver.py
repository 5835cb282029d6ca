"""``pynq-widgets new-driver NAME --from design.hwh``: a folder with a driver, a model and their test, made from a design's registers."""

from __future__ import annotations

import argparse
import keyword
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pynq_widgets.access.errors import near_names
from pynq_widgets.design import Design, DesignError, Register, read_design

from . import driver_files
from .errors import CommandError

_TAKEN = frozenset({"pynq", "pynq_widgets", "pynq_drivers", "numpy", "traitlets", "ipywidgets", "anywidget", "bqplot", "pytest"})


def add(commands: Any) -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "new-driver",
        help="begin a driver for an IP of a design",
        description="Make a folder with the driver of an IP, its model for the simulated device and their test, from the registers that "
        "a design lists. All of it works as it is; 'pip install ./NAME' has overlays find it.",
    )
    parser.add_argument("name", metavar="NAME", help="of the package: a Python name, such as my_filter")
    parser.add_argument("--vlnv", metavar="VENDOR:LIB:NAME:VERSION", help="the type of the IP; default: the one that is called NAME")
    parser.add_argument("--from", dest="design", type=Path, required=True, metavar="DESIGN", help=".hwh, .xsa, or a bitstream beside one")
    parser.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="where the folder is made (default: here)")
    parser.set_defaults(do=do)


def do(arguments: argparse.Namespace) -> int:
    """Make the folder, whole or not at all, and say what to do next."""
    name: str = arguments.name
    check_name(name)
    target: Path = arguments.into / name
    if target.exists() or target.is_symlink():
        raise CommandError(f"{target} is there already and is not written over: take another name, or another folder with --into")
    try:
        design = read_design(arguments.design)
        found = source_of(design, name, arguments.vlnv)
    except DesignError as error:
        raise CommandError(str(error)) from None
    write(target, driver_files.files_of(found), Path(str(design.path)))
    where = os.fspath(target)
    print(f"{where}: driver, model and test of {found.vlnv}, from its {len(found.registers)} registers in {design.path}")
    print(f"  try it:          python -m pytest {where}")
    print(f"  install it:      pip install --no-build-isolation -e {where}")
    print(f"  then write on:   {os.path.join(where, 'driver.py')}, {os.path.join(where, 'model.py')}")
    return 0


def check_name(name: str) -> None:
    """Raise ``CommandError`` for what cannot be a package's name."""
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        tried = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
        if not tried or tried[0].isdigit() or keyword.iskeyword(tried):
            tried = f"ip_{tried}".rstrip("_")
        raise CommandError(
            f"{name!r} is no name that Python can import: it takes letters, digits and _, and no word of Python; try {tried}"
        )
    if name in _TAKEN or name in sys.stdlib_module_names:
        raise CommandError(
            f"{name!r} is a module that others import, and would be hidden by this one: take another name, such as my_{name}"
        )


def source_of(design: Design, name: str, vlnv: str | None) -> driver_files.Source:
    """What the files are made of: the IP of the type `vlnv` in `design`, or where that is None the one that is called `name`."""
    types: dict[str, list[str]] = {}
    for path, entry in design.ip_dict.items():
        if str(entry["type"]).count(":") == 3:
            types.setdefault(entry["type"], []).append(path)
    if vlnv is None:
        vlnv = _called(design, name, types)
    elif vlnv not in types:
        if any(module.vlnv == vlnv for module in design.modules.values()):
            raise CommandError(f"software sees no address of the {vlnv} in {design.path}, so a driver could neither read nor write it")
        others = [known for known in types if known.rpartition(":")[0] == vlnv or known.rpartition(":")[0] == vlnv.rpartition(":")[0]]
        if len(others) == 1 and vlnv.count(":") == 2:
            vlnv = others[0]
        elif others:
            raise CommandError(f"{design.path} has no {vlnv}, but another version: {', '.join(others)}")
        else:
            raise CommandError(f"{design.path} has no {vlnv}{near_names(vlnv, types)}. {_there(types)}")
    paths = types[vlnv]
    listed = [(path, registers) for path in paths if (registers := _registers(design, path))]
    if not listed:
        raise CommandError(
            f"{design.path} lists no registers for {vlnv} ({', '.join(paths)}), so there is nothing to begin with. Write them down from "
            "its guide as a class' register_layout: docs/writing-a-driver.md shows how"
        )
    path, registers = listed[0]
    pins = [*design.ip_dict[path].get("interrupts", ()), *design.ip_dict[path].get("gpio", ())]
    return driver_files.Source(name, vlnv, path, tuple(registers), tuple(pin.rpartition("/")[2] for pin in pins), design.name)


def _called(design: Design, name: str, types: dict[str, list[str]]) -> str:
    """The one type whose name, or whose instance's name, is `name`."""
    found = [vlnv for vlnv, paths in types.items() if name in (vlnv.split(":")[2], *(path.rpartition("/")[2] for path in paths))]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"several IP of {design.path} are called {name}: say which with --vlnv ({', '.join(found)})")
    names = {key: None for vlnv, paths in types.items() for key in (vlnv.split(":")[2], *(path.rpartition("/")[2] for path in paths))}
    raise CommandError(f"no IP of {design.path} is called {name}{near_names(name, names)}: say which with --vlnv. {_there(types)}")


def _there(types: dict[str, list[str]]) -> str:
    if not types:
        return "Software sees no IP in it"
    return f"It has {', '.join(sorted(types))}"


def _registers(design: Design, path: str) -> Sequence[Register]:
    from pynq_widgets.overlay.mirrors import primary_block

    block = primary_block({**design.ip_dict[path], "module": design.modules.get(path)})
    return () if block is None else block.registers


def write(target: Path, files: dict[str, str], design: Path) -> None:
    """Write `files` and a copy of `design` into the new folder `target`; where that fails nothing is left there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise CommandError(f"{target.parent} cannot be written: {error.strerror or error}") from None
    try:
        for name, text in files.items():
            (part / name).write_text(text, encoding="utf-8")
        shutil.copyfile(design, part / f"design{design.suffix.lower()}")
        part.chmod(0o777 & ~_umask())  # a temporary folder is its owner's alone
        part.rename(target)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise CommandError(f"{target} cannot be written: {error.strerror or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
