"""What software does with the Mutex core: takes a lock that other processors respect, and gives it back.

Source: AMD PG117, Mutex v2.1: "Locking a Mutex" (write the owner and a 1, read back whose it is), "Unlocking a Mutex" (from memory).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pynq_drivers import waiting
from pynq_widgets.overlay import DefaultIP

from . import registers as r


class Lock:
    """One mutex: ``with ol.mutex[3]:``, ``lock.acquire(timeout=1)``, ``lock.release()``."""

    def __init__(self, ip: Mutex, number: int) -> None:
        self._ip = ip
        self.number = number
        self._at = r.STRIDE * number

    def __repr__(self) -> str:
        return f"<{self._title}>"

    @property
    def _title(self) -> str:
        return f"{self._ip._fullpath}[{self.number}]"

    def _word(self) -> int:
        return self._ip.read(self._at)

    @property
    def locked(self) -> bool:
        """Whether it is somebody's."""
        return bool(self._word() & r.LOCK)

    @property
    def owner(self) -> int | None:
        """The number of the processor whose it is; None where it is nobody's."""
        word = self._word()
        return word >> 1 & self._ip._every if word & r.LOCK else None

    @property
    def mine(self) -> bool:
        """Whether it is this processor's."""
        return self.owner == self._ip.cpu_id

    def try_acquire(self) -> bool:
        """Takes it where nobody has it; False where somebody has. A write and a read."""
        with self._ip.device.lock:
            if self.mine:
                raise RuntimeError(f"{self._title} is processor {self._ip.cpu_id}'s already: it cannot be taken twice")
            self._ip.write(self._at, self._ip.cpu_id << 1 | r.LOCK)
            return self.mine

    def acquire(self, timeout: float | None = None) -> None:
        """Waits until it can be taken, and takes it. TimeoutError after `timeout` seconds says who has it."""
        clock = self._ip.device.clock
        deadline = waiting.Deadline(clock, timeout)
        pause = 10e-6
        while not self.try_acquire():
            if deadline.passed():
                raise TimeoutError(f"{self._title} was not to be had within {timeout} s: processor {self.owner} has it")
            clock.sleep(deadline.slice(pause))
            pause = min(2 * pause, 1e-3)

    def release(self) -> None:
        """Gives it back. RuntimeError where it is not this processor's."""
        with self._ip.device.lock:
            owner = self.owner
            if owner != self._ip.cpu_id:
                whose = "nobody's" if owner is None else f"processor {owner}'s"
                raise RuntimeError(f"{self._title} is {whose}, not that of processor {self._ip.cpu_id}, which wants to release it")
            self._ip.write(self._at, self._ip.cpu_id << 1)

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def user(self) -> int:
        """The word beside it, for whoever has it."""
        return self._ip.read(self._user)

    @user.setter
    def user(self, word: int) -> None:
        self._ip.write(self._user, word)

    @property
    def _user(self) -> int:
        if not self._ip._made.user:
            raise AttributeError(f"{self._title} has no user data in this design (Enable User Register)")
        return self._at + r.USER


class Mutex(DefaultIP):
    """Mutexes between processors: ``with ol.mutex[0]:`` nobody else has it.

    Attributes
    ----------
    cpu_id : int
        Who this processor is to the others; 1 unless it is set. Processors must agree on that.
    """

    bindto = ["xilinx.com:ip:mutex:2.0", "xilinx.com:ip:mutex:2.1"]

    @classmethod
    def configuration(cls, description: Mapping[str, Any]) -> dict[str, bool]:
        """The mutexes are not: a restored overlay takes no locks."""
        return {f"MUTEX_{number}": False for number in range(r.Made(description.get("parameters") or {}).count)}

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers of the mutexes that the design has."""
        return r.layout(r.Made(description.get("parameters") or {}))

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._made = r.Made(description.get("parameters") or {})
        self._every = (1 << self._made.width) - 1
        self._locks = [Lock(self, number) for number in range(self._made.count)]
        self._cpu_id = 1

    @property
    def cpu_id(self) -> int:
        """Who this processor is to the others."""
        return self._cpu_id

    @cpu_id.setter
    def cpu_id(self, number: int) -> None:
        if number not in range(self._every + 1):
            raise ValueError(f"an owner of {self._fullpath} is a number of 0 to {self._every}, not {number!r}")
        self._cpu_id = number

    def __len__(self) -> int:
        return len(self._locks)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, str):
            return super().__getitem__(number)  # a pin, as of every IP
        try:
            return self._locks[number]
        except IndexError:
            raise IndexError(f"{self._fullpath} has the mutexes 0 to {len(self._locks) - 1}, not {number}") from None

    def __iter__(self) -> Iterator[Lock]:  # type: ignore[override]  # of every other IP: its pins
        return iter(self._locks)
