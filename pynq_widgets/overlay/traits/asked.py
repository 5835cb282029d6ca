"""The traits of the design come to an IP when somebody first asks for one: until then it has its driver's class, and opening pays nothing.

Asking is each of: ``ip.NAME``, ``ip.NAME = value``, ``dir``, ``observe``, ``traits()``, ``has_trait``, ``link`` and ``dlink`` (which ask
for ``traits()``). ``help`` and displays list the names, and the class stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import All
from traitlets.utils.sentinel import Sentinel

from pynq_widgets.access.errors import near_names

from .base import HardwareTrait
from .hardware import Hardware, hardware_traits

if TYPE_CHECKING:
    from .from_design import DesignTraits

# How alike a new name and one of the hardware must be for the new one to be taken for a slip. Stricter than for a hint:
# a driver may well have an attribute `timer0` beside a register TCR0.
_SLIP = 0.75


def stated_by(cls: type) -> dict[str, HardwareTrait]:
    """The hardware traits that a driver class states itself, in their order there; those that came from the design are not among them."""
    base = driver_class(cls)
    stated = dict(hardware_traits(base))
    if len(stated) > 1:  # traitlets has them by the alphabet
        order = dict.fromkeys(name for parent in reversed(base.__mro__) for name in vars(parent))
        stated = {name: stated[name] for name in order if name in stated}
    return stated


def driver_class(cls: type) -> type:
    """The class of a driver as it was written; `cls` may be what was derived from it for the traits of one design."""
    return vars(cls).get("_derived_from") or cls


class TraitsWhenAsked(Hardware):
    """The part of an IP that knows the design's traits before they are made.

    A class that states no hardware trait and is not the default one has none of this: its attributes are its own, and an assignment is
    never more than that (`_plain_attributes`).
    """

    _derived_from: ClassVar[type | None] = None
    _strict_attributes: ClassVar[bool] = False
    _plain_attributes: ClassVar[bool] = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        own = vars(cls)
        if "_strict_attributes" in own or "_derived_from" in own:
            return
        # MetaHasTraits has not been here yet, so that there is no list of traits.
        cls._plain_attributes = not any(isinstance(value, HardwareTrait) for base in cls.__mro__ for value in vars(base).values())
        # The look before each assignment is for classes with hardware attributes. PYNQ's drivers assign as fast as any object,
        # and where another class of theirs has a __setattr__, that is left to it.
        setters = [base.__setattr__ for base in cls.__mro__ if "__setattr__" in vars(base) and base not in (TraitsWhenAsked, object)]
        if cls._plain_attributes and not setters:
            cls.__setattr__ = object.__setattr__  # type: ignore[method-assign, assignment]
        elif not cls._plain_attributes and cls.__setattr__ is object.__setattr__:
            cls.__setattr__ = TraitsWhenAsked.__setattr__  # type: ignore[method-assign]

    def _find_from_design(self) -> DesignTraits | None:
        """What the design has for an IP of this class; None where it has nothing, or the class wants nothing of it."""
        raise NotImplementedError

    def _pins(self) -> Iterable[str]:
        raise NotImplementedError

    def _where(self) -> str:
        raise NotImplementedError

    @cached_property
    def _from_design(self) -> DesignTraits | None:
        return None if self._plain_attributes else self._find_from_design()

    def _is_whole(self) -> bool:
        return "description" in self.__dict__

    def _ask(self, name: Any = None) -> bool:
        """Let the traits come, if the design has any and (where a name is given) this one among them."""
        if self._plain_attributes or not self._is_whole() or type(self).__dict__.get("_derived_from") is not None:
            return False
        found = self._from_design
        if found is None or not found.names or (isinstance(name, str) and name not in found.names):
            return False
        # Only the look-up of attributes changes: a derived class adds no state, and hardware traits keep none in the instance.
        self.__class__ = found.derived
        return True

    # What asks.

    def has_trait(self, name: str) -> bool:
        return super().has_trait(name) or self._ask(name)

    def traits(self, **metadata: Any) -> dict[str, Any]:
        self._ask()
        return super().traits(**metadata)

    def trait_metadata(self, traitname: str, key: str, default: Any = None) -> Any:
        self._ask(traitname)
        return super().trait_metadata(traitname, key, default)

    def trait_defaults(self, *names: str, **metadata: Any) -> Any:
        self._ask()
        return super().trait_defaults(*names, **metadata)

    def set_trait(self, name: str, value: Any) -> None:
        self._ask(name)
        super().set_trait(name, value)

    def trait_has_value(self, name: str) -> bool:
        self._ask(name)
        return super().trait_has_value(name)

    def hold_trait_notifications(self) -> Any:
        self._ask()
        return super().hold_trait_notifications()

    def _hardware_trait(self, name: str) -> HardwareTrait:
        self._ask()
        return super()._hardware_trait(name)

    def add_traits(self, **traits: Any) -> None:
        self._ask()
        super().add_traits(**traits)

    def observe(self, handler: Callable[..., Any], names: Any = All, type: Sentinel | str = "change") -> None:
        self._ask_all(names)
        super().observe(handler, names, type)

    def unobserve(self, handler: Callable[..., Any], names: Any = All, type: Sentinel | str = "change") -> None:
        self._ask_all(names)
        super().unobserve(handler, names, type)

    def _ask_all(self, names: Any) -> None:
        for name in (names,) if names is All or isinstance(names, str) else names:
            self._ask(name)

    # Attributes that nobody has.

    def __setattr__(self, name: str, value: Any) -> None:
        if name[:1] != "_" and name not in self.__dict__ and not hasattr(type(self), name) and self._is_whole():
            self._new_attribute(name)
        super().__setattr__(name, value)

    def _new_attribute(self, name: str) -> None:
        """Raise where `name` is a slip: an assignment that would reach no hardware."""
        if self._plain_attributes or self._ask(name) or name in self._pins():
            return
        base = driver_class(type(self))
        if any(name in vars(cls).get("__annotations__", {}) for cls in base.__mro__):
            return
        found = self._from_design
        known = [*stated_by(base), *(() if found is None else (*found.names, *found.registers))]
        if "_strict_attributes" in vars(base):
            raise AttributeError(
                f"{self._where()} ({base.__name__}) has no attribute {name!r}{near_names(name, [*known, *self.__dir__()])}: nothing was "
                "written. What software keeps beside the hardware is an attribute of a driver: class MyIP(DefaultIP): bindto = [...]"
            )
        lower = {other.lower(): other for other in known}
        near = get_close_matches(name.lower(), list(lower), n=3, cutoff=_SLIP)
        if near:
            raise AttributeError(
                f"{self._where()} ({base.__name__}) has no attribute {name!r} (did you mean {', '.join(repr(lower[n]) for n in near)}?): "
                f"nothing was written. If {name} is meant to be the driver's own, name it in the class body: {name} = None"
            )
