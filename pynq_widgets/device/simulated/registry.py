"""Which behaviour stands for which IP: models by VLNV, from definitions in this process and from installed packages."""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pynq_widgets.design.kinds import kind_of
from pynq_widgets.plugins import entry_points

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from pynq_widgets.design import Module
    from pynq_widgets.design.c_prototype import Prototype
    from pynq_widgets.device.simulated.ipmodel import IPModel

_log = logging.getLogger(__name__)

GROUP = "pynq_widgets.models"

M = TypeVar("M", bound=Callable[..., Any])

_defined: dict[str, type[IPModel]] = {}
_prototypes: dict[str, Prototype | None] = {}  # what the definitions tell of C, by the same names
_from_packages: dict[str, type[IPModel] | None] = {}


def _check_function(function: Callable[..., Any]) -> None:
    name = getattr(function, "__name__", repr(function))
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"the model {name} is an async function, which nothing awaits: write a generator, whose 'yield seconds' takes time")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise TypeError(f"the model {name} must take one argument, the core, not {inspect.signature(function)}") from None
    except ValueError:
        return  # a function of C does not tell its arguments


def model(*vlnvs: str, prototype: str = "") -> Callable[[M], M]:
    """Give the IP of these VLNVs a behaviour on the simulated device.

    Over a class derived from `IPModel`, or over a function ``f(core)``, which is an HLS core: it is called at each ``ap_start`` (or, with
    no control port, for each packet that arrives), has its arguments as attributes of `core`, and may be a generator, whose
    ``yield seconds`` takes time. ``'vendor:library:name:version'`` means that version, ``'vendor:library:name'`` every version.
    The newest definition counts, from the next time a design is loaded.

    `prototype` is the C prototype of an HLS core, ``'float scale(float gain, int n)'``: by it `core` gives and takes its arguments as
    what they are in C, and the core's driver knows their types. ``CTypeError`` where it is none.
    """
    told: Prototype | None = None
    if prototype:
        from pynq_widgets.design.c_prototype import read_prototype

        told = read_prototype(prototype)
    if not vlnvs:
        raise TypeError("model() needs a VLNV, as in @model('xilinx.com:hls:fir:1.0')")
    for vlnv in vlnvs:
        if not isinstance(vlnv, str) or vlnv.count(":") not in (2, 3) or not all(vlnv.split(":")):
            raise ValueError(f"expected a VLNV such as 'xilinx.com:hls:fir:1.0' (its version may be left out), not {vlnv!r}")

    def define(behaviour: M) -> M:
        from pynq_widgets.device.simulated.hls import HLSModel, model_of_function
        from pynq_widgets.device.simulated.ipmodel import IPModel

        if inspect.isclass(behaviour):
            if not issubclass(behaviour, IPModel):
                raise TypeError(f"a model is a class derived from IPModel or a function of a core, not the class {behaviour.__name__}")
            made: type[IPModel] = behaviour
        elif callable(behaviour):
            _check_function(behaviour)
            made = model_of_function(behaviour)
        else:
            raise TypeError(f"a model is a class derived from IPModel or a function of a core, not {behaviour!r}")
        if told is not None and issubclass(made, HLSModel):
            made.prototype = told
        for vlnv in vlnvs:
            _defined.pop(vlnv, None)  # the newest stands last
            _defined[vlnv] = made
            _prototypes[vlnv] = told
        return behaviour

    return define


def unregister(vlnv: str) -> None:
    """Take back what `model(vlnv)` defined; from the next load on, an installed package's model, or none, counts again."""
    _defined.pop(vlnv, None)


def prototype_of(vlnv: str | None) -> Prototype | None:
    """What the newest model that was defined for this VLNV in this process tells of the C function; None where none does."""
    keys = (vlnv or "", (vlnv or "").rpartition(":")[0])
    return next((_prototypes[key] for key in keys if key in _defined), None)


class ModelTable:
    """The models as they are when a design is loaded: definitions that come later count from the next load."""

    def __init__(self) -> None:
        self._defined = dict(_defined)
        self._forgotten: set[str] = set()

    def find(self, vlnv: str | None) -> type[IPModel] | None:
        """The model for an IP: defined in this process, for that version before for any, then of an installed package, or None."""
        if not vlnv or vlnv in self._forgotten:
            return None
        keys = (vlnv, vlnv.rpartition(":")[0])
        for key in keys:
            found = self._defined.get(key)
            if found is not None:
                return found
        for key in keys:
            found = _installed(key)
            if found is not None:
                return found
        return _built_in(vlnv)

    def of_kind(self, module: Module) -> type[IPModel] | None:
        """The model that an installed package has for all IP of the kind of `module`, or None."""
        if module.vlnv in self._forgotten:
            return None
        kind = kind_of(module.vlnv, module, (register for block in module.blocks for register in block.registers))
        return _installed(kind) if kind is not None else None

    def forget(self, vlnv: str | None) -> None:
        """The model of this IP cannot be made: do as if there were none."""
        if vlnv:
            self._forgotten.add(vlnv)


def find_model(vlnv: str | None) -> type[IPModel] | None:
    """The model that an IP of this VLNV would get now, or None."""
    return ModelTable().find(vlnv)


def _built_in(vlnv: str) -> type[IPModel] | None:
    """Models of what the streams themselves are made of."""
    from pynq_widgets.device.simulated.broadcaster import Broadcaster

    return Broadcaster if vlnv.rpartition(":")[0] == "xilinx.com:ip:axis_broadcaster" else None


_points: dict[str, list[EntryPoint]] | None = None


def _points_of(key: str) -> list[EntryPoint]:
    # Asking the installed packages takes milliseconds, so they are asked once.
    global _points
    if _points is None:
        points: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=GROUP):
            points.setdefault(point.name, []).append(point)
        _points = points
    return _points.get(key, [])


def _installed(key: str) -> type[IPModel] | None:
    if key in _from_packages:
        return _from_packages[key]
    found: type[IPModel] | None = None
    for point in _points_of(key):
        try:
            found = _checked(point.load(), point.value)
        except Exception as error:
            warnings.warn(
                f"the model {point.value} of {key} cannot be used, a register file stands for it: {error!r}", RuntimeWarning, stacklevel=2
            )
            _log.debug("model %s", point.value, exc_info=True)
            continue
        break
    _from_packages[key] = found
    return found


def _checked(loaded: Any, where: str) -> type[IPModel]:
    from pynq_widgets.device.simulated.hls import model_of_function
    from pynq_widgets.device.simulated.ipmodel import IPModel

    if inspect.isclass(loaded):
        if issubclass(loaded, IPModel):
            return loaded
    elif callable(loaded):
        return model_of_function(loaded)
    raise TypeError(f"{where} is neither a class derived from IPModel nor a function")
