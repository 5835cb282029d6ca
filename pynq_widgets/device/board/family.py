"""The families of processing systems that this package knows, and where each of them sees its programmable logic.

Sources: UG585 table 4-1 (Zynq-7000), UG1085 table 10-1 (Zynq UltraScale+), AM011 "Memory Map" (Versal).
"""

from __future__ import annotations

from typing import NamedTuple

from pynq_widgets.device.board.linux import Linux


class Family(NamedTuple):
    """One family: its `name`, its `title` for people, how the device tree calls it, and the `windows` of its logic (first, last byte).

    `parts` is how the parts in it begin, without the ``xc``; `address_bits` is how wide a physical address is.
    """

    name: str
    title: str
    compatible: tuple[str, ...]
    parts: tuple[str, ...]
    windows: tuple[tuple[int, int], ...]
    address_bits: int

    def in_logic(self, address: int) -> bool:
        """Whether the physical `address` goes to the programmable logic."""
        return any(first <= address <= last for first, last in self.windows)

    def made_for(self, part: str) -> bool:
        """Whether a bitstream for `part` (``'7z020clg400'``) is for this family."""
        name = part.lower()
        return name.startswith(self.parts) or (name[:2] in ("xc", "xa", "xq") and name[2:].startswith(self.parts))


ZYNQ = Family(
    "zynq",
    "Zynq-7000",
    ("xlnx,zynq-7000",),
    ("7z",),
    ((0x4000_0000, 0x7FFF_FFFF), (0x8000_0000, 0xBFFF_FFFF)),  # M_AXI_GP0, M_AXI_GP1
    32,
)
ZYNQMP = Family(
    "zynqmp",
    "Zynq UltraScale+",
    ("xlnx,zynqmp",),
    ("zu", "k24", "k26"),
    (
        (0x8000_0000, 0x9FFF_FFFF),  # M_AXI_HPM0_LPD
        (0xA000_0000, 0xAFFF_FFFF),  # M_AXI_HPM0_FPD
        (0xB000_0000, 0xBFFF_FFFF),  # M_AXI_HPM1_FPD
        (0x4_0000_0000, 0x4_FFFF_FFFF),
        (0x5_0000_0000, 0x5_FFFF_FFFF),
        (0x10_0000_0000, 0x47_FFFF_FFFF),
        (0x48_0000_0000, 0x7F_FFFF_FFFF),
    ),
    40,
)
# What the network on chip leads to the logic may lie elsewhere, too; there nothing is known, and nothing is checked.
VERSAL = Family(
    "versal",
    "Versal",
    ("xlnx,versal", "xlnx,versal-net"),
    ("vc", "vm", "ve", "vp", "vh", "vn"),
    ((0x8000_0000, 0x9FFF_FFFF), (0xA400_0000, 0xAFFF_FFFF)),  # M_AXI_LPD, M_AXI_FPD
    44,
)
FAMILIES = (ZYNQ, ZYNQMP, VERSAL)


def family_of(linux: Linux) -> Family | None:
    """The family of the machine that `linux` runs on; None where it is none of them."""
    if linux.system != "linux" or not linux.machine.startswith(("arm", "aarch64")):
        return None
    names = linux.compatible
    return next((family for family in FAMILIES if any(name in names for name in family.compatible)), None)
