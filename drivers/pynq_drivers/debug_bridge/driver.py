"""What software does with Debug Bridge: bits through a JTAG chain, and a server for Vivado. The shape of the API is PYNQ's ``DebugBridge``.

Source: AMD PG245, Debug Bridge v3.0: "Register Space".
"""

from __future__ import annotations

import threading
from typing import Any

from pynq_drivers import waiting
from pynq_drivers.debug_bridge import registers as r
from pynq_drivers.debug_bridge.xvc import Server
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Word

_PATIENCE = 0.5  # seconds for 32 bits
_OFFSETS = {"LENGTH": r.LENGTH, "TMS_VECTOR": r.TMS, "TDI_VECTOR": r.TDI, "TDO_VECTOR": r.TDO, "CTRL": r.CTRL}


def _entry(offset: int) -> dict[str, Any]:
    access = "read-only" if offset == r.TDO else "read-write"
    return {"address_offset": offset, "size": 32, "access": access, "description": "", "fields": {}}


class DebugBridge(DefaultIP):
    """Debug Bridge from AXI to BSCAN or to JTAG: `shift` moves bits, `start_xvc_server` lets Vivado's hardware manager do it.

    The server ends by itself when the overlay has gone. Making the driver touches nothing.
    """

    bindto = ["xilinx.com:ip:debug_bridge:3.0"]

    LENGTH = Word(r.LENGTH, limits=(1, r.WORD), help="How many bits a shift has")
    TMS_VECTOR = Word(r.TMS, help="Bits of TMS, the lowest first")
    TDI_VECTOR = Word(r.TDI, help="Bits of TDI, the lowest first")
    TDO_VECTOR = Word(r.TDO, access="read-only", help="Bits of TDO, the lowest first")
    CTRL = Word(r.CTRL, help="Bit 0 shifts, and clears itself; bit 1 connects TDI to TDO within the core")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        # Designs list no registers of this core; PYNQ's names for them are those of the guide.
        self._registers = description.get("registers") or {name: _entry(offset) for name, offset in _OFFSETS.items()}
        self._turn = threading.RLock()
        self._server: Server | None = None

    def shift(self, bits: int, tms: bytes, tdi: bytes) -> bytes:
        """Shifts `bits` bits of `tms` and `tdi`, the lowest of the first byte first; what came at TDO, in as many bytes.

        Raises ValueError where there are fewer bytes than bits, TimeoutError where the core does not shift.
        """
        count = (bits + 7) // 8
        if bits < 0 or len(tms) < count or len(tdi) < count:
            raise ValueError(f"{self._where()} cannot shift {bits} bits of {len(tms)} bytes of TMS and {len(tdi)} of TDI")
        got = bytearray()
        length = 0
        with self._turn:
            for first in range(0, count, r.WORD // 8):
                part = slice(first, min(first + r.WORD // 8, count))
                here = min(r.WORD, bits - 8 * first)
                if here != length:
                    length = here
                    self.write(r.LENGTH, length)
                self.write(r.TMS, int.from_bytes(tms[part], "little"))
                self.write(r.TDI, int.from_bytes(tdi[part], "little"))
                self.write(r.CTRL, r.ENABLE)
                waiting.until(self.device.clock, self._is_done, _PATIENCE, f"{self._where()} does not shift: does its clock run?")
                got += (self.read(r.TDO) & (1 << here) - 1).to_bytes(r.WORD // 8, "little")
        return bytes(got[:count])

    def _is_done(self) -> bool:
        return not self.read(r.CTRL) & r.ENABLE

    def start_xvc_server(
        self,
        bufferLen: int = 4096,  # noqa: N803
        serverAddress: str = "0.0.0.0",  # noqa: N803
        serverPort: int = 2542,  # noqa: N803
        reconnect: bool = True,
        verbose: bool = True,
    ) -> None:
        """Start a server of Xilinx Virtual Cable; one that runs is stopped before.

        Whoever reaches the port can use the JTAG chain: ``serverAddress="127.0.0.1"`` lets in nobody but this machine.

        Parameters
        ----------
        bufferLen : int
            Bytes that a shift of a client may have.
        serverAddress, serverPort : str, int
            Where it listens; port 0 is any free one (see `xvc_address`).
        reconnect : bool
            Whether it waits for another client when one has gone.
        verbose : bool
            Whether it prints what happens.

        Raises OSError where the port is taken, ValueError for a `bufferLen` below 4.
        """
        self.stop_xvc_server()
        self._server = Server(self.shift, bufferLen, (serverAddress, serverPort), reconnect, print if verbose else _silent)

    def stop_xvc_server(self) -> None:
        """Stop the server, if there is one, and let its client go."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    @property
    def xvc_address(self) -> tuple[str, int] | None:
        """Host and port at which the server listens, None while there is none."""
        return self._server.address if self._server is not None and self._server.alive else None


def _silent(text: str) -> None:
    """For a server that is to say nothing."""
