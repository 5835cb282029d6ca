"""What software does with a DFX Controller: virtual sockets, their triggers, the tables of modules and bitstreams.

Source: AMD PG374, Dynamic Function eXchange Controller v1.0: "Register Space", "Programming Sequence"; from memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pynq_drivers import waiting
from pynq_drivers.dfx_controller import registers as r
from pynq_widgets.design import regions_of
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration


class DfxControllerError(RuntimeError):
    """A socket did not get its module; `code` is the ERROR field of its status."""

    def __init__(self, message: str, code: int) -> None:
        self.code = code
        super().__init__(message)


class Status(NamedTuple):
    """How a socket stands: `state` in words, `error` ('' for none), whether its manager is `shutdown`, and the number of its `module`."""

    state: str
    error: str
    shutdown: bool
    module: int
    word: int

    @property
    def full(self) -> bool:
        """Whether a module stands there and works."""
        return self.word & 7 == r.FULL


class VirtualSocket:
    """One reconfigurable region as the controller has it.

    `name` and `number` are the design's, `modules` the numbers of its reconfigurable modules by name.
    """

    def __init__(self, ip: DfxController, made: r.Made, socket: r.Socket) -> None:
        self._ip, self._made, self._socket = ip, made, socket
        self.name, self.number = socket.name, socket.number
        self.modules: Mapping[str, int] = MappingProxyType({module.name: module.number for module in socket.modules})

    def __repr__(self) -> str:
        return f"<virtual socket {self._where}: {', '.join(self.modules)}>"

    @property
    def _where(self) -> str:
        return f"{self._ip._fullpath}.{self.name}"

    def status(self) -> Status:
        """One bus read."""
        word = self._read(r.GENERAL, r.STATUS)
        error = word >> 3 & 0xF
        return Status(r.STATES[word & 7], r.ERRORS.get(error, f"error {error}"), bool(word & r.SHUTDOWN), word >> 8 & 0xFFFF, word)

    def shutdown(self, timeout: float = 1.0) -> None:
        """Let triggers do nothing, so that the tables can be written. A module that is being loaded is loaded first."""
        self._command(r.CMD_SHUTDOWN)
        self._until(lambda: self.status().shutdown, timeout, "did not shut down")

    def restart(self, module: str | int | None = None, timeout: float = 1.0) -> None:
        """Let triggers count again. `module`: what has been put into the region meanwhile by somebody else."""
        if module is None:
            self._command(r.CMD_RESTART)
        else:
            self._command(r.CMD_RESTART_WITH_STATUS, 1, self._number(module))
        self._until(lambda: not self.status().shutdown, timeout, "did not restart")

    def proceed(self) -> None:
        """Software has done its part of a shutdown or startup."""
        self._command(r.CMD_PROCEED)

    def place(self, module: str | int, where: Any, nbytes: int | None = None) -> None:
        """The bitstream of `module` stands at `where`: a buffer, or an address with its size in bytes. The socket must be shut down.

        Raises ``RuntimeError`` where it is not, ``ValueError`` for another module and for what is not whole words; nothing is written then.
        """
        number = self._number(module)
        address = getattr(where, "device_address", where)
        size = getattr(where, "nbytes", None) if nbytes is None else nbytes
        if not hasattr(address, "__index__") or size is None:
            raise TypeError(
                f"{self._where}: a bitstream is placed by a buffer, or by an address and its size, not {where!r} and {nbytes!r}"
            )
        if not size or size % 4 or address % 4 or address < 0 or address + size > 1 << 32:
            raise ValueError(f"{self._where}: a bitstream is whole words below 4 GiB, not {size} bytes at {address:#x}")
        if not self.status().shutdown:
            raise RuntimeError(f"{self._where}: its tables can be written only in shutdown: call shutdown() before, restart() after")
        row = self._read(r.MODULES, 2 * number)
        self._write(r.BITSTREAMS, 4 * row + 1, address)
        self._write(r.BITSTREAMS, 4 * row + 2, size)

    def trigger(self, module: str | int, timeout: float | None = 10.0) -> None:
        """Load `module` (by name or number) and wait until it works. The region is decoupled by the controller's own signals meanwhile.

        What the overlay has there then is for ``ol.pr_download(region, bitfile, program=False)`` to say. Raises ``RuntimeError`` where the
        manager is shut down or no trigger leads to the module, :class:`DfxControllerError` where it was not loaded, ``TimeoutError``.
        """
        waiting.check(timeout)
        number = self._number(module)
        if self.status().shutdown:
            raise RuntimeError(f"{self._where} is shut down, so triggers do nothing: call restart()")
        leading = next((t for t in range(self._socket.triggers) if self._read(r.TRIGGERS, t) == number), None)
        if leading is None:
            raise RuntimeError(f"{self._where}: none of its {self._socket.triggers} triggers leads to module {module!r}")
        self._write(r.GENERAL, r.SW_TRIGGER, leading)

        def over() -> bool:
            if self._read(r.GENERAL, r.SW_TRIGGER) & r.PENDING:
                return False
            now = self.status()
            return bool(now.error) or (now.full and now.module == number)

        self._until(over, timeout, f"has not loaded module {module!r}")
        now = self.status()
        if now.error:
            raise DfxControllerError(
                f"{self._where}: module {module!r} was not loaded: {now.error}; the socket is {now.state}", now.word >> 3 & 0xF
            )

    def _number(self, module: str | int) -> int:
        if isinstance(module, str) and module in self.modules:
            return self.modules[module]
        if isinstance(module, int) and module in self.modules.values():
            return module
        raise ValueError(f"{self._where} has no module {module!r}; it has {', '.join(self.modules)}")

    def _command(self, command: int, byte: int = 0, half: int = 0) -> None:
        self._write(r.GENERAL, r.STATUS, command | byte << 8 | half << 16)

    def _read(self, bank: int, number: int) -> int:
        return self._ip.read(self._made.at(self.number, bank, number))

    def _write(self, bank: int, number: int, value: int) -> None:
        self._ip.write(self._made.at(self.number, bank, number), value)

    def _until(self, done: Any, timeout: float | None, why: str) -> None:
        waiting.check(timeout)
        deadline = waiting.Deadline(self._ip.device.clock, timeout)
        while not done():
            if deadline.passed():
                raise TimeoutError(f"{self._where} {why} within {timeout:g} s; it is {self.status().state}")
            self._ip.device.clock.sleep(waiting.LOOK)


class DfxController(DefaultIP):
    """DFX Controller: ``controller.sockets['VS_0'].trigger('RM_1')`` loads a module that stands in memory.

    Attributes
    ----------
    sockets : Mapping
        The virtual sockets by name.
    """

    bindto = ["xilinx.com:ip:dfx_controller:1.0", "xilinx.com:ip:prc:1.3"]

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        try:
            made = r.made_of(description.get("parameters") or {})
        except ValueError as error:
            raise UnsupportedConfiguration(f"{self._where()}: {error}") from None
        self.sockets: Mapping[str, VirtualSocket] = MappingProxyType(
            {socket.name: VirtualSocket(self, made, socket) for socket in made.sockets}
        )

    def panel(self) -> Any:
        """Which module stands in which region; None where the design has no regions."""
        design = self.description.get("design")
        if self.description.get("overlay") is None or design is None or not (regions_of(design) or design.regions):
            return None
        from pynq_widgets.widgets.region_panel import RegionPanel

        return RegionPanel.of(self)

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """Those that the design's sockets have; none where it does not say which."""
        try:
            return r.layout(r.made_of(description.get("parameters") or {}))
        except ValueError:
            return ()

    @classmethod
    def configuration(cls, description: Mapping[str, Any]) -> Mapping[str, bool]:
        """A restored overlay gets no commands, and triggers nothing."""
        return {each.name: False for each in cls.register_layout(description) if each.name.endswith(("_STATUS", "_SW_TRIGGER"))}
