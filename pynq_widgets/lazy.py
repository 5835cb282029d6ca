"""Public names of a package that are resolved when they are first touched (PEP 562): who reads one word pays for that alone."""

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules
from typing import Any


def names(package: str, module_of: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` for `package`, whose public name `n` stands in the module ``module_of[n]``, such as ``.mmio``."""

    def get(name: str) -> Any:
        module = module_of.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(module, package), name)
        setattr(modules[package], name, value)
        return value

    def listed() -> list[str]:
        # Modules that have been loaded and what was imported for the package itself are not what a person looks for.
        return sorted({*module_of, *(name for name in vars(modules[package]) if name.startswith("__"))})

    return get, listed
