"""The widths of the ports between processing system and logic, which are set when the board boots and may be others in a design.

Sources: UG585 appendix B.5 (AFI_RDCHAN_CTRL and AFI_WRCHAN_CTRL, bit 0 ``32BitEn``); UG1087 (FPD_SLCR and LPD_SLCR ``afi_fs``, AFIFM
``AFIFM_RDCTRL`` and ``AFIFM_WRCTRL``, ``FABRIC_WIDTH``); AMD answer record 66295. On a Versal the network on chip does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from pynq_widgets.design import Design


class Width(NamedTuple):
    """The bits `high` to `low` of the word at `address` are to have `value`, so that `port` is as wide as the design has it."""

    port: str
    address: int
    high: int
    low: int
    value: int


class _Words(Protocol):
    def read_word(self, address: int) -> int: ...
    def write_word(self, address: int, value: int) -> None: ...


_OF_MASTER = {"32": 0, "64": 1, "128": 2}
_OF_SLAVE = {"32": 2, "64": 1, "128": 0}
_AFIFM = (0xFD36_0000, 0xFD37_0000, 0xFD38_0000, 0xFD39_0000, 0xFD3A_0000, 0xFD3B_0000, 0xFF9B_0000)  # S_AXI_GP0 to 6
_AFI_FS = ((0xFD61_5000, 9, 8), (0xFD61_5000, 11, 10), (0xFF41_9000, 9, 8))  # M_AXI_GP0 to 2
_AFI = (0xF800_8000, 0xF800_9000, 0xF800_A000, 0xF800_B000)  # S_AXI_HP0 to 3
_WRITE_CHANNEL = 0x14


def widths_of(design: Design | None, narrow: Iterable[str] = ()) -> tuple[Width, ...]:
    """What has to be set for `design`: of the ports that it uses, those whose width it states.

    The registers of a Zynq-7000's port are in the clock domain of the logic, and an access to them never ends where that clock does not
    run; so a port of 64 bits, which is what boards boot with, is touched only if it is among `narrow`, which were set to 32.
    """
    host = None if design is None else design.host
    kind = "" if host is None or host.vlnv is None else host.vlnv.split(":")[2]
    parameters = {} if host is None else {name.upper(): value for name, value in host.parameters.items()}
    if kind == "processing_system7":
        return tuple(_zynq(parameters, frozenset(narrow)))
    if kind == "zynq_ultra_ps_e":
        return tuple(_zynqmp(parameters))
    return ()


def _zynq(parameters: Mapping[str, str], narrow: frozenset[str]) -> Iterable[Width]:
    for index, base in enumerate(_AFI):
        port = f"S_AXI_HP{index}"
        used = parameters.get(f"C_USE_{port}", parameters.get(f"PCW_USE_{port}"))
        width = parameters.get(f"C_{port}_DATA_WIDTH", parameters.get(f"PCW_{port}_DATA_WIDTH"))
        if used != "1" or not (width == "32" or (width == "64" and port in narrow)):
            continue
        for offset in (0, _WRITE_CHANNEL):
            yield Width(port, base + offset, 0, 0, int(width == "32"))


def _zynqmp(parameters: Mapping[str, str]) -> Iterable[Width]:
    def stated(port: str) -> str:
        used = parameters.get(f"PSU__USE__{port[0]}_AXI_{port[4:]}", "1")
        return parameters.get(f"C_{port}_DATA_WIDTH", "") if used != "0" else ""

    for index, (address, high, low) in enumerate(_AFI_FS):
        value = _OF_MASTER.get(stated(f"MAXIGP{index}"))
        if value is not None:
            yield Width(f"M_AXI_GP{index}", address, high, low, value)
    for index, base in enumerate(_AFIFM):
        value = _OF_SLAVE.get(stated(f"SAXIGP{index}"))
        if value is not None:
            yield Width(f"S_AXI_GP{index}", base, 1, 0, value)
            yield Width(f"S_AXI_GP{index}", base + _WRITE_CHANNEL, 1, 0, value)


def set_widths(bus: _Words, widths: Iterable[Width]) -> None:
    """Read each word, and write it where its bits are others."""
    for width in widths:
        mask = ((1 << (width.high - width.low + 1)) - 1) << width.low
        word = bus.read_word(width.address)
        wanted = word & ~mask | width.value << width.low
        if wanted != word:
            bus.write_word(width.address, wanted)
