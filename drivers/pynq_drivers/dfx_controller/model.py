"""What a DFX Controller does, for the simulated device.

Source: AMD PG374, Dynamic Function eXchange Controller v1.0: "Register Space", "Virtual Socket Manager"; from memory. It fetches the
bitstream with its own master, a word a cycle of its clock, and puts it to the configuration port; ``vsm_<name>_rm_decouple`` is high
meanwhile. Where that bitstream is a ``.bit`` file beside the design's, with its ``.hwh``, the region holds that module then.
"""

from __future__ import annotations

from pynq_drivers.configuration import ConfigurationPort, known_bitstream
from pynq_drivers.dfx_controller import registers as r
from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import BusError, ModelContext
from pynq_widgets.device.clock import Timer


class DfxControllerModel(RegisterModel):
    """``model.hardware_trigger('VS_0', 1)`` is a pulse on a trigger input; ``model.port`` is the configuration port."""

    def __init__(self, context: ModelContext) -> None:
        self._made = r.made_of(context.module.parameters)
        super().__init__(context, r.layout(self._made))
        self._loading: dict[int, Timer] = {}
        self.loaded: list[str] = []
        self._complete = False

    def reset(self) -> None:
        self.port = ConfigurationPort(self._finished)
        for socket in self._made.sockets:
            # As the core comes up: each trigger loads the module of its number, each module has the row of its number.
            for number in range(socket.triggers):
                self._poke(socket, r.TRIGGERS, number, min(number, len(socket.modules) - 1))
            for row in range(len(socket.modules)):
                self._poke(socket, r.MODULES, 2 * row, row)

    def hardware_trigger(self, name: str, number: int) -> None:
        """A pulse on trigger input `number` of the socket `name`. ``KeyError`` for one that there is not."""
        socket = next((each for each in self._made.sockets if each.name == name), None)
        if socket is None or number not in range(socket.triggers):
            raise KeyError(f"{self.context.path} has no trigger {number} of a socket {name!r}")
        with self.context.from_outside():
            self._trigger(socket, number)

    def _at(self, socket: r.Socket, bank: int, number: int) -> int:
        return self._made.at(socket.number, bank, number)

    def _peek(self, socket: r.Socket, bank: int, number: int) -> int:
        return self.file.peek(self._at(socket, bank, number))

    def _poke(self, socket: r.Socket, bank: int, number: int, value: int) -> None:
        self.file.poke(self._at(socket, bank, number), value)

    def write(self, interface: str, offset: int, value: int) -> None:
        number, bank, which = self._made.where(offset)
        socket = next((each for each in self._made.sockets if each.number == number), None)
        if socket is None:
            return
        shut = bool(self._peek(socket, r.GENERAL, r.STATUS) & r.SHUTDOWN)
        if bank == r.GENERAL and which == r.STATUS:
            self._command(socket, value & 0xFF, value >> 8 & 0xFF, value >> 16)
        elif bank == r.GENERAL and which == r.SW_TRIGGER:
            if not shut:
                self._trigger(socket, value & 0xFFFF)
        elif shut:  # the tables are the manager's own while it works
            super().write(interface, offset, value)

    def _command(self, socket: r.Socket, command: int, byte: int, half: int) -> None:
        word = self._peek(socket, r.GENERAL, r.STATUS)
        if command == r.CMD_SHUTDOWN:
            word |= r.SHUTDOWN
        elif command == r.CMD_RESTART:
            word &= ~r.SHUTDOWN
        elif command == r.CMD_RESTART_WITH_STATUS:
            word = (half << 8 | r.FULL) if byte & 1 else half << 8
        self._poke(socket, r.GENERAL, r.STATUS, word)

    def _status(self, socket: r.Socket, state: int, module: int, error: int = 0) -> None:
        shut = self._peek(socket, r.GENERAL, r.STATUS) & r.SHUTDOWN
        self._poke(socket, r.GENERAL, r.STATUS, state | error << 3 | shut | module << 8)
        pin = next((name for name in self.context.module.ports if name.lower() == f"vsm_{socket.name}_rm_decouple".lower()), None)
        if pin is not None:
            self.context.signal_out(pin).set(state not in (r.FULL, r.EMPTY) or bool(error))

    def _trigger(self, socket: r.Socket, number: int) -> None:
        if number >= socket.triggers or self._peek(socket, r.GENERAL, r.STATUS) & r.SHUTDOWN:
            return
        self._poke(socket, r.GENERAL, r.SW_TRIGGER, number | r.PENDING)
        if socket.number not in self._loading:
            self._load(socket)

    def _load(self, socket: r.Socket) -> None:
        number = self._peek(socket, r.GENERAL, r.SW_TRIGGER) & 0xFFFF
        self._poke(socket, r.GENERAL, r.SW_TRIGGER, number)
        module = self._peek(socket, r.TRIGGERS, number)
        if module >= len(socket.modules):
            self._status(socket, r.EMPTY, module, r.BAD_CONFIG)
            return
        row = 4 * self._peek(socket, r.MODULES, 2 * module)
        address, size = self._peek(socket, r.BITSTREAMS, row + 1), self._peek(socket, r.BITSTREAMS, row + 2)
        if not size or size % 4:
            self._status(socket, r.EMPTY, module, r.BAD_CONFIG)
            return
        self._status(socket, r.LOADING, module)
        seconds = (size // 4) / self.context.frequency("clk")
        self._loading[socket.number] = self.context.clock.call_later(seconds, lambda: self._fetched(socket, module, address, size))

    def _fetched(self, socket: r.Socket, module: int, address: int, size: int) -> None:
        del self._loading[socket.number]
        try:
            data = bytes(self.context.memory().read(address, size))
        except BusError:
            self._status(socket, r.EMPTY, module, r.FETCH_ERROR)
        else:
            self._complete = False
            for at in range(0, size, 4):
                self.port.put(int.from_bytes(data[at : at + 4], "big"))
            self._status(socket, r.FULL if self._complete else r.EMPTY, module, 0 if self._complete else r.BITSTREAM_ERROR)
        if self._peek(socket, r.GENERAL, r.SW_TRIGGER) & r.PENDING:
            self._load(socket)

    def _finished(self, image: tuple[int, ...]) -> None:
        self._complete = True
        path = known_bitstream(self.context.design, image)
        if path:
            self.loaded.append(path)
            self.context.reconfigure(path)
        else:
            self.context.assume(
                f"a bitstream of {len(image)} words came that is none of the .bit files (with a .hwh) beside the design: nothing changes"
            )
