"""What software does with a core that HLS made: call it.

Source: AMD UG1399, Vitis High-Level Synthesis User Guide: "S_AXILITE Control Register Map", "Block-Level Control Protocols", "AXI4 Master
Interface". The shapes of ``start``, ``call`` and ``signature`` are PYNQ's.
"""

from __future__ import annotations

import inspect
import logging
import warnings
import weakref
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pynq_drivers import waiting
from pynq_drivers.hls.arguments import Argument, Arguments, arguments_of, is_buffer
from pynq_drivers.hls.attributes import settle
from pynq_drivers.hls.control import Control
from pynq_drivers.hls.run import Run
from pynq_drivers.hls.runs import Runs
from pynq_widgets.access.errors import near_or_all
from pynq_widgets.access.port import port_of
from pynq_widgets.design import hls
from pynq_widgets.design.c_prototype import Prototype, beside, read_prototype
from pynq_widgets.design.c_types import CTypeError
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.life import generation_of

if TYPE_CHECKING:
    from pynq_drivers.hls.pointers import Use
    from pynq_drivers.transfers.limits import Reach

_log = logging.getLogger(__name__)


class HlsCore(DefaultIP):
    """A core that HLS made of a C function, and that is called as one: ``core.call(a=3, b=4)``.

    ``core.start(a=3, b=buffer)`` starts it and gives a :class:`.Run`; ``core.wait(timeout=1)`` or ``await core.done()`` give what it
    returned. Arguments are named as in C, or stand in their order; those left out keep what was last given. A pointer is given a buffer
    of ``allocate``: its address goes to the registers, and it is flushed before and invalidated after the run. An array in the core's own
    memory is ``core.table[:] = values``. Of a core that no register starts (``ap_ctrl_none``), ``call`` writes the arguments and reads
    what comes of them.

    The design tells how wide an argument is, and not its C type. ``core.types(gain='float32', table='int16[9]', data='const float*')``
    says it, or the prototype: ``core.types('float scale(float gain, const float *data, int n)')``. A header ``scale.h`` or HLS' own
    ``hls_data.json`` beside the design is found by itself. What is not known is a whole number of that many bits.

    Control bits, arguments and registers are attributes as well (``core.ap_idle``, ``core.a``). ``ap_done`` is read by this driver alone.

    Attributes
    ----------
    arguments : Arguments
        By name: type, direction, registers.
    last_run : Run | None
        The newest run that was started here.
    prototype : str
        Of a subclass that knows its core: the C prototype.
    result
        What the last run gave (where no argument has that name).
    """

    prototype: ClassVar[str] = ""
    _strict_attributes = True

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._plain_attributes = False  # a subclass has the design's attributes, too
        if "prototype" in vars(cls) and cls.prototype:
            read_prototype(cls.prototype)  # the contract is checked where the class is defined

    # What it is.

    @cached_property
    def _blocks(self) -> Any:
        from pynq_drivers.hls.places import blocks_of

        return blocks_of(self)

    @cached_property
    def _masters(self) -> tuple[str, ...]:
        module = self.description.get("module")
        buses = {} if module is None else module.buses
        return tuple(name for name, bus in buses.items() if bus.protocol == "aximm" and str(bus.mode).lower() in ("master", "initiator"))

    @cached_property
    def arguments(self) -> Arguments:
        """The arguments by name, in the order of their registers."""
        # A dictionary of PYNQ's tells nothing of masters.
        has_master = bool(self._masters) or self.description.get("module") is None
        found = arguments_of(self._where(), self._blocks, has_master)
        for told, source in self._prototypes():
            self._say(found, told, source)
        return found

    def _prototypes(self) -> list[tuple[Prototype, str]]:
        """What others have said of the function, the most authoritative last."""
        found: list[tuple[Prototype, str]] = []
        top = str(self.description.get("type") or "").split(":")[2:3]
        design = self.description.get("design")
        if top and design is not None:
            told = beside(getattr(design, "path", None), top[0])
            if told is not None:
                found.append((told, f"the file beside {design.path}"))
        from pynq_widgets.device.simulated.registry import prototype_of

        model = prototype_of(self.description.get("type"))
        if model is not None:
            found.append((model, "its model"))
        if self.prototype:
            found.append((read_prototype(self.prototype), f"{type(self).__name__}.prototype"))
        return found

    @staticmethod
    def _say(arguments: Arguments, told: Prototype, source: str) -> None:
        """What is said somewhere else and contradicts the design is left out: a file may be of another version of the core."""
        for name, kind in {**told.arguments, "return": told.returns}.items():
            if kind is None or name not in arguments.names() or kind.kind == "void":
                continue
            try:
                arguments[name].set_type(kind)
            except CTypeError as error:
                _log.warning("%s says of a type what is not so, and is not heard: %s", source, error)
        arguments.order(list(told.arguments))

    def types(self, prototype: str = "", /, **types: Any) -> None:
        """Say the C types of arguments: by name, ``types(gain='float32', data='const int16*', table='int16[9]')``, or by a prototype.

        Types are those of C (``'float'``), HLS (``'ap_fixed<16,6>'``) or numpy (``'float32'``, ``numpy.float32``); Python's ``float`` is
        as wide as the register. ``return_`` is what the function returns. A prototype also tells in what order the arguments stand.
        Raises ``CTypeError`` (a ``ValueError``) for what is no type or contradicts the design, ``TypeError`` for no argument; then
        nothing has changed.
        """
        arguments = self.arguments
        said: dict[str, Any] = {}
        order: list[str] = []
        if prototype:
            told = read_prototype(prototype)
            order = list(told.arguments)
            known = arguments.names()
            said = {name: kind for name, kind in {**told.arguments, "return": told.returns}.items() if kind is not None and name in known}
            if said.get("return") is not None and said["return"].kind == "void":
                del said["return"]
            unknown = [name for name in order if name not in known and told.arguments[name] is not None]
            if unknown:
                raise CTypeError(f"{self._where()} has no argument {unknown[0]!r}{near_or_all(unknown[0], arguments)}")
        for name, kind in types.items():
            if name not in arguments.names():
                raise TypeError(f"{self._where()} has no argument {name!r}{near_or_all(name, arguments)}")
            said[name] = kind
        made = [(arguments[name], arguments[name].check_type(kind)) for name, kind in said.items()]
        for argument, kind in made:
            argument.ctype = kind
        if order:
            arguments.order(order)
        hub = self.__dict__.get("_hardware_hub")
        if hub is not None:
            settle(self, hub, arguments)
        self.__dict__.pop("signature", None)

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature of ``call`` and ``start`` for this core, with types as annotations; positional where the order is known."""
        arguments = self.arguments
        ordered = arguments.ordered
        positional = [] if ordered is None else list(ordered)
        rest = [argument for argument in arguments.values() if argument.is_input and argument not in positional]
        parameters = [
            inspect.Parameter(
                argument.signature_name,
                kind,
                annotation=argument.describe(),
                default=None if argument.is_array and group is rest else inspect.Parameter.empty,
            )
            for group, kind in ((positional, inspect.Parameter.POSITIONAL_OR_KEYWORD), (rest, inspect.Parameter.KEYWORD_ONLY))
            for argument in group
        ]
        outputs = arguments.outputs
        gives: Any = inspect.Signature.empty
        if outputs:
            returned = [argument for argument in outputs if argument.name == "return"] or outputs
            gives = returned[0].describe() if len(returned) == 1 else {argument.name: argument.describe() for argument in returned}
        return inspect.Signature(parameters, return_annotation=gives)

    # Calling it.

    @cached_property
    def _control(self) -> Control | None:
        for registers, place in self._blocks:
            if hls.control_register(registers) is not None:
                return Control(registers, place)
        return None

    @cached_property
    def _runs(self) -> Runs:
        control = self._control
        if control is None:
            raise RuntimeError(self._never_started())
        runs = Runs(self._where(), self.device, control, self.arguments, self._interrupt_pin)
        runs.starved = self._starved
        return runs

    def _never_started(self) -> str:
        if not self._has_address:
            return self._no_address()
        inputs = [argument for argument in self.arguments.values() if argument.is_input]
        outputs = self.arguments.outputs
        how = f"assign {self._where().rpartition('/')[2]}.{inputs[0].name} = …" if inputs else "send to it"
        reads = f" and read .{outputs[0].name}" if outputs else ""
        return (
            f"{self._where()} has no ap_start (ap_ctrl_none, or another start than its registers'): it works all the time, and is neither "
            f"started nor done. {how[0].upper()}{how[1:]}{reads}; call(…) does both"
        )

    def _interrupt_pin(self) -> Any:
        if "interrupt" not in self._interrupts:
            return None
        generation = generation_of(self.device)
        if self.__dict__.get("_pin_of", generation) != generation:
            # The logic was loaded again under the same overlay: the pin is the same, and its wait another.
            self.__dict__.get("_accessors", {}).pop("interrupt", None)
            self.__dict__.pop("interrupt", None)
        self.__dict__["_pin_of"] = generation
        return self["interrupt"]

    @property
    def last_run(self) -> Run | None:
        """The newest run that was started here."""
        return self._runs.current if "_runs" in self.__dict__ else None

    def start(self, *args: Any, auto_restart: bool = False, **arguments: Any) -> Run:
        """Write the arguments and start the core; the :class:`.Run` can be waited for. Nothing is written where an argument is wrong.

        With `auto_restart` it starts again whenever it is done, until ``stop()``. Raises ``TypeError`` and ``ValueError`` for arguments,
        and ``RuntimeError`` where it is still running, or no register starts it.
        """
        runs = self._runs
        self._check_loaded()
        runs.review()
        if auto_restart is not False and "auto_restart" in self.arguments.names():
            arguments["auto_restart"], auto_restart = auto_restart, False
        write, uses = self._prepared(args, arguments)
        self._behaves()
        return runs.begin(write, uses, bool(auto_restart))

    def start_sw(self, *args: Any, **arguments: Any) -> Run:
        """The same as ``start``: PYNQ's name for a start by the registers."""
        return self.start(*args, **arguments)

    def call(self, *args: Any, timeout: float | None = None, **arguments: Any) -> Any:
        """Start the core, wait for its end, and give what it returned. Raises as ``start`` and ``wait`` do.

        Of a core that works all the time (``ap_ctrl_none``) the arguments are written, and its outputs read: where they have valid bits,
        once the core has written them since.
        """
        if timeout is not None and "timeout" in self.arguments.names():
            arguments["timeout"], timeout = timeout, None
        waiting.check(timeout)
        if self._control is None and self._has_address:
            return self._follow(args, arguments, timeout)
        return self.start(*args, **arguments).wait(timeout)

    def wait(self, timeout: float | None = None) -> Any:
        """Wait until the core is done, and give what it returned; see :meth:`.Run.wait`. Also where its registers started it."""
        waiting.check(timeout)
        return self._runs.newest().wait(timeout)

    async def done(self, timeout: float | None = None) -> Any:
        """As ``wait``, for coroutines: ``await core.done()``."""
        waiting.check(timeout)
        return await self._runs.newest().wait_async(timeout)

    def stop(self) -> None:
        """Let a core that starts again by itself stop after the round that is at work; ``wait()`` tells when."""
        self._runs.stop()

    def _check_loaded(self) -> None:
        """``StaleOverlayError`` once the overlay has gone: that is the news, whatever is wrong with arguments."""
        for _, place in self._blocks[:1]:
            port_of(place.mmio).check()

    def _prepared(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Callable[[], None], list[Use]]:
        """What writes the arguments, when all of them were found right; and the buffers that the core gets. Touches no hardware."""
        given = self.arguments.bound(args, named)
        writes: list[Callable[[], None]] = []
        uses: list[Use] = []
        buffers = self.__dict__.setdefault("_buffers", {})
        kept = dict(buffers)
        # What was given first: that an argument is wrong is worth more than that another one is missing.
        for argument in sorted((a for a in self.arguments.values() if a.is_input), key=lambda a: a.name not in given):
            name = argument.name
            if argument.is_array:
                value = given.get(name)
                if value is not None:
                    array = self._array(name)
                    writes.append(_writing_array(array, array.encode(value)))
                continue
            value = given[name] if name in given else self._last(argument)
            if value is None:
                why = "the buffer that it was last given has gone" if argument.known() is not None else "nothing was written to it before"
                raise TypeError(f"{argument.title} was not given, and {why}: {self._example(given)}")
            if is_buffer(value):
                from pynq_drivers.hls.pointers import Use  # loads numpy

                use = Use(argument, value, self.device, self._reaches)
                uses.append(use)
                kept[name] = (weakref.ref(value), use.address)
                writes.append(_writing(argument, use.address))
            elif name in given:
                kept.pop(name, None)
                writes.append(_writing(argument, argument.encode(value)))

        def write() -> None:
            buffers.clear()
            buffers.update(kept)
            for action in writes:
                action()

        return write, uses

    def _last(self, argument: Argument) -> Any:
        """What the argument was last given: the buffer, or the bits that are known to stand there; None where there is nothing."""
        known = argument.known()
        buffer, address = self.__dict__.get("_buffers", {}).get(argument.name, (None, None))
        # Weakly: memory goes back with the last array over it, and a core that rests is none.
        return buffer() if buffer is not None and known == address else known

    def _example(self, given: Mapping[str, Any]) -> str:
        names = [a for a in self.arguments.values() if a.is_input and not a.is_array]
        return f"start({', '.join(f'{a.signature_name}=…' for a in names)})"

    @cached_property
    def _reaches(self) -> tuple[Reach, ...]:
        from pynq_drivers.transfers.limits import Reach

        design = self.description.get("design")
        return tuple(Reach(design, self._fullpath, name) for name in self._masters)

    def _follow(self, args: tuple[Any, ...], named: Mapping[str, Any], timeout: float | None) -> Any:
        self._check_loaded()
        write, uses = self._prepared(args, named)
        if uses:
            raise RuntimeError(
                f"{self._where()} works all the time: nobody could tell when it is done with a buffer. Give buffer.device_address"
            )
        outputs = self.arguments.outputs
        deadline = waiting.Deadline(self.device.clock, timeout)
        with self.device.lock:
            for argument in outputs:
                argument.was_written()
            write()
        missing = [argument for argument in outputs if argument.valid is not None] if self._behaves() else []
        pause = waiting.LOOK
        while missing := [argument for argument in missing if not argument.was_written()]:
            if deadline.passed():
                raise TimeoutError(f"{missing[0].title} was not written by the core within {timeout:g} s")
            self.device.clock.sleep(deadline.slice(pause))
            pause = min(2 * pause, 2e-3)
        values = {argument.name: argument.decode(argument.get()) for argument in outputs}
        self.__dict__["_followed"] = values
        if "return" in values:
            return values["return"]
        return next(iter(values.values())) if len(values) == 1 else values or None

    def panel(self) -> Any:
        """The form in which it is called."""
        from pynq_drivers.hls.panel import HlsPanel

        return HlsPanel.of(self) if self._has_address else None

    # On the simulated device.

    def _model(self) -> Any:
        model_of = getattr(self.device, "model_of", None)
        return None if model_of is None else model_of(self._fullpath)

    @property
    def no_behaviour(self) -> str:
        """That nobody has told the simulated device what this core does, and how to; '' where somebody has, and of real hardware."""
        if getattr(self.device, "model_of", None) is None or self.description.get("module") is None:
            return ""
        model = self._model()
        if model is not None:
            return str(getattr(model, "no_behaviour", ""))
        from pynq_widgets.device.simulated.hls import no_behaviour

        return no_behaviour(self.description["module"])

    def _behaves(self) -> bool:
        """Say, once, that a simulated core does nothing; whether it does something."""
        told = self.no_behaviour
        if told and not self.__dict__.get("_warned"):
            self.__dict__["_warned"] = True
            warnings.warn(told, UserWarning, stacklevel=4)
        return not told

    def _starved(self) -> str:
        """What its input streams wait for, where the device is one that can tell."""
        stream = getattr(self.device, "stream", None)
        module = self.description.get("module")
        if stream is None or module is None:
            return ""
        said = []
        for name, bus in module.buses.items():
            if bus.protocol == "axis":
                try:
                    standing = str(stream(self._fullpath, name).standing)
                except Exception:
                    _log.debug("the stream %s of %s tells nothing", name, self._fullpath, exc_info=True)
                    continue
                is_input = str(bus.mode).lower() in ("slave", "target")
                if standing and is_input != standing.startswith("full"):
                    said.append(f"its {'input' if is_input else 'output'} {name} is {standing}")
        return "; ".join(said)

    # Attributes.

    def _make_hub(self) -> Any:
        hub = super()._make_hub()
        settle(self, hub, self.arguments)
        return hub

    def _array_names(self) -> Mapping[str, Argument]:
        arguments = self.__dict__.get("arguments")
        if arguments is None:
            if "description" not in self.__dict__ or self.description.get("phys_addr") is None or self.__dict__.get("_finding"):
                return {}
            # What goes wrong on the way is to be seen, and not to lead here again.
            self.__dict__["_finding"] = True
            try:
                arguments = self.arguments
            finally:
                del self.__dict__["_finding"]
        return {argument.name: argument for argument in arguments.values() if argument.is_array and not hasattr(type(self), argument.name)}

    def _array(self, name: str) -> Any:
        from pynq_drivers.hls.arrays import CoreArray

        return CoreArray(self.arguments[name], self.device.lock)

    def __getattr__(self, name: str) -> Any:
        if name[:1] != "_" and "description" in self.__dict__:
            if name in self._array_names():
                return self._array(name)
            if name == "result" and name not in self.arguments:
                run = self.last_run
                if run is None:
                    raise AttributeError(f"{self._where()} has no result: it was not started yet")
                return run.result
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name[:1] != "_" and name in self._array_names():
            self._array(name).write(value)
            return
        super().__setattr__(name, value)

    def _attributes(self) -> list[str]:
        return sorted({*super()._attributes(), *self._array_names()})


def _writing(argument: Argument, bits: int) -> Callable[[], None]:
    return lambda: argument.put(bits)


def _writing_array(array: Any, data: bytes) -> Callable[[], None]:
    return lambda: array.put(0, data)


__all__ = ["HlsCore"]
