"""The runs of one HLS core: started one after another, watched by anybody, and never lost.

A read of the control register takes ``ap_done`` away, so it is read here alone; what it said goes into the :class:`Run`, where any number
may find it. Where somebody else read it, the core stands idle with ``ap_start`` gone, which says the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pynq_drivers import waiting
from pynq_drivers.hls import control as bits
from pynq_drivers.hls.arguments import Arguments
from pynq_drivers.hls.control import Control
from pynq_drivers.hls.run import Run
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.overlay.life import generation_of

if TYPE_CHECKING:
    from pynq_drivers.hls.pointers import Use

_LONGEST_PAUSE = 2e-3  # seconds between two looks where the core has no interrupt
_SAFETY = 0.5  # seconds after which it is looked at all the same: an interrupt may get lost


class Runs:
    """The runs of the core `title`.

    Attributes
    ----------
    current : Run | None
        The newest.
    ended : int
        How often the core was seen to be done.
    """

    def __init__(self, title: str, device: Any, control: Control, arguments: Arguments, pin: Callable[[], Any]) -> None:
        self.title = title
        self.device = device
        self.control = control
        self._arguments = arguments
        self._pin = pin
        self._valid_bits_known = False  # whether the valid bits of outputs are known to be down
        self._count = 0
        self.current: Run | None = None
        self.ended = 0
        self._generation = generation_of(device)
        self._started_at = float("-inf")

    # Starting.

    def begin(self, write: Callable[[], None], uses: Sequence[Use], auto_restart: bool) -> Run:
        """Start the core when `write` has written its arguments. ``RuntimeError`` where it is running; nothing is written then."""
        with self.device.lock:
            self._require_idle()
            self._started_at = self.device.clock.now()
            begun: list[Use] = []
            try:
                for use in uses:
                    use.begin(self.device)
                    begun.append(use)
                write()
                if not self._valid_bits_known:
                    self._clear_valid_bits()
                self._count += 1
                run = Run(self, self._count, auto_restart, uses)
                self.current = run
                self.control.start(auto_restart)
            except BaseException as error:
                for use in begun:
                    use.end(error)
                if self.current is not None and not self.current.over:
                    self.current.end(error)
                raise
            return run

    def review(self) -> None:
        """Where the logic was loaded again under the same overlay, what was known of the core is not so any more."""
        generation = generation_of(self.device)
        if generation == self._generation:
            return
        self._generation = generation
        self._valid_bits_known = False
        self.control.forget()
        for argument in self._arguments.values():
            argument.place.forget(argument.written, self._started_at)
        run = self.current
        if run is not None and not run.over:
            run.end(StaleOverlayError(f"{self.title} was at run {run.number} when the logic was loaded again: start it again"))
            run.tell()

    def _require_idle(self) -> None:
        run = self.current
        if run is not None and not run.over:
            self.look(run)
            if not run.over:
                hint = f"{self.title}.stop() ends that after this round" if run.repeats else "wait(), or await done(), first"
                raise RuntimeError(
                    f"{self.title} is still at run {run.number}{', and starts again by itself' if run.repeats else ''}: {hint}"
                )
        status = self.control.read()
        if status & bits.DONE and self.control.chain:
            self.control.go_on(status)
            status = self.control.read()
        if status & bits.START or not status & bits.IDLE:
            raise RuntimeError(f"{self.title} is {bits.in_words(status)}, and was not started here: wait(), or await done(), first")

    def _clear_valid_bits(self) -> None:
        for argument in self._arguments.outputs:
            argument.was_written()
        self._valid_bits_known = True

    def newest(self) -> Run:
        """The run to wait for: also one that was started by the registers. ``RuntimeError`` where the core never ran."""
        with self.device.lock:
            self.review()
            run = self.current
            if run is not None and not run.over:
                return run
            status = self.control.read()
            if status & (bits.START | bits.DONE) or not status & bits.IDLE:
                self._count += 1
                self.current = run = Run(self, self._count, bool(status & bits.AUTO_RESTART))
                self._took(run, status)
            if run is None:
                raise RuntimeError(f"{self.title} was not started: call start() first")
            return run

    def stop(self) -> None:
        """Let it not start again by itself."""
        self.control.stop()

    # Looking.

    def look(self, run: Run, rung: bool = False) -> bool:
        """Ask the core once where it is; where its interrupt has `rung`, that is taken back first. Whether there was an interrupt."""
        rounds = run.rounds
        try:
            with self.device.lock:
                self.review()
                if run is not self.current or run.over:
                    return True
                pending = self.control.acknowledge() if rung else False
                self._took(run, self.control.read(), acknowledged=rung)
                return pending
        except StaleOverlayError as error:
            run.end(error, at_rest=False)
            raise
        finally:
            if run.over or run.rounds != rounds:
                run.tell()

    def _took(self, run: Run, status: int, acknowledged: bool = False) -> None:
        """`status` was read of the core while it was at `run`."""
        idle = bool(status & bits.IDLE) and not status & bits.START
        if not (idle or status & bits.DONE):
            return
        if run.repeats and not status & bits.DONE:
            run.end()  # stopped, and its last round was seen
            return
        self.ended += 1
        try:
            # Before ap_continue, which lets the core write the next ones.
            outputs = {
                argument.name: argument.decode(argument.get()) if argument.was_written() else None for argument in self._arguments.outputs
            }
            self.control.go_on(status)
            if self.control.interrupting and not acknowledged:
                self.control.acknowledge()
            run.went_round(outputs)
        except StaleOverlayError:
            raise
        except Exception as error:
            self._valid_bits_known = False
            run.end(error)
            return
        if idle or not run.repeats:
            run.end()

    # Waiting.

    def wait(self, run: Run, timeout: float | None) -> Any:
        """See :meth:`.Run.wait`."""
        wait = _Wait(self, run, timeout)
        clock = self.device.clock
        while not wait.arrived():
            event = clock.event()
            with wait.listening(event.set):
                if not wait.here():
                    clock.wait(event, wait.pause)
        return run.result

    async def wait_async(self, run: Run, timeout: float | None) -> Any:
        """See :meth:`.Run.wait_async`."""
        wait = _Wait(self, run, timeout)
        loop = asyncio.get_running_loop()
        while not wait.arrived():
            future: asyncio.Future[None] = loop.create_future()

            def settle(future: asyncio.Future[None] = future) -> None:
                if not future.done():
                    future.set_result(None)

            def tell(settle: Callable[[], None] = settle) -> None:
                # A loop that was closed with this wait still in it raises: nobody is there to be told.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(settle)

            with wait.listening(tell):
                if not wait.here():
                    timer = self.device.clock.call_later(wait.pause, tell)
                    try:
                        await future
                    finally:
                        timer.cancel()
        return run.result

    def pin(self) -> Any:
        """The interrupt that the core raises when it is done, told to do so; None where none is connected."""
        pin = self._pin()
        if pin is not None:
            with self.device.lock:
                self.control.interrupt()
        return pin

    def why(self) -> str:
        """What the core is at, in words, as far as it is known without asking it."""
        text = f"it is {bits.in_words(self.control.known)}"
        waiting_for = self.starved()
        return f"{text}; {waiting_for}" if waiting_for else text

    starved: Callable[[], str] = staticmethod(lambda: "")
    """What of its streams stands still, in words; '' where that is not known. The driver gives another."""


class _Wait:
    """What one who waits for a run does next: look, and then pause until the interrupt comes, the run ends, or it is time to look again."""

    def __init__(self, runs: Runs, run: Run, timeout: float | None) -> None:
        self._runs = runs
        self._run = run
        self._timeout = timeout
        self._deadline = waiting.Deadline(runs.device.clock, timeout)
        self._goal = run.rounds + 1
        self._pin: Any = None if run.over else runs.pin()
        self._rung = self._deaf = False
        self._error: BaseException | None = None
        self._pause = waiting.LOOK

    def here(self) -> bool:
        """Whether what is waited for has come, as far as is known."""
        run = self._run
        return run.over or (run.repeats and run.rounds >= self._goal)

    @property
    def pause(self) -> float:
        """Seconds until the next look, if nothing happens."""
        return self._deadline.slice(self._pause)

    def arrived(self) -> bool:
        """Look at the core; whether it is over. ``TimeoutError`` when it is time."""
        if self.here():
            return True
        rung, self._rung = self._rung, False
        pending = self._runs.look(self._run, rung)
        if self.here():
            return True
        if self._error is not None:
            raise self._error
        if self._deadline.passed():
            raise TimeoutError(f"{self._runs.title} was not done within {self._timeout:g} s: {self._runs.why()}")
        # A line that is high with nothing pending in the core is somebody else's, or broken: look at times instead of at each ring.
        self._deaf = rung and not pending
        listens = self._pin is not None and not self._deaf
        self._pause = _SAFETY if listens else min(2 * self._pause, _LONGEST_PAUSE)
        return False

    @contextmanager
    def listening(self, tell: Callable[[], object]) -> Iterator[None]:
        """Within it, `tell` is called when the interrupt comes and when the run ends."""
        run = self._run

        def ring(error: BaseException | None) -> None:
            self._rung, self._error = error is None, error
            tell()

        run.listeners.append(tell)
        take_back: Callable[[], object] | None = None
        try:
            if self._pin is not None and not self._deaf:
                take_back = self._pin.once(ring)
            yield
        finally:
            run.listeners.remove(tell)
            if take_back is not None:
                take_back()
