"""One run of an HLS core: from its start to ``ap_done``, and what it gave."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynq_drivers.hls.pointers import Use
    from pynq_drivers.hls.runs import Runs

RUNNING, DONE, FAILED = "running", "done", "failed"


class Run:
    """A core that was started: ``run.wait(timeout=)`` or ``await run`` gives what it returned. PYNQ calls this a wait handle.

    Attributes
    ----------
    number : int
        Counts the starts of this core, from 1.
    repeats : bool
        Whether the core starts again by itself (``auto_restart``); then a wait ends with the round that is at work, and `rounds` counts.
    state : str
        ``'running'``, ``'done'`` or ``'failed'``, as far as it is known; asks no hardware.
    outputs : Mapping[str, Any]
        What the core gave in registers, by argument (``'return'`` is what the function returned), once it is done. None is an output
        that the core did not write in this run.
    error : BaseException | None
        Why it failed.
    """

    def __init__(self, runs: Runs, number: int, repeats: bool = False, uses: Sequence[Use] = ()) -> None:
        self._runs = runs
        self.number = number
        self.repeats = repeats
        self.uses = tuple(uses)
        self.rounds = 0
        self.state = RUNNING
        self.outputs: Mapping[str, Any] = {}
        self.error: BaseException | None = None
        self.listeners: list[Callable[[], object]] = []

    def __repr__(self) -> str:
        said = {RUNNING: "", DONE: f", {self._result()!r}" if self.outputs else "", FAILED: f": {self.error}"}[self.state]
        return f"<run {self.number} of {self._runs.title}: {self.state}{said}>"

    @property
    def over(self) -> bool:
        """Whether it is known to have ended; asks no hardware."""
        return self.state != RUNNING

    @property
    def done(self) -> bool:
        """Whether it has ended. Asks the core while it has not."""
        if not self.over:
            self._runs.look(self)
        return self.over

    @property
    def result(self) -> Any:
        """What ``wait`` returns; raises what the run failed with, and ``RuntimeError`` while it is running. Asks no hardware."""
        if self.error is not None:
            raise self.error
        if not self.over and not self.rounds:
            raise RuntimeError(f"{self._runs.title} is still running: wait(), or await done(), before its result is taken")
        return self._result()

    def _result(self) -> Any:
        if "return" in self.outputs:
            return self.outputs["return"]
        if len(self.outputs) == 1:
            return next(iter(self.outputs.values()))
        return dict(self.outputs) if self.outputs else None

    def wait(self, timeout: float | None = None) -> Any:
        """Wait for its end (where it repeats, for that of a round), and give what the core gave.

        What the function returned; else its one output; else, of several, a dictionary; None where it has none. `timeout` is in seconds
        of the device's clock; ``TimeoutError`` says what the core is at, which then goes on. Any number may wait.
        """
        return self._runs.wait(self, timeout)

    async def wait_async(self, timeout: float | None = None) -> Any:
        """As `wait`, for coroutines. A cancelled wait takes itself back; the core goes on."""
        return await self._runs.wait_async(self, timeout)

    def __await__(self) -> Generator[Any, None, Any]:
        return self.wait_async().__await__()

    # What `Runs` does with it; the lock of the bus is held.

    def went_round(self, outputs: Mapping[str, Any]) -> None:
        """The core was done once more, and gave `outputs`."""
        self.rounds += 1
        self.outputs = outputs
        for use in self.uses:
            use.refresh()

    def end(self, error: BaseException | None = None, at_rest: bool = True) -> None:
        """It is over; its buffers are let go of where the core is `at_rest`."""
        if self.over:
            return
        self.error = error
        self.state = DONE if error is None else FAILED
        for use in self.uses:
            if at_rest:
                use.end(error)
            else:
                use.over, use.error = True, error

    def tell(self) -> None:
        """Wake whoever waits."""
        for listener in tuple(self.listeners):
            listener()
