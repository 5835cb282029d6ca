"""From a name to files: the bitstream or hardware handoff, and the Python file beside it that may define the overlay's own class."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import logging
import os
import re
import sys
import traceback
import warnings
from binascii import crc32
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from pynq_widgets.plugins import entry_points

_OURS = ("pynq_widgets", "pynq")
SUFFIXES = (".bit", ".bin", ".pdi", ".xsa", ".hdf", ".hwh")

_log = logging.getLogger(__name__)


class SidecarError(ImportError):
    """The Python file beside a bitstream could not be run; the message names file and line, the cause is the file's own exception."""


def needs_bitstream(device: Any) -> bool:
    """Whether `device` can do with nothing less than a bitstream (a device says so with ``needs_bitstream``)."""
    return bool(getattr(device, "needs_bitstream", False))


def package_folders() -> list[Path]:
    """Folders of the overlays that installed packages bring (PYNQ's entry point group ``pynq.overlays``); nothing is imported."""
    folders = []
    for point in entry_points(group="pynq.overlays"):
        try:
            spec = importlib.util.find_spec(point.value.partition(":")[0])
        except (ImportError, ValueError, AttributeError):
            continue
        folders += [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []
    return folders


def find_bitfile(name: str | os.PathLike[str], device: Any = None) -> Path:
    """The absolute path of the overlay `name`: a path, or a name in the current folder or in an installed package of overlays.

    The suffix may be left out. Where the bitstream itself is not there but its ``.hwh`` is, that is taken, unless `device` needs a
    bitstream; where a ``.hwh`` is named and such a device is used, the bitstream beside it is taken.

    Raises ``TypeError`` for another type of name and ``FileNotFoundError`` saying what was looked for, where, and what is near.
    """
    if not isinstance(name, (str, os.PathLike)) or isinstance(os.fspath(name), bytes):
        raise TypeError(f"Overlay() takes the name of a bitstream as str or Path, not {type(name).__name__}: {name!r}")
    given = Path(name).expanduser()
    if given.is_dir() and (not given.name or given.suffix in SUFFIXES):
        raise FileNotFoundError(_is_folder(given))
    need = needs_bitstream(device)
    names = list(_names(given, need))
    folders = [Path.cwd()]
    if not given.is_absolute():
        for folder in package_folders():
            folders += [folder / given.stem, folder]
    found = dict.fromkeys(path for folder in folders if (path := _first(folder, names, device)) is not None)
    if not found:
        raise FileNotFoundError(_not_found(given, names, folders, need, device))
    path, *others = found
    if path.suffix != given.suffix and given.suffix in SUFFIXES:
        _log.info("%s is taken for %s", path, name)
    if others:
        warnings.warn(
            f"The provided name {str(name)!r} resulted in multiple possible matches: {', '.join(map(str, found))}. The first of them, "
            f"{path}, is used; give the full path where another one is meant.",
            UserWarning,
            stacklevel=3,
        )
    return path


def _first(folder: Path, names: list[Path], device: Any) -> Path | None:
    for candidate in names:
        path = folder / candidate
        if path.is_file():
            return _absolute(path)
        if (own := _for_device(path, device)) is not None and own.is_file():
            return _absolute(own)
    return None


def _absolute(path: Path) -> Path:
    """As PYNQ has it: a link is not followed, since what belongs to a bitstream stands beside the link and bears its name."""
    return Path(os.path.abspath(path))


def _for_device(path: Path, device: Any) -> Path | None:
    """The file of `path` for this device alone, which PYNQ's packages have in a folder: ``base.bit.d/base.<name of the device>.bit``."""
    name = getattr(device, "name", None)
    return path.with_name(f"{path.name}.d") / f"{path.stem}.{name}{path.suffix}" if isinstance(name, str) else None


def _names(given: Path, need: bool) -> Iterator[Path]:
    suffix = given.suffix.lower()
    if suffix not in SUFFIXES:
        yield from (given.with_name(given.name + s) for s in SUFFIXES if not (need and s == ".hwh"))
    elif suffix == ".hwh":
        if need:
            yield from (given.with_suffix(s) for s in SUFFIXES[:3])
        else:
            yield given
    else:
        yield given
        if not need:
            yield given.with_suffix(".hwh")


def _is_folder(given: Path) -> str:
    inside = [str(given / entry.name) for entry in sorted(given.iterdir()) if entry.suffix.lower() in SUFFIXES and entry.is_file()]
    return f"No overlay {str(given)!r}: that is a folder. " + (
        f"Did you mean {', '.join(map(repr, inside[:3]))}?" if inside else "No overlay file is in it."
    )


def _not_found(given: Path, names: list[Path], folders: list[Path], need: bool, device: Any) -> str:
    if given.suffix.lower() == ".xclbin":
        taken = ", ".join(SUFFIXES)
        reason = f"an .xclbin is for an accelerator card (Alveo) and its kernels' call(), and only {taken} are loaded"
        return f"No overlay {str(given)!r}: {reason}"
    places = [given.parent] if given.is_absolute() else [folder / given.parent for folder in folders]
    there: dict[str, Path] = {}
    for place in places:
        if place.is_dir():
            there.update((entry.name, entry) for entry in sorted(place.iterdir()) if entry.suffix.lower() in SUFFIXES)
    looked = ", ".join(dict.fromkeys(name.name for name in names))
    where = ", ".join(dict.fromkeys(str(place.resolve()) for place in places))
    message = f"No overlay {str(given)!r}: looked for {looked} in {where}"
    for place in places:
        if (own := place / f"{given.name}.d").is_dir():
            has = ", ".join(sorted(entry.name for entry in own.iterdir())[:5]) or "nothing"
            return f"{message}; {own} has {has}, but none for device {getattr(device, 'name', getattr(device, 'tag', device))!r}"
    if need and given.with_suffix(".hwh").name in there:
        message += f"; there is {given.with_suffix('.hwh').name}, but device {getattr(device, 'tag', device)!r} needs the bitstream"
    if given.is_dir():
        return _is_folder(given)
    if given.is_file() and given.suffix.lower() not in SUFFIXES:
        return f"No overlay {str(given)!r}: that file is none of {', '.join(SUFFIXES)}"
    if not any(place.is_dir() for place in places):
        return f"{message}. That folder does not exist" + ("" if given.is_absolute() else f"; the current folder is {Path.cwd()}") + "."
    near = get_close_matches(given.name, list(there), n=3, cutoff=0.5) or list(there)[:3]
    return message + (f". Did you mean {', '.join(map(repr, near))}?" if near else ". No overlay file is there.")


# The Python file beside the bitstream.


@dataclass(frozen=True)
class Request:
    """What the loader was asked for while the file beside the bitstream runs: its class need not hand these arguments on."""

    path: Path
    dtbo: str | os.PathLike[str] | None
    ignore_version: bool
    device: Any
    download: bool = True  # False where the class takes no such argument, so that it is not downloaded all the same


_request: ContextVar[Request | None] = ContextVar("pynq_widgets_overlay_request", default=None)


def request_for(path: Path) -> Request | None:
    """The request under way for `path`, if any."""
    request = _request.get()
    return request if request is not None and request.path == path else None


@contextmanager
def requesting(request: Request) -> Iterator[None]:
    """Let overlays of the same path that are made within know of `request`, and not look for the file beside it again."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def find_sidecar(path: Path) -> Path | None:
    """The Python file beside `path`, unless that is the very program that runs."""
    beside = path.with_suffix(".py")
    if not beside.is_file():
        return None
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is None or os.path.basename(file) != beside.name or not os.path.exists(file) or not os.path.samefile(file, beside):
            continue
        initializing = getattr(getattr(module, "__spec__", None), "_initializing", False)
        if name == "__main__" or initializing:
            _log.info("%s is not imported as the overlay's own class: it is running already", beside)
            return None
    return beside


class _Fresh(SourceFileLoader):
    """Compiles the source each time: a file edited within the same second must not be taken from a byte-code cache."""

    def path_stats(self, path: Any) -> Any:
        raise OSError("not cached")


def import_sidecar(path: Path) -> Callable[..., Any] | None:
    """Run the file `path` and give the ``Overlay`` that it defines; None where it defines none of its own.

    Raises :class:`SidecarError` where it cannot be run.
    """
    if not _defines_overlay(path):
        _log.info("%s defines no Overlay; it is not run", path)
        return None
    # Within a package of its own, so that the file may import its neighbours: ``from .constants import WIDTH``.
    stem = re.sub("[^A-Za-z0-9_]", "_", path.stem)
    package = f"_pynq_widgets_beside_{stem}_{crc32(str(path).encode()):08x}"
    name = f"{package}.{stem}"
    _log.info("importing %s, which stands beside its bitstream, as module %s", path, name)
    spec = importlib.util.spec_from_file_location(name, path, loader=_Fresh(name, str(path)))
    if spec is None or spec.loader is None:
        raise SidecarError(f"{path} cannot be imported as Python", name=name, path=str(path))
    module = importlib.util.module_from_spec(spec)
    previous = {key: known for key, known in sys.modules.items() if key == package or key.startswith(f"{package}.")}
    for key in previous:
        del sys.modules[key]
    neighbours = sys.modules[package] = ModuleType(package, f"What stands in {path.parent}.")
    neighbours.__path__ = [str(path.parent)]
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        for key in [key for key in sys.modules if key == package or key.startswith(f"{package}.")]:
            del sys.modules[key]
        sys.modules.update(previous)
        raise SidecarError(
            f"{path}, line {_line(error, path)}: {type(error).__name__}: {error}. This file stands beside the bitstream, so Overlay() runs "
            "it for its Overlay class; mend or rename it, or use DefaultOverlay(...) to do without it",
            name=name,
            path=str(path),
        ) from error
    return _overlay_of(module, path)


def _defines_overlay(path: Path) -> bool:
    """Whether the file gives ``Overlay`` a meaning of its own, outside of functions. One that cannot be parsed is run, to say why."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return True
    todo: list[ast.AST] = [tree]
    while todo:
        for node in ast.iter_child_nodes(todo.pop()):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                names = [node.name]
            elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] in _OURS:
                continue
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [alias.asname or alias.name for alias in node.names]
            else:
                names = [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
                todo.append(node)
            if "Overlay" in names:
                return True
    return False


def _overlay_of(module: ModuleType, path: Path) -> Callable[..., Any] | None:
    factory = vars(module).get("Overlay")
    if factory is None:
        _log.info("%s defines no Overlay; it is not used", path)
        return None
    if not callable(factory):
        raise SidecarError(f"{path}: its Overlay must be a class or function, not {type(factory).__name__}", path=str(path))
    if getattr(factory, "__module__", "").partition(".")[0] in _OURS:
        _log.info("%s only imports Overlay and defines none of its own; it is not used", path)
        return None
    return factory  # type: ignore[no-any-return]


def _line(error: BaseException, path: Path) -> int:
    if isinstance(error, SyntaxError) and error.filename == str(path) and error.lineno:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (lines[-1] or 0) if lines else 0


def call_sidecar(factory: Callable[..., Any], path: Path, download: bool, request: Request) -> Any:
    """Call ``Overlay(bitfile_name, download)``, or as much of it as `factory` takes."""
    kwargs: dict[str, Any] = {}
    args: list[Any] = [str(path)]
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        args.append(download)
        parameters = {}  # type: ignore[assignment]
    positional = [p for p in parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = {p.name for p in parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    if "download" in keywords or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        kwargs["download"] = download
    elif len(positional) > 1 or any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        args.append(download)
    elif not download:
        request = replace(request, download=False)
    for name in {"dtbo", "ignore_version", "device"} & keywords - {p.name for p in positional[: len(args)]}:
        kwargs[name] = getattr(request, name)
    with requesting(request):
        overlay = factory(*args, **kwargs)
    if overlay is None:
        raise SidecarError(f"{path.with_suffix('.py')}: its Overlay(...) returned None; it must return the overlay", path=str(path))
    return overlay
