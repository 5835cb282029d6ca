"""What the picture filter does, for the simulated device: the arithmetic between its streams, a picture at a time."""

from __future__ import annotations

import numpy as np

from pynq_drivers.picture_filter import arithmetic
from pynq_widgets.device import IPModel, ModelContext

MAX_ROWS = 0x1FFF


class PictureFilterModel(IPModel):
    """Lines of a picture are gathered until it is complete, and go out as the receiver takes them.

    The core itself holds three lines; a whole picture is held here, which is one picture late instead of one line.
    """

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self._in, self._out = context.stream("x"), context.stream("y")
        self._registers = context.registers_of("s_axi_control")
        self.reset()

    def reset(self) -> None:
        self._rows: list[bytes] = []
        self._row: list[bytes] = []
        self._result: list[memoryview] = []
        self._sent = self._part = 0
        for name, value in (("rows", 0), ("channels", 1), ("Memory_kernel", 0), ("shift", 0), ("offset", 0)):
            self._registers[name] = value

    def on_stream(self, interface: str) -> None:
        self._go()

    def on_space(self, interface: str) -> None:
        self._go()

    def write(self, interface: str, offset: int, value: int) -> None:
        super().write(interface, offset, value)
        self._go()

    def _go(self) -> None:
        while self._push() and self._gather():
            pass

    def _gather(self) -> bool:
        """Takes lines; whether a picture is complete, and on its way out."""
        rows = self._registers["rows"] & MAX_ROWS
        while rows and self._in.available:
            head = self._in.head
            if head is not None and head.user & 1:
                self._rows, self._row = [], []  # a picture begins, whatever became of the last
            data, last = self._in.receive()
            self._row.append(bytes(data))
            if last:
                self._rows.append(b"".join(self._row))
                self._row = []
            if len(self._rows) >= rows:
                self._make()
                return True
        return False

    def _make(self) -> None:
        rows, self._rows = self._rows, []
        line = max(len(row) for row in rows)
        picture = np.frombuffer(b"".join(row.ljust(line, b"\0") for row in rows), np.uint8).reshape(len(rows), line)
        file, at = self._registers, self._registers.offset_of("Memory_kernel")
        kernel = arithmetic.unpacked([file[at + 4 * i] for i in range(3)])
        offset = file["offset"] & 0x1FF
        result = arithmetic.filtered(
            picture, kernel, file["channels"] & 7, file["shift"] & arithmetic.MAX_SHIFT, offset - 0x200 if offset & 0x100 else offset
        )
        self._result = [memoryview(result[i])[: len(row)] for i, row in enumerate(rows)]
        self._sent = self._part = 0

    def _push(self) -> bool:
        """Sends what there is room for; whether all is out."""
        while self._sent < len(self._result):
            line = self._result[self._sent][self._part :]
            user = int(not self._sent and not self._part)
            sent = self._sent
            taken = self._out.send(line, True, user=user)
            if taken < len(line):
                self._part += taken
                return False
            if self._sent != sent:
                return False
            self._sent, self._part = sent + 1, 0
        self._result = []
        self._sent = 0
        return True
