"""Which driver an IP or a hierarchy gets, and why.

Drivers register themselves by being defined (see :mod:`.registering`); an overlay takes a snapshot of them when it is loaded, so a new
definition binds when the overlay is loaded again. Nothing here touches hardware or files.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pynq_widgets.showing import Shown


class UnsupportedConfiguration(Exception):
    """Raised by a driver's ``__init__`` for an IP whose configuration it cannot drive: a warning is given and the default driver bound."""


class Choice(NamedTuple):
    """The driver of one IP or hierarchy and the reason in words."""

    driver: type
    reason: str


class Registry:
    """Driver classes, newest definition first.

    Defining a class of the same name in the same module again (a notebook cell run twice) replaces the older one. Classes that a
    function makes share a name by nature: those replace one another only where they bind to the same types.
    """

    def __init__(self) -> None:
        self._classes: tuple[type, ...] = ()

    def add(self, cls: type) -> None:
        """Put `cls` before all others; an older definition of the same module and qualified name goes."""
        self._classes = (cls, *(old for old in self._classes if not _replaces(cls, old)))

    def remove(self, cls: type) -> None:
        """Take `cls` out; what was there before it is found again."""
        self._classes = tuple(old for old in self._classes if old is not cls)

    def snapshot(self) -> tuple[type, ...]:
        """The classes of this moment, newest first."""
        return self._classes


def _replaces(new: type, old: type) -> bool:
    if (old.__module__, old.__qualname__) != (new.__module__, new.__qualname__):
        return False
    return "<locals>" not in new.__qualname__ or set(getattr(old, "bindto", ())) == set(getattr(new, "bindto", ()))


ip_drivers = Registry()
hierarchy_drivers = Registry()


def checked_bindto(name: str, bindto: object) -> tuple[str, ...]:
    """The strings of a driver's `bindto`.

    Raises ``TypeError`` where it is not a list of strings, and ``ValueError`` for a string that has colons but is not
    ``vendor:library:name:version``. A string without colons stands for an IP type that is no VLNV.
    """
    if isinstance(bindto, str):
        raise TypeError(f"{name}.bindto must be a list of VLNV strings, not the str {bindto!r}: write bindto = [{bindto!r}]")
    if not isinstance(bindto, (list, tuple, set, frozenset)):
        raise TypeError(f"{name}.bindto must be a list of VLNV strings, not {type(bindto).__name__}: {bindto!r}")
    for vlnv in bindto:
        if not isinstance(vlnv, str):
            raise TypeError(f"{name}.bindto must hold strings, not the {type(vlnv).__name__} {vlnv!r}")
        parts = vlnv.split(":")
        if not vlnv.strip() or (len(parts) > 1 and (len(parts) != 4 or not all(part.strip() for part in parts))):
            raise ValueError(
                f"{name}.bindto holds {vlnv!r}, which is not a VLNV; expected 'vendor:library:name:version' as in "
                "'xilinx.com:ip:axi_gpio:2.0' (the type in ip_dict)"
            )
    return tuple(bindto)


def without_version(vlnv: str) -> str:
    """``vendor:library:name`` of a VLNV."""
    return vlnv.rpartition(":")[0]


def full_name(cls: type) -> str:
    """Module and name of a class, as a message names it; ours by the name they are imported by."""
    if cls.__module__ in ("__main__", "builtins"):
        return cls.__qualname__
    module = "pynq_widgets" if cls.__module__.startswith("pynq_widgets.overlay.") else cls.__module__
    return f"{module}.{cls.__qualname__}"


NO_ADDRESS = "software sees no address of it, so only a driver with needs_address = False would bind"


class Candidate(NamedTuple):
    """A driver class, what it binds to, and where it came from (``''`` for one defined in this session)."""

    driver: type
    bindto: tuple[str, ...]
    source: str = ""


def choose_ip(
    path: str,
    vlnv: str | None,
    own: Sequence[Candidate],
    packaged: Callable[[], Sequence[Candidate]],
    default: type,
    ignore_version: bool = False,
    addressed: bool = True,
) -> Choice:
    """The driver for the IP `path` of type `vlnv`: `own` classes (newest first) win over `packaged` ones.

    Where the IP is not `addressed`, only classes that say ``needs_address = False`` are looked at.

    An exact version wins over another one. Where only other versions are known a ``UserWarning`` says so and `default` is taken,
    unless `ignore_version`. `packaged` is called only where no own class has the exact version.
    """
    if not vlnv:
        return Choice(default, "the design gives this block no type (VLNV), so no driver can name it")
    if not addressed:
        own = [c for c in own if not getattr(c.driver, "needs_address", True)]
    exact = [c for c in own if vlnv in c.bindto]
    if exact:
        return Choice(exact[0].driver, _exact_reason(vlnv, exact))
    candidates = [*own, *(c for c in packaged() if addressed or not getattr(c.driver, "needs_address", True))]
    exact = [c for c in candidates if vlnv in c.bindto]
    if exact:
        return Choice(exact[0].driver, _exact_reason(vlnv, exact))
    base = without_version(vlnv)
    near = [c for c in candidates if base and any(without_version(b) == base for b in c.bindto)]
    if not near and not addressed:
        return Choice(default, NO_ADDRESS)
    if not near:
        return Choice(default, f"no driver is known for {vlnv}")
    versions = _versions(near, base)
    if ignore_version:
        best = near[0]
        own_versions = _versions([best], base)
        return Choice(best.driver, f"bound to [{own_versions}] and used for {vlnv} because of ignore_version=True{_from(best)}")
    warnings.warn(
        f"IP {path} is of type {vlnv} and driver found for [{versions}]. Use ignore_version=True to use this driver.",
        UserWarning,
        stacklevel=2,
    )
    return Choice(default, f"{full_name(near[0].driver)} is for [{versions}], not {vlnv}; ignore_version=True would use it")


def _versions(candidates: Iterable[Candidate], base: str) -> str:
    return ", ".join(dict.fromkeys(b for c in candidates for b in c.bindto if without_version(b) == base))


def _from(candidate: Candidate) -> str:
    return f" (from {candidate.source})" if candidate.source else ""


def _exact_reason(vlnv: str, exact: Sequence[Candidate]) -> str:
    classes = {c.driver for c in exact}  # a package's class stands twice where it is imported already: registered, and by its entry point
    newest = "" if len(classes) == 1 else f", first of {len(classes)}"
    return f"bindto has {vlnv}{newest}{_from(exact[0])}"


def choose_hierarchy(
    path: str, description: dict[str, Any], classes: Sequence[Any], default: type, warned: set[type] | None = None
) -> Choice:
    """The first of `classes` (newest first) whose ``checkhierarchy(description)`` says yes; one that raises is warned about and skipped.

    `warned` holds those that were warned about already: one that raises for a hierarchy mostly raises for all of them.
    """
    failed = []
    warned = set() if warned is None else warned
    for cls in classes:
        try:
            fits = bool(cls.checkhierarchy(description))
        except Exception as error:
            failed.append(f"{full_name(cls)} raised {type(error).__name__}: {error}")
            if cls not in warned:
                warned.add(cls)
                warnings.warn(
                    f"{full_name(cls)}.checkhierarchy raised {type(error).__name__}: {error} for hierarchy {path}; "
                    "it is skipped where it raises.",
                    UserWarning,
                    stacklevel=2,
                )
            continue
        if fits:
            return Choice(cls, "checkhierarchy returned True")
    reason = "no driver's checkhierarchy returned True" if classes else "no hierarchy driver is known"
    return Choice(default, reason + (f" ({'; '.join(failed)})" if failed else ""))


class Drivers(Mapping[str, Choice], Shown):
    """Path of each IP and hierarchy to its :class:`Choice`; a table when printed or shown."""

    def __init__(self, paths: Iterable[str], choose: Callable[[str], Choice]) -> None:
        self._paths = dict.fromkeys(paths)
        self._choose = choose

    def __getitem__(self, path: str) -> Choice:
        if path not in self._paths:
            from pynq_widgets.access.errors import near_names

            raise KeyError(f"no IP or hierarchy {path!r} in this overlay{near_names(path, self._paths)}")
        return self._choose(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def rows(self) -> list[tuple[str, str, str]]:
        """Path, driver and reason of each that software sees."""
        return [(path, full_name(choice.driver), choice.reason) for path, choice in self.items() if choice.reason != NO_ADDRESS]

    def __repr__(self) -> str:
        rows = self.rows()
        if not rows:
            return "no IP and no hierarchy"
        first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
        lines = [f"{path:<{first}}  {driver:<{second}}  {reason}" for path, driver, reason in rows]
        if silent := len(self) - len(rows):
            lines.append(f"and {silent} blocks without an address that software sees")
        return "\n".join(lines)
