"""A device that answers as one did of which there is a recording: the same notebook runs on it, with no hardware."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pynq_widgets.device import events
from pynq_widgets.device.clock import Clock, VirtualClock
from pynq_widgets.device.contract import Device
from pynq_widgets.device.conversation import Conversation, conversation_of
from pynq_widgets.device.errors import BufferFreedError, BusError
from pynq_widgets.device.naming import Names
from pynq_widgets.device.script import INTERRUPT, Failure, Script, Turn, is_watcher, scripts_of

if TYPE_CHECKING:
    from pynq_widgets.design import Design, InterruptLine
    from pynq_widgets.device.buffer import PynqBuffer

_MOST_DIFFERENCES = 1000


class Difference(NamedTuple):
    """Where what was done differs from the recording.

    `kind` is ``'write'`` (another value, or none, was recorded), ``'read'`` (another access was, or none any more), ``'unrecorded'``
    (the recording never read that word), ``'left'`` (the recording goes on), ``'interrupt'``, ``'design'`` or ``'recording'`` (gaps).
    `expected` and `got` say it in words; `address` is None where there is none.
    """

    kind: str
    who: str
    address: int | None
    name: str
    expected: str
    got: str

    def __str__(self) -> str:
        where = "" if self.address is None else f" at {self.address:#010x}{f' ({self.name})' if self.name else ''}"
        return f"{self.kind}{where} by {self.who!r}: expected {self.expected}, got {self.got}"


class ReplayMismatchError(AssertionError):
    """What was done differs from the recording; `difference` says where, and what was expected and got."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        super().__init__(f"not as recorded: {difference}")

    def __reduce__(self) -> Any:
        return type(self), (self.difference,)


class ReplayDevice(Device):
    """The device of a recording.

    Reads answer what the same asker (``bus.asking``) was given at that address, in that order; a block read is answered from words that
    were read one by one, and the other way round. Where the recording has no more, the last value answers. Errors that were recorded are
    raised again, and interrupts come when what was written before them has been written. `differences` tells what was otherwise.

    A word that the recording neither read nor wrote has no answer: a `BusError`, or, within a block of which it knows others, the
    design's reset value, or 0. What reached memory by DMA is not recorded: a buffer that hardware filled holds zeros.

    Parameters
    ----------
    recording
        The path of a file that ``tape.save`` wrote, a tape, a part of one, or a list of entries (``device.conversation``).
    strict
        Whether the first difference raises :class:`ReplayMismatchError`. Then the words of each asker must come in the recorded order;
        those of ``'sampler'``, ``'page'`` and ``'display'`` are not compared.
    tag
        A name that no other device has.
    clock
        By default a `VirtualClock` that follows wall time.

    Raises ``ConversationError`` for a file that is no recording, and, where `strict`, ``ValueError`` for one that has gaps.
    """

    kind = "replay"
    in_device_tree = False
    capabilities: Mapping[str, bool] = {"REGISTER_RW": True}

    def __init__(self, recording: Any, strict: bool = False, *, tag: str = "replay", clock: Clock | None = None) -> None:
        super().__init__(tag)
        self.conversation: Conversation = conversation_of(recording)
        self.strict = strict
        self._clock: Clock = clock if clock is not None else VirtualClock(following=True)
        self._lock = self._clock.lock
        self.generation = 0
        self._scripts = scripts_of(self.conversation)
        self._started = 0 if self.conversation.loaded else -1
        self._at = 0
        self._known: dict[int, int] = {}  # the last value of each word
        self._told_of: set[tuple[str, int]] = set()
        self._differences: list[Difference] = []
        self._more = 0
        self._mismatch: Difference | None = None
        self._lines: dict[str, ReplayLine] = {}
        self._names = Names()
        self._gpio: dict[int, int] = {}
        self._pool: Any = None
        self._warned = False
        missed = self.conversation.missed
        if missed and strict:
            raise ValueError(
                f"the recording leaves out {missed} transactions, so that nothing can be compared strictly: record with "
                "tape.mode = 'on', or the part that matters with tape.recording()"
            )
        if missed:
            self._differ(Difference("recording", "tape", None, "", "every transaction", f"{missed} were left out when it was recorded"))
        self.watch_generation(self._downloaded)

    @property
    def lock(self) -> Any:
        return self._lock

    @property
    def clock(self) -> Clock:
        return self._clock

    # What differs.

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Where what was done differs from the recording, the first thousand; `further_differences` counts the others."""
        return tuple(self._differences)

    @property
    def further_differences(self) -> int:
        """How many more differences there were than `differences` holds."""
        return self._more

    @property
    def remaining(self) -> int:
        """How many words of the recording, those of watchers aside, have not been asked for yet."""
        with self._lock:
            return sum(script.remaining() for script in self._scripts[self._at :])

    def finish(self) -> None:
        """Say whether all was as recorded. Raises :class:`ReplayMismatchError`: for the first difference, or for what has not been done."""
        with self._lock:
            if self._mismatch is not None:
                raise ReplayMismatchError(self._mismatch)
            if self._differences:
                raise ReplayMismatchError(self._differences[0])
            for script in self._scripts[self._at :]:
                turn = script.next_turn()
                if turn is not None:
                    left = self.remaining
                    raise ReplayMismatchError(
                        Difference("left", turn.who, turn.address, self._name(turn.address), _said(turn), f"nothing; {left} words are left")
                    )

    def _differ(self, difference: Difference) -> None:
        if len(self._differences) < _MOST_DIFFERENCES:
            self._differences.append(difference)
        else:
            self._more += 1

    def _mismatched(self, difference: Difference) -> ReplayMismatchError:
        if self._mismatch is None:
            self._mismatch = difference
            self._differ(difference)
        return ReplayMismatchError(self._mismatch)

    def _name(self, address: int) -> str:
        return self._names.of(address) or self.conversation.name_of(address)

    # The design.

    def prepare(self, design: Design) -> None:
        """Take `design` for what runs here; one that is not the recorded one is told as a difference."""
        with self._lock:
            if design is self.design:
                return
            self.design = design
            self._names = Names(design)
            name, digest = self.conversation.design, self.conversation.digest
            found = digest_of(design)
            other = (digest and found and digest != found) or (name and design.name and name != design.name)
            if other and len(self._scripts) == 1:
                difference = Difference(
                    "design", "user", None, "", f"{name or 'a design'} ({digest[:12]})", f"{design.name or 'another'} ({found[:12]})"
                )
                if self.strict:
                    raise self._mismatched(difference)
                self._differ(difference)
                warnings.warn(
                    f"the recording was made with another design, or another build of it: {difference}", RuntimeWarning, stacklevel=2
                )

    def download(self, bitstream: Any = None, parser: Any = None) -> None:
        """Begin what the recording says after its next download; there is no hardware. `generation` grows."""
        design = parser if hasattr(parser, "address_map") else None
        if design is None and self.design is None and bitstream is not None:
            design = self.get_bitfile_metadata(str(getattr(bitstream, "bitfile_name", bitstream)))
        with self._lock:
            if design is not None:
                self.prepare(design)
            self.generation += 1

    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
        """The design that belongs to the bitstream; it has PYNQ's dictionaries."""
        from pynq_widgets.design import read_design

        return read_design(bitfile_name)

    def _downloaded(self) -> None:
        with self._lock:
            # A recording that begins on a loaded design has no entry for that download.
            at = max(0, self.generation - 1 - self._started)
            if self._at < at < len(self._scripts):
                left = self._scripts[self._at].next_turn()
                if left is not None:
                    name = self._name(left.address)
                    difference = Difference("left", left.who, left.address, name, _said(left), "another download")
                    if self.strict:
                        self._mismatched(difference)  # whoever downloads is not told: the next access is, and finish()
                    else:
                        self._differ(difference)
                self._at = at
                self._known.clear()
                self._lines.clear()

    # The bus.

    def read_word(self, address: int) -> int:
        return self._read(address, 1)[0]

    def read_registers(self, address: int, length: int) -> bytes:
        """`length` bytes (a multiple of 4) at `address` (a multiple of 4)."""
        if length % 4 or length < 0:
            raise BusError(address, "read", f"expected whole words: a length that is a multiple of 4, not {length} bytes")
        return b"".join([word.to_bytes(4, "little") for word in self._read(address, length // 4)])

    def write_word(self, address: int, value: int) -> None:
        if not 0 <= value <= 0xFFFFFFFF:
            raise ValueError(f"a word has 32 bits: expected 0 to 0xffffffff, not {value!r}")
        self._write(address, [value])

    def write_registers(self, address: int, data: bytes) -> None:
        """Put `data` (a multiple of 4 bytes) on the bus at `address` (a multiple of 4)."""
        if len(data) % 4:
            raise BusError(address, "write", f"expected whole words: a length that is a multiple of 4, not {len(data)} bytes")
        self._write(address, memoryview(bytes(data)).cast("I").tolist())

    def _read(self, address: int, count: int) -> list[int]:
        if address & 3:
            raise BusError(address, "read", "a word stands at a multiple of 4")
        with self._lock:
            who, script = self.bus.who, self._scripts[self._at]
            self._compare(script, who, "read", address, [None] * count)
            answers: list[int | None] = []
            failure: Failure | None = None
            ended: list[int] = []
            for at in range(address, address + 4 * count, 4):
                answer = script.answer(who, at)
                if isinstance(answer, Failure):
                    failure = failure or answer
                    continue
                if answer is None:
                    answer = self._last(script, at)
                    if answer is not None:
                        ended.append(at)
                answers.append(answer)
                if answer is not None:
                    self._known[at] = answer
            if failure is not None:
                raise failure.error(address, "read")
            return self._answered(who, address, answers, ended)

    def _last(self, script: Script, address: int) -> int | None:
        value = self._known.get(address)
        return script.first(address) if value is None else value

    def _answered(self, who: str, address: int, answers: list[int | None], ended: list[int]) -> list[int]:
        if not is_watcher(who):
            for at in ended:
                self._differ(
                    Difference("read", who, at, self._name(at), "no further read", f"one more, answered with {self._known[at]:#x}")
                )
        if answers and all(answer is None for answer in answers):
            raise BusError(address, "read", "the recording holds no value of it: nobody read or wrote it while it was made")
        found = []
        for at, answer in enumerate(answers):
            if answer is None:
                where = address + 4 * at
                answer = self._names.reset_value(where)
                if (who, where) not in self._told_of and len(self._told_of) < _MOST_DIFFERENCES:
                    self._told_of.add((who, where))
                    self._differ(
                        Difference("unrecorded", who, where, self._name(where), "no read of it", f"one, answered with {answer:#x}")
                    )
            found.append(answer)
        return found

    def _write(self, address: int, words: list[int]) -> None:
        if address & 3:
            raise BusError(address, "write", "a word stands at a multiple of 4")
        with self._lock:
            who, script = self.bus.who, self._scripts[self._at]
            self._compare(script, who, "write", address, words)
            failure: Failure | None = None
            for at, value in enumerate(words):
                where = address + 4 * at
                expected = script.written(who, where)
                if isinstance(expected, Failure):
                    failure = failure or expected
                    expected = expected.value
                if expected != value and not is_watcher(who):
                    recorded = "no further write" if expected is None else f"{expected:#x}"
                    self._differ(Difference("write", who, where, self._name(where), recorded, f"{value:#x}"))
                self._known[where] = value
            script.count_writes(who, len(words))
            if failure is not None:
                raise failure.error(address, "write")
            for line in list(self._lines.values()):
                line.look()

    def _compare(self, script: Script, who: str, operation: str, address: int, words: list[Any]) -> None:
        """Strictly: the next words of `who` must be these."""
        if not self.strict or is_watcher(who):
            return
        if self._mismatch is not None:
            raise ReplayMismatchError(self._mismatch)
        for at, value in enumerate(words):
            where = address + 4 * at
            turn = script.take_turn(who)
            if turn is None or (turn.operation, turn.address) != (operation, where) or (operation == "write" and turn.value != value):
                got = _said(Turn(who, operation, where, value), self._name(where))
                expected = "nothing more" if turn is None else _said(turn, self._name(turn.address))
                raise self._mismatched(Difference(operation, who, where, self._name(where), expected, got))

    # Interrupts.

    def interrupt_source(self, line: InterruptLine) -> ReplayLine:
        """The line of the processing system on which `line` arrives; it is told as it was recorded."""
        controllers = {item.path: item for item in self.design.controllers} if self.design is not None else {}
        name = events.line_name(events.root_of(line, controllers))
        with self._lock:
            found = self._lines.get(name)
            if found is None:
                found = self._lines[name] = ReplayLine(self, name, self._scripts[self._at])
            return found

    # Memory.

    @property
    def pool(self) -> Any:
        """Where `allocate` takes its memory from: at the addresses of the recorded device's, where that told them."""
        from pynq_widgets.device.simulated.pool import DEFAULT_BASE, DEFAULT_SIZE, PAGE, ContiguousPool

        with self._lock:
            if self._pool is None:
                base, size = self.conversation.pool or (DEFAULT_BASE, DEFAULT_SIZE)
                self._pool = ContiguousPool(base & -PAGE, size & -PAGE, device=self)
            return self._pool

    @property
    def default_memory(self) -> ReplayDevice:
        return self

    def allocate(self, shape: Any, dtype: Any = "u4", *, cacheable: bool = False, name: str | None = None, **kwargs: Any) -> PynqBuffer:
        """An array in this process, all 0, with an address as the recorded device would give. The hardware never fills it."""
        from pynq_widgets.device.simulated.allocation import buffer_in

        if kwargs:
            raise TypeError(f"allocate() of a ReplayDevice does not know {', '.join(kwargs)}; it takes cacheable and name")
        # Never coherent, so that whoever is to see what the hardware wrote comes by `invalidate`.
        return buffer_in(self.pool, shape, dtype, cacheable, False, name)

    def flush(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        """Nothing to do: there is no hardware to see it."""
        self._check(bo)

    def invalidate(self, bo: Any, offset: int, vaddr: int, nbytes: int) -> None:
        """Warns, once, that the contents of buffers are not recorded: what hardware wrote is not there."""
        self._check(bo)
        if not self._warned:
            self._warned = True
            warnings.warn(
                "a recording holds what went over the bus of registers, not the contents of buffers: what the hardware wrote into this "
                "buffer is not there, it keeps what this program put in (zeros at first)",
                RuntimeWarning,
                stacklevel=3,
            )

    def _check(self, bo: Any) -> None:
        if getattr(bo, "freed", False):
            raise BufferFreedError(f"use after free: {bo!r}")

    # Pins.

    def gpio_write(self, index: int, value: int) -> None:
        """Taken, and told back by `gpio_read`: pins of the processing system are not recorded."""
        self._gpio[index] = 1 if value else 0

    def gpio_read(self, index: int) -> int:
        """What was last driven. Raises ``RuntimeError`` for a pin that this program has not driven: its level was not recorded."""
        if index not in self._gpio:
            raise RuntimeError(f"GPIO {index} of the processing system was not recorded: only the bus and its interrupts are")
        return self._gpio[index]


class ReplayLine:
    """An interrupt line of the processing system that is told as it was recorded, with the manners of Linux UIO."""

    def __init__(self, device: ReplayDevice, name: str, script: Script) -> None:
        self.name = name
        self._device = device
        self._script = script
        self._told = deque(script.told.get(name, ()))
        self._armed = script.armed.get(name, 0)
        self._enabled = 0
        self._masked = True
        self._callbacks: list[Callable[[], object]] = []

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback()` each time the interrupt is told; the result takes it back."""

        def undo() -> None:
            with self._device.lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        with self._device.lock:
            self._callbacks.append(callback)
        return undo

    def enable(self) -> None:
        """Unmask. Raises ``RuntimeError`` where the recording holds no such wait, since this one would never end."""
        with self._device.lock:
            self._enabled += 1
            if not self._told and self._enabled > self._armed:
                why = (
                    f"the recording has no interrupt on {self.name}: nobody waited for one on this library's Interrupt while it was made"
                    if not self._armed
                    else f"the recording holds no further interrupt on {self.name}, after {self._armed} waits"
                )
                difference = Difference("interrupt", INTERRUPT, None, "", "no further wait", f"one for {self.name}")
                if self._device.strict:
                    raise self._device._mismatched(difference)
                self._device._differ(difference)
                raise RuntimeError(f"{why}, so this wait would never end")
            self._masked = False
            self.look()

    def look(self) -> None:
        """Tell, if it is unmasked and its moment has come (the lock is held)."""
        if self._masked or not self._told or self._script.writes < self._told[0]:
            return
        self._told.popleft()
        self._masked = True
        for callback in list(self._callbacks):
            callback()


def digest_of(design: Any) -> str:
    """The SHA-256 of the file that `design` was read from; empty where that cannot be read."""
    from hashlib import sha256

    try:
        with open(design.path, "rb") as file:
            return sha256(file.read()).hexdigest()
    except (OSError, AttributeError, TypeError):
        return ""


def _said(turn: Turn, name: str = "") -> str:
    where = f"{turn.address:#010x}{f' ({name})' if name else ''}"
    return f"a read of {where}" if turn.operation == "read" else f"{turn.value:#x} written to {where}"
