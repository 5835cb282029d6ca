"""What a look at AXI UART 16550 must not touch: its registers as attributes, with the effects that designs do not tell.

Source: AMD PG143, AXI UART 16550 v2.0: "Register Space" (RBR and THR 0x1000, IIR and FCR 0x1008, LSR 0x1014, MSR 0x1018).
"""

from __future__ import annotations

from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Field, Word


class AxiUart16550(DefaultIP):
    """AXI UART 16550: its registers. A read takes a character, or forgets an interrupt, errors or changes: no display does that."""

    bindto = ["xilinx.com:ip:axi_uart16550:2.0"]

    RBR_THR_DLL = Word("RBR_THR_DLL", onread="pop", onwrite="push", help="Read: the next character received. Written: one to be sent")
    IIR_FCR = Word(
        "IIR_FCR", onread="modify", onwrite="push", help="Read: what interrupts, and no longer does. Written: control of the FIFOs"
    )
    errors = Field("LSR", (4, 1), onread="clear", help="Break, frame, parity and overrun error; a read forgets them")
    changes = Field("MSR", (3, 0), onread="clear", help="Which modem lines have changed; a read forgets them")
