"""HLS cores: the control registers that Vitis HLS generates (UG1399, "S_AXILITE Control Register Map"), around a Python function."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from pynq_widgets.design import hls
from pynq_widgets.device.naming import near_hint
from pynq_widgets.device.simulated.ipmodel import IPModel, ModelContext

if TYPE_CHECKING:
    from pynq_widgets.design import Module, Register
    from pynq_widgets.design.c_prototype import Prototype
    from pynq_widgets.design.c_types import CType
    from pynq_widgets.device.simulated.registerfile import RegisterFile
    from pynq_widgets.device.simulated.stream import StreamQueue

Array = npt.NDArray[Any]

CTRL, GIER, IER, ISR = 0x0, 0x4, 0x8, 0xC
AP_START, AP_DONE, AP_IDLE, AP_READY, AP_CONTINUE, AUTO_RESTART = 1, 2, 4, 8, 16, 128
DONE, READY = 1, 2  # in IER and ISR

# A core that restarts by itself, takes no time and waits for no data would restart for ever at one moment. It is given this period (s).
RESTART_PERIOD = 1e-3


def has_ap_control(module: Module) -> bool:
    """Whether the IP is started by an ``ap_start`` bit at offset 0."""
    return hls.control_block(module) is not None


class Core:
    """What a model's function gets: the core's arguments as attributes, its streams, and memory by pointer.

    ``core.gain`` reads the register of the argument `gain`, as an unsigned integer (64 bits where HLS has split it into ``gain_1`` and
    ``gain_2``, as it does with pointers); ``core.total = x`` sets an output, with its valid bit (an int, negative ones as two's
    complement, or a float as IEEE single). `scalar` and `set` take the type where that is not what is meant. Where the model was told the
    C prototype, arguments are what they are in C.
    """

    def __init__(self, model: HLSModel) -> None:
        object.__setattr__(self, "_model", model)

    _model: HLSModel

    def __repr__(self) -> str:
        return f"<core {self._model.context.path}: {', '.join(self._model.arguments) or 'no arguments'}>"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._model.arguments]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        model: HLSModel = self._model
        value, width = model.argument(name)
        kind = model.type_of(name, width)
        return value if kind is None else kind.decode(value)

    def __setattr__(self, name: str, value: float) -> None:
        self.set(name, value)

    def scalar(self, name: str, dtype: npt.DTypeLike = "u4") -> Any:
        """The argument `name`, its bits taken as `dtype` (``'i4'``, ``'f4'``, ``'u8'``, ...)."""
        value, _ = self._model.argument(name)
        kind = np.dtype(dtype)
        return np.frombuffer((value & ((1 << 8 * kind.itemsize) - 1)).to_bytes(kind.itemsize, "little"), kind)[0].item()

    def set(self, name: str, value: float, dtype: npt.DTypeLike | None = None) -> None:
        """Set the output `name` to `value`, its bits as of `dtype`."""
        kind = self._model.type_of(name, 0) if dtype is None else None
        if kind is not None:
            self._model.set_argument(name, kind.encode(value))
            return
        if dtype is None and isinstance(value, (float, np.floating)):
            dtype = "f4"
        bits = int.from_bytes(np.array(value, dtype).tobytes(), "little") if dtype is not None else int(value)
        self._model.set_argument(name, bits)

    def array(self, name: str, dtype: npt.DTypeLike | None = None) -> Array:
        """A copy of the array argument `name` in the core's own address space; without `dtype`, of the prototype's, or of words."""
        return self._model.array(name, self._model.elements_of(name, dtype))

    def set_array(self, name: str, values: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> None:
        """Set the array argument `name`, from its first element on."""
        self._model.set_array(name, np.asarray(values, self._model.elements_of(name, dtype)))

    def receive(self, name: str, dtype: npt.DTypeLike | None = None) -> Array:
        """The next packet of the input stream `name`, as `dtype` (by default, unsigned words of the width of the stream)."""
        return self._model.receive(name, dtype)

    def available(self, name: str) -> int:
        """How many whole packets wait at the input stream `name`."""
        return self._model.input(name)[1].packets

    def send(self, name: str, values: npt.ArrayLike, last: bool = True) -> None:
        """Put `values` on the output stream `name`, as they lie in memory, with TLAST at their end if `last`."""
        self._model.send(name, values, last)

    def buffer(self, address: int, shape: int | tuple[int, ...], dtype: npt.DTypeLike = "u4", interface: str | None = None) -> Array:
        """The memory at `address`, as the core's master sees it: a live array. `BusError` where there is no such memory."""
        kind = np.dtype(dtype)
        count = int(np.prod(shape))
        view = self._model.context.memory(interface).view(address, count * kind.itemsize)
        return np.frombuffer(view, kind, count).reshape(shape)

    @property
    def clock(self) -> Any:
        """The device's time."""
        return self._model.context.clock


class HLSModel(IPModel):
    """The block-level protocol of an HLS core. `function`, of a subclass, is what the core does."""

    function: Callable[[Core], Any] | None = None

    prototype: ClassVar[Prototype | None] = None
    """The C function, where ``@model(..., prototype=...)`` was told it."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        control = hls.control_block(context.module)
        self.control = control.interface if control is not None else None
        self._described = hls.described(register for block in context.module.blocks for register in block.registers)
        self._files: dict[str, RegisterFile] = {}
        self._inputs, self._outputs = context.stream_interfaces
        self._core = Core(self)
        self._to_send: deque[tuple[str, memoryview, bool]] = deque()
        self._running = False
        self._took = False  # whether this run has taken a packet: one that takes none and starts again would go round without time
        self._waiting_for: str | None = None
        self._capacities: dict[str, int] = {}  # of its inputs, as the connections have them
        self._ready_at = 0.0  # when the last byte that it received was there: no result is out before
        self._steps: Generator[Any, None, Any] | None = None
        self._status = AP_IDLE
        self._auto = False
        self._started = False
        self._unseen = True  # registers that a free-running core has not yet worked on, at first their reset values
        self._gier = self._ier = self._isr = 0
        start = None if control is None else hls.control_register(control.registers)
        self._chain = start is not None and any(field.name.lower() == "ap_continue" for field in start.fields)  # ap_ctrl_chain
        self._has_master = any(
            bus.protocol == "aximm" and str(bus.mode).lower() in ("master", "initiator") for bus in context.module.buses.values()
        )
        self._kept = False  # of ap_ctrl_chain: it is done, and waits for ap_continue

    @property
    def _free_running(self) -> bool:
        """Whether nothing starts the core but its registers (``ap_ctrl_none`` without streams): its outputs always follow its inputs."""
        return self.control is None and not self._inputs and not self._outputs and type(self).function is not None

    @property
    def started(self) -> bool:
        """Whether it has been started and is not done, starts again by itself, or needs no start. Unlike a read, it clears nothing."""
        return self.control is None or self._started or self._running or self._auto

    def reset(self) -> None:
        if self.control is None and not self._inputs and self._outputs and type(self).function is not None:
            self.context.assume("has neither a control port nor an input stream: nothing starts its model, which is never called")
        self._take_all(True)

    def _take_all(self, whole: bool) -> None:
        """A function takes packets whole, however long they are; but none while it cannot get rid of what it made of the last."""
        for name in self._inputs:
            queue = self.context.stream(name)
            if queue.capacity is not None:
                self._capacities[name] = queue.capacity
            queue.capacity = None if whole else self._capacities[name]
            if whole:
                queue.tell_space()

    # Registers.

    def _file(self, interface: str) -> RegisterFile:
        found = self._files.get(interface)
        if found is None:
            found = self._files[interface] = self.context.registers_of(interface)
        return found

    def read(self, interface: str, offset: int) -> int:
        if self.control is None or interface.lower() != self.control.lower() or offset > ISR:
            if self._unseen and self._free_running:
                self._try()
            return self._file(interface).read(offset)
        if offset == CTRL:
            value = self._status | (AP_START if self._started else 0) | (AUTO_RESTART if self._auto else 0)
            if self._interrupt():
                value |= 1 << 9
            # Of ap_ctrl_chain the core holds ap_done until ap_continue; what a read clears is there again at once.
            self._status &= ~(AP_READY if self._kept else AP_DONE | AP_READY)
            return value
        return {GIER: self._gier, IER: self._ier, ISR: self._isr}.get(offset, 0)

    def write(self, interface: str, offset: int, value: int) -> None:
        if self.control is None or interface.lower() != self.control.lower() or offset > ISR:
            self._file(interface).write(offset, value)
            if self._free_running:
                self._unseen = True
                self._try()
            return
        if offset == CTRL:
            self._auto = bool(value & AUTO_RESTART)
            if value & AP_START and not self._started:
                self._started = True
                self._status &= ~AP_IDLE
            if self._kept and value & (AP_CONTINUE | AUTO_RESTART):
                self._kept = False
            if self._started:
                self._try()
            return
        if offset == GIER:
            self._gier = value & 1
        elif offset == IER:
            self._ier = value & (DONE | READY)
        else:
            self._isr ^= value & (DONE | READY)
        self._update_interrupt()

    def _interrupt(self) -> bool:
        return bool(self._gier and self._isr)

    def _update_interrupt(self) -> None:
        if "interrupt" in self.context.module.ports:
            self.context.interrupt("interrupt").set(self._interrupt())

    # Running.

    def on_stream(self, interface: str) -> None:
        self._try()

    def on_space(self, interface: str) -> None:
        self._flush()

    def _try(self) -> None:
        """Start, or go on, if all that is needed is there."""
        if self._running:
            if self._waiting_for is not None and self.context.stream(self._waiting_for).packets:
                self._waiting_for = None
                self._step()
            return
        if self.control is not None and (not self._started or self._kept):
            return
        function = type(self).function
        generator = function is not None and inspect.isgeneratorfunction(function)
        needs = [name for name in self._inputs if not self.context.stream(name).packets]
        if function is not None and needs and not (generator and self.control is not None):
            return
        if self.control is None and not self._inputs and not (self._unseen and self._free_running):
            return
        self._unseen = False
        self._running, self._took = True, False
        try:
            result: Any = function(self._core) if function is not None else None
        except BaseException:
            self._abandon()
            raise
        if isinstance(result, Generator):
            self._steps = result
            self._step()
        else:
            self._returned(result)
            self._flush()

    def _returned(self, value: Any) -> None:
        """What the function gave is what the core returns, where it returns something."""
        if value is not None and hls.RETURN in self._described:
            self._core.set(hls.RETURN, value)

    def _abandon(self) -> None:
        """The function has failed: the core stands still, neither done nor running."""
        self._running = self._started = self._auto = False
        self._steps, self._waiting_for = None, None
        self._to_send.clear()
        self._take_all(True)
        self._status |= AP_IDLE

    def _step(self) -> None:
        steps = self._steps
        if steps is None:
            return
        try:
            wish = next(steps)
            if isinstance(wish, str):
                name, queue = self.input(wish)
                self._waiting_for = name
                if queue.packets:
                    self.context.post(self._try)
            else:
                self.context.clock.call_later(float(wish or 0), self._step)
        except StopIteration as end:
            self._steps = None
            self._returned(end.value)
        except BaseException:
            self._abandon()
            raise
        self._flush()

    def _flush(self) -> None:
        """Send what waits to be sent; with the last of it, the function is done."""
        while self._to_send:
            name, data, last = self._to_send[0]
            taken = self.context.stream(name).send(data, last, ready_at=self._ready_at)
            if taken < len(data):
                self._to_send[0] = (name, data[taken:], last)
                if self._steps is None:
                    self._take_all(False)
                return
            self._to_send.popleft()
        if self._running and self._steps is None:
            self._take_all(True)
            self._done()

    def _done(self) -> None:
        self._running = False
        if self.control is None:
            if self._took or not self._inputs:
                self.context.post(self._try)
            else:
                self.context.clock.call_later(RESTART_PERIOD, self._try)
            return
        self._status |= AP_DONE | AP_READY
        if self._auto:
            if self._took:
                self.context.post(self._try)
            else:
                self.context.clock.call_later(RESTART_PERIOD, self._try)
        else:
            self._started = False
            self._status |= AP_IDLE
            self._kept = self._chain
        self._isr |= self._ier
        self._update_interrupt()

    # Arguments.

    def type_of(self, name: str, width: int) -> CType | None:
        """The C type of the argument `name`, where the model was told the prototype and it is no pointer to memory."""
        told = type(self).prototype
        if told is None:
            return None
        registers = self._find(name)
        known = (name, name.removesuffix("_r"), name.removesuffix("_V"), name.removesuffix("_o"), name.removesuffix("_i"))
        kind = told.returns if name == hls.RETURN else next((told.arguments[k] for k in known if k in told.arguments), None)
        if kind is None or kind.kind == "void" or registers[0].is_memory:
            return None
        halves = f"{name}_o" in self._described or f"{name}_i" in self._described or name.endswith(("_i", "_o"))
        if (kind.pointer or kind.array) and self._has_master and not halves and registers[0].access != "read-only":
            return None  # an address
        return kind.element.of_width(width or sum(register.width for register in registers))

    def elements_of(self, name: str, dtype: npt.DTypeLike | None) -> np.dtype[Any]:
        """What the array `name` holds: `dtype`, where that was said, else what the prototype tells, else words."""
        told = type(self).prototype
        plain = name.removeprefix("Memory_")
        kind = told.arguments.get(plain) if told is not None and dtype is None else None
        return np.dtype(dtype if dtype is not None else (kind.dtype if kind is not None and kind.dtype else "u4"))

    @property
    def arguments(self) -> list[str]:
        """The names of the arguments, those of 64 bits once."""
        return [argument.name for argument in hls.arguments(self._described, self.control is not None)]

    def _find(self, name: str) -> tuple[Register, ...]:
        """The registers of an argument, lowest word first, by its name in C or in the registers."""
        found = hls.words_of(self._described, name)
        if not found:
            hint = near_hint(name, self.arguments) or f"; it has {', '.join(self.arguments) or 'none'}"
            raise AttributeError(f"the core {self.context.path} has no argument {name!r}{hint}")
        return found

    def _find_array(self, name: str) -> tuple[Register, ...]:
        memory = self._described.get(f"Memory_{name}")
        return (memory,) if memory is not None else self._find(name)

    def _home(self, register: Register) -> RegisterFile:
        for block in self.context.module.blocks:
            if any(candidate is register for candidate in block.registers):
                return self._file(block.interface)
        return self.context.registers

    def argument(self, name: str) -> tuple[int, int]:
        """Value and width (bits) of an argument."""
        value = shift = 0
        for register in self._find(name):
            words = max(1, (register.width + 31) // 32)
            file = self._home(register)
            for i in range(words):
                value |= file.peek(register.offset + 4 * i) << (shift + 32 * i)
            shift += 32 * words
        return value, shift

    def set_argument(self, name: str, value: int) -> None:
        """Set an argument, and the valid bit of its handshake (``_ctrl``) if it has one."""
        registers = self._find(name) if f"{name}_o" not in self._described else (self._described[f"{name}_o"],)
        total = sum(32 * max(1, (register.width + 31) // 32) for register in registers)
        if not -(1 << (total - 1)) <= value < 1 << total:
            raise ValueError(f"the argument {name} of {self.context.path} has {total} bits: {value} does not fit")
        bits = value & ((1 << total) - 1)
        for register in registers:
            file = self._home(register)
            for i in range(max(1, (register.width + 31) // 32)):
                file.poke(register.offset + 4 * i, bits & 0xFFFFFFFF)
                bits >>= 32
        for suffix in ("_ctrl", "_o_ctrl", "_r_ctrl"):
            valid = self._described.get(f"{name}{suffix}")
            if valid is not None:
                self._home(valid).set_bits(valid.offset, 1)

    def array(self, name: str, dtype: np.dtype[Any]) -> Array:
        (register,) = self._find_array(name)
        file = self._home(register)
        words = [file.peek(register.offset + 4 * i) for i in range((register.width + 31) // 32)]
        return np.array(words, "<u4").view(dtype)

    def set_array(self, name: str, values: Array) -> None:
        (register,) = self._find_array(name)
        data = np.ascontiguousarray(values).tobytes()
        if len(data) * 8 > register.width:
            raise ValueError(f"the array {name} of {self.context.path} has {register.width // 8} bytes: {len(data)} do not fit")
        data += bytes(-len(data) % 4)
        file = self._home(register)
        for i in range(0, len(data), 4):
            file.poke(register.offset + i, int.from_bytes(data[i : i + 4], "little"))

    # Streams.

    def _named(self, name: str, among: tuple[str, ...], kind: str) -> str:
        wanted = {name.lower(), f"{name}_r".lower(), f"{name}_v".lower(), f"{name}_r_v".lower()}
        for candidate in among:
            if candidate.lower() in wanted:
                return candidate
        raise ValueError(f"the core {self.context.path} has no {kind} stream {name!r}; it has {', '.join(among) or 'none'}")

    def input(self, name: str) -> tuple[str, StreamQueue]:
        found = self._named(name, self._inputs, "input")
        return found, self.context.stream(found)

    def receive(self, name: str, dtype: npt.DTypeLike | None) -> Array:
        found, queue = self.input(name)
        if not queue.packets:
            raise RuntimeError(
                f"nothing has arrived at {self.context.path}/{found}: a call gets one packet of each input, this is a second receive(); "
                f"in a generator, 'yield {found!r}' waits for the next"
            )
        data, _ = queue.receive()
        self._ready_at = max(self._ready_at, queue.ready_at)
        self._took = True
        kind = np.dtype(dtype) if dtype is not None else self._natural(found)
        if len(data) % kind.itemsize:
            raise ValueError(f"a packet of {len(data)} bytes at {self.context.path}/{found} is no whole number of {kind} elements")
        return np.frombuffer(bytearray(data), kind)

    def _natural(self, interface: str) -> np.dtype[Any]:
        bus = self.context.module.buses.get(interface)
        try:
            width = int(bus.parameters.get("TDATA_NUM_BYTES", "4"), 0) if bus is not None else 4
        except ValueError:
            width = 4
        return np.dtype(f"<u{width}" if width in (1, 2, 4, 8) else "<u4")

    def send(self, name: str, values: npt.ArrayLike, last: bool) -> None:
        found = self._named(name, self._outputs, "output")
        array = np.ascontiguousarray(values)
        if array.dtype.hasobject:
            raise TypeError(f"the core {self.context.path} sends numbers on {found}, not {values!r}")
        data = memoryview(array.tobytes())
        self._to_send.append((found, data, last))


def no_behaviour(module: Module) -> str:
    """That the simulated device knows nothing that this core does, and how to tell it."""
    vlnv = str(module.vlnv)
    function = vlnv.split(":")[2] if vlnv.count(":") == 3 else "core"
    known = hls.arguments(
        hls.described(register for block in module.blocks for register in block.registers), hls.control_block(module) is not None
    )
    first = next((argument.source_name for argument in known if argument.name != hls.RETURN), "…")
    return (
        f"{module.path} ({vlnv}) does nothing on the simulated device, which knows no behaviour of it: it is done at once, and "
        f"its outputs stay as they are. Give it one, and load the design again:\n\n@model({vlnv!r})\ndef {function}(core):\n"
        f"    ...  # core.{first} is an argument; core.receive('in'), core.send('out', array) are streams"
    )


class IdleCore(HLSModel):
    """An HLS core that nobody has given a behaviour: started, it is done at once, and nothing has changed."""

    @property
    def no_behaviour(self) -> str:
        """That it does nothing, and how to give it something to do."""
        return no_behaviour(self.context.module)

    def reset(self) -> None:
        self._inputs = ()

    def _done(self) -> None:
        self.context.assume(f"({self.context.module.vlnv}) has no model: when started it is done at once and does nothing; see @model")
        super()._done()


def model_of_function(function: Callable[[Core], Any]) -> type[HLSModel]:
    """A model whose behaviour is ``function(core)``."""
    return type(getattr(function, "__name__", "HLSCore"), (HLSModel,), {"function": staticmethod(function), "__doc__": function.__doc__})
