"""The alias itself: a finder for ``pynq`` and all below it, which answers with modules of this project."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pynq_widgets

from . import modules

NAME = "pynq"
EXTRAS = f"{__package__}.extras"
_ABSENT = object()
_FEW = 20  # names that a message lists


class Changes:
    """What was set on objects while the alias is installed, and what stood there before."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any]] = []

    def put(self, target: Any, name: str, value: Any) -> None:
        """``setattr(target, name, value)`` until :meth:`undo`."""
        self._done.append((target, name, vars(target).get(name, _ABSENT)))
        setattr(target, name, value)

    def undo(self) -> None:
        """Put everything back, the latest first."""
        while self._done:
            target, name, before = self._done.pop()
            if before is not _ABSENT:
                setattr(target, name, before)
            elif name in vars(target):
                delattr(target, name)


if TYPE_CHECKING:
    from importlib.abc import Loader as _Loader
else:
    _Loader = object  # what the import system asks for, without the abstract class: importlib.abc loads pathlib and more


class _Alias(_Loader):
    """Answers an import of ``pynq.x`` with the module of ours that it means."""

    def __init__(self, finder: Finder, name: str, target: str) -> None:
        self._finder = finder
        self._name = name
        self._target = target
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._target)
        found = module.__spec__
        # Where another thread is just importing the module by another name, that one knows what it was.
        self._spec = found.loader._spec if found is not None and isinstance(found.loader, _Alias) else found
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has marked the module as its own, by which other threads know that it is not ready yet. Then it is again what
        # it was, so that reload() finds its file.
        try:
            self._finder.extend(module, self._name)
        finally:
            module.__spec__ = self._spec

    def get_code(self, fullname: str) -> None:
        """What runpy asks for: there is none, since the module's own imports are relative to another package."""
        raise ImportError(f"{fullname} is a module of pynq_widgets ({self._target}), not a program: import it", name=fullname)


class _Missing(_Loader):
    """Raises what there is to say of a module or name that is not here.

    It does so as a loader, since finders are asked under Python's one import lock: what they import can keep threads waiting for ever.
    """

    def __init__(self, name: str, explain: Callable[[], str]) -> None:
        self._name = name
        self._explain = explain

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        raise ModuleNotFoundError(self._explain(), name=self._name)

    def exec_module(self, module: ModuleType) -> None:
        """Never called: there is no module."""


class _Reloading(_Loader):
    """Loads a module of ours again as its own loader does, then adds again what was added to it."""

    def __init__(self, finder: Finder, name: str, loader: Any) -> None:
        self._finder = finder
        self._name = name
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._finder.extend(module, self._name)


class Finder:
    """Finds ``pynq`` and what is below it, and the modules behind these names where they are reloaded."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._names: dict[str, str] = {}  # of PYNQ, by that of ours, for those imported so far
        self._getters: dict[str, Callable[[str], Any]] = {}

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec: ModuleSpec | None = None
        if fullname == NAME or fullname.startswith(NAME + "."):
            spec = self._pynq(fullname, fullname[len(NAME) + 1 :])
        elif target is not None and fullname in self._names:
            spec = self._again(fullname, path, target)
        else:
            package, _, attribute = fullname.rpartition(".")
            if package in self._names and not attribute.startswith("_"):
                spec = self._submodule(fullname, path, self._names[package], attribute)
        if spec is not None and isinstance(spec.loader, _Missing):
            # importlib.util.find_spec asks whether there is such a module, and None is its answer; others want to import it.
            asker = sys._getframe(1).f_back
            if asker is not None and asker.f_globals.get("__name__") == find_spec.__module__:
                return None
        return spec

    def _pynq(self, fullname: str, name: str) -> ModuleSpec:
        # pynq itself is imported before all below it, and has looked for the drivers' modules (extend).
        ours = modules.modules().get(name) if name else pynq_widgets.__name__
        if ours is None:
            return ModuleSpec(fullname, _Missing(fullname, lambda: modules.explain(name)))
        return ModuleSpec(fullname, _Alias(self, name, ours))

    def _again(self, fullname: str, path: Sequence[str] | None, target: ModuleType) -> ModuleSpec | None:
        spec = self._elsewhere(fullname, path, target)
        if spec is not None:
            spec.loader = _Reloading(self, self._names[fullname], spec.loader)
        return spec

    def _submodule(self, fullname: str, path: Sequence[str] | None, package: str, attribute: str) -> ModuleSpec:
        # Also asked by ``from pynq.package import attribute`` where the package has no such name: the only place where what is said
        # of it can be better than Python's own words. A name other than the one asked for keeps Python from dropping the error.
        spec = self._elsewhere(fullname, path, None)
        if spec is not None:
            return spec
        wanted = f"{package}.{attribute}" if package else attribute
        return ModuleSpec(fullname, _Missing(f"{NAME}.{wanted}", lambda: self._message(wanted)))

    def _elsewhere(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            if finder is not self and (spec := finder.find_spec(fullname, path, target)) is not None:
                return spec
        return None

    def _message(self, name: str) -> str:
        package, _, attribute = name.rpartition(".")
        module = sys.modules.get(f"{NAME}.{package}" if package else NAME)
        if module is None or modules.is_missing(name):
            return modules.explain(name)
        known = sorted({*public_names(module), *modules.below(package)})
        where = f"{NAME}{'.' if package else ''}{package}"
        nearest = modules.near(attribute, modules.below(package) + public_names(module))
        if nearest:
            told = f"did you mean {nearest!r}?"
        elif len(known) <= _FEW:
            told = f"it has {', '.join(known)}"
        else:
            told = f"dir({where}) lists what it has"
        return f"{where} has no {attribute!r} in pynq_widgets; {told}"

    def extend(self, module: ModuleType, name: str) -> None:
        """What stands in ``extras`` for the module, its modules below, words for what it has not, and a path, without which Python would
        not ask us for a name that it has not.
        """
        self._names[module.__name__] = name
        modules.modules()
        if not hasattr(module, "__path__"):
            self._changes.put(module, "__path__", [])
        plain = vars(module).get("__getattr__")
        if plain is None or plain is not self._getters.get(module.__name__):
            self._getters[module.__name__] = get = self._getter(module, name, plain)
            self._changes.put(module, "__getattr__", get)
            listed = vars(module).get("__dir__") or vars(module).keys
            self._changes.put(module, "__dir__", lambda: sorted({*listed(), *modules.below(name)}))
        extras = f"{EXTRAS}.{name.replace('.', '_') or 'top'}"
        if find_spec(extras):
            importlib.import_module(extras).extend(module, self._changes.put)

    def _getter(self, module: ModuleType, name: str, plain: Callable[[str], Any] | None) -> Callable[[str], Any]:
        def get(attribute: str) -> Any:
            try:
                if plain is not None:
                    return plain(attribute)
                raise AttributeError(f"module {module.__name__!r} has no attribute {attribute!r}")
            except AttributeError:
                if attribute.startswith("_"):
                    raise
            wanted = f"{name}.{attribute}" if name else attribute
            if wanted in modules.modules() or f"{NAME}.{wanted}" in sys.modules:  # PYNQ imports its modules with their packages
                return importlib.import_module(f"{NAME}.{wanted}")
            if wanted in modules.ELSEWHERE:
                return getattr(importlib.import_module(f"{NAME}.{modules.ELSEWHERE[wanted]}"), attribute)
            raise AttributeError(self._message(wanted))

        return get


def public_names(module: ModuleType) -> list[str]:
    """The names that `module` has for others: those that it says, else what is defined in it."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    own = {name: value for name, value in vars(module).items() if not name.startswith("_") and not isinstance(value, ModuleType)}
    own.pop("TYPE_CHECKING", None)
    return sorted(name for name, value in own.items() if getattr(value, "__module__", module.__name__) == module.__name__)


class _State:
    finder: Finder | None = None
    changes: Changes | None = None


def installed() -> bool:
    """Whether ``import pynq`` means this project now."""
    return _State.finder is not None


def install() -> None:
    """Let ``import pynq`` mean this project. Done by importing the package; doing it again changes nothing.

    Raises ``ImportError`` where another ``pynq`` has been imported: its modules are in use, and half of each would be worse than either.
    """
    if installed():
        return
    other = sys.modules.get(NAME)
    if other is not None:
        version = getattr(other, "__version__", "of unknown version")
        where = getattr(other, "__file__", None) or "no file"
        raise ImportError(
            f"another pynq is already imported ({version}, from {where}), and it cannot be replaced under the code that uses it: "
            "start a new Python (in a notebook: restart the kernel) and import pynq_widgets.as_pynq before anything that imports pynq",
            name=NAME,
            path=getattr(other, "__file__", None),
        )
    changes = Changes()
    finder = Finder(changes)
    _State.finder, _State.changes = finder, changes
    sys.meta_path.insert(0, finder)


def uninstall() -> None:
    """Take the alias back: ``import pynq`` means again what it meant before. Whoever holds a module or a class keeps it."""
    finder, changes = _State.finder, _State.changes
    if finder is None or changes is None:
        return
    sys.meta_path.remove(finder)
    for name in [name for name in sys.modules if name == NAME or name.startswith(NAME + ".")]:
        module = sys.modules.pop(name)
        parent, _, child = name.rpartition(".")
        holder = sys.modules.get(modules.modules().get(parent[len(NAME) + 1 :], pynq_widgets.__name__)) if parent else None
        if holder is not None and vars(holder).get(child) is module and module.__name__ != f"{holder.__name__}.{child}":
            delattr(holder, child)
    changes.undo()
    _State.finder = _State.changes = None
