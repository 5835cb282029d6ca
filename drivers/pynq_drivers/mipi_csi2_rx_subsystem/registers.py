"""The registers of the MIPI CSI-2 Receiver Subsystem.

Source: AMD PG232, MIPI CSI-2 Receiver Subsystem v5.1: "Register Space" (offsets and bits compared with the names in Linux' driver
``xilinx-csi2rxss``); from memory. The registers of its D-PHY, from 0x1000 on where the design has them, are PG202's and not here.
"""

from __future__ import annotations

from pynq_drivers.layout import field, register

CORE, PROTOCOL, STATUS, GLOBAL, PENDING, ENABLED = 0x0, 0x4, 0x10, 0x20, 0x24, 0x28
SHORT_PACKET, CLOCK_LANE, LANE, IMAGE = 0x30, 0x3C, 0x40, 0x60
ENABLE, RESET = 1, 2
BUSY, NOT_EMPTY, FULL = 1 << 0, 1 << 2, 1 << 3
LANES, CHANNELS, DEPTH = 4, 4, 31  # short packets that the FIFO holds

FRAME, FIFO_FULL, FIFO_NOT_EMPTY = 1 << 31, 1 << 20, 1 << 19

EVENTS = (
    ("VC0_LEVEL_ERROR", 0, "Frame level error, virtual channel 0"),
    ("VC0_SYNC_ERROR", 1, "Frame synchronisation error, virtual channel 0"),
    ("VC1_LEVEL_ERROR", 2, "Frame level error, virtual channel 1"),
    ("VC1_SYNC_ERROR", 3, "Frame synchronisation error, virtual channel 1"),
    ("VC2_LEVEL_ERROR", 4, "Frame level error, virtual channel 2"),
    ("VC2_SYNC_ERROR", 5, "Frame synchronisation error, virtual channel 2"),
    ("VC3_LEVEL_ERROR", 6, "Frame level error, virtual channel 3"),
    ("VC3_SYNC_ERROR", 7, "Frame synchronisation error, virtual channel 3"),
    ("DATA_TYPE", 8, "A data type that is not supported"),
    ("CRC", 9, "Error in the payload"),
    ("ECC_CORRECTED", 10, "One bit of a header was wrong, and was corrected"),
    ("ECC", 11, "Two bits of a header were wrong"),
    ("START_SYNC", 12, "Start of transmission not recognised"),
    ("START", 13, "Start of transmission wrong"),
    ("STOP_STATE", 17, "All lanes are in stop state"),
    ("LINE_BUFFER_FULL", 18, "Nobody takes the video: its buffer is full"),
    ("FIFO_NOT_EMPTY", 19, "There are short packets"),
    ("FIFO_FULL", 20, "Short packets were lost"),
    ("LANE_CONFIGURATION", 21, "More lanes were asked for than there are"),
    ("WORD_COUNT", 22, "A packet was shorter than it said"),
    ("VCX_ERROR", 30, "Frame error of a virtual channel from 4 on"),
    ("FRAME", 31, "A frame was received"),
)
ERRORS = tuple((name, bit, text) for name, bit, text in EVENTS if bit not in (17, 19, 31))

LAYOUT = (
    register(
        "CORE_CONFIGURATION",
        CORE,
        "RW",
        1,
        "Whether it receives",
        field("ENABLE", 0, 1, "1: it receives"),
        field("SOFT_RESET", 1, 1, "1: it is held in reset"),
    ),
    register(
        "PROTOCOL_CONFIGURATION",
        PROTOCOL,
        "RW",
        None,
        "Lanes",
        field("ACTIVE_LANES", 0, 2, "Lanes in use, less one"),
        field("MAX_LANES", 3, 2, "Lanes that the design has, less one", access="R"),
    ),
    register(
        "CORE_STATUS",
        STATUS,
        "R",
        0,
        "How it stands",
        field("BUSY", 0, 1, "A reset, or being disabled, is under way"),
        field("LINE_BUFFER_FULL", 1, 1, "Nobody takes the video"),
        field("FIFO_NOT_EMPTY", 2, 1, "There are short packets"),
        field("FIFO_FULL", 3, 1, "There is no room for more of them"),
        field("PACKETS", 16, 16, "Long packets that were received"),
    ),
    register("GLOBAL_INTERRUPT_ENABLE", GLOBAL, "RW", 0, "Lets interrupts reach the pin", field("ENABLE", 0)),
    register(
        "INTERRUPT_STATUS",
        PENDING,
        "RW",
        0,
        "What has happened; a written 1 clears its bit",
        *(field(name, bit, 1, text, write="oneToClear") for name, bit, text in EVENTS),
    ),
    register("INTERRUPT_ENABLE", ENABLED, "RW", 0, "What is an interrupt", *(field(name, bit, 1, text) for name, bit, text in EVENTS)),
    register(
        "SHORT_PACKET",
        SHORT_PACKET,
        "R",
        0,
        "A short packet; a read takes it out",
        field("DATA_TYPE", 0, 6, read="modify"),
        field("CHANNEL", 6, 2, read="modify"),
        field("DATA", 8, 16, read="modify"),
    ),
    register("CLOCK_LANE", CLOCK_LANE, "R", 2, "The clock lane", field("STOP_STATE", 1)),
    *(register(f"LANE{lane}", LANE + 4 * lane, "R", 0x20, f"Lane {lane}", field("STOP_STATE", 5)) for lane in range(LANES)),
    *(
        row
        for channel in range(CHANNELS)
        for row in (
            register(
                f"IMAGE{channel}",
                IMAGE + 8 * channel,
                "R",
                0,
                f"The last picture of virtual channel {channel}",
                field("BYTES", 0, 16, "Bytes of a line"),
                field("LINES", 16, 16, "Lines"),
            ),
            register(
                f"IMAGE{channel}_TYPE", IMAGE + 8 * channel + 4, "R", 0, f"What virtual channel {channel} carries", field("DATA_TYPE", 0, 6)
            ),
        )
    ),
)
