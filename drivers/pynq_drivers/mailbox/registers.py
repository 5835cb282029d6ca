"""The registers of a side of the Mailbox core; both sides have the same.

Source: AMD PG114, Mailbox v2.1: "Register Space" (offsets and bits compared with AMD's driver ``mbox``; what clears on a read from memory).
"""

from __future__ import annotations

from pynq_drivers.layout import field, register

WRITE, READ, STATUS, ERROR, SEND_LEVEL, RECEIVE_LEVEL = 0x0, 0x8, 0x10, 0x14, 0x18, 0x1C
INTERRUPT_STATUS, INTERRUPT_ENABLE, INTERRUPT_PENDING, CONTROL = 0x20, 0x24, 0x28, 0x2C
EMPTY, FULL, SEND_ACTIVE, RECEIVE_ACTIVE = 1, 2, 4, 8
READ_EMPTY, WRITE_FULL = 1, 2
SENT, RECEIVED, FAILED = 1, 2, 4
CLEAR_SENT, CLEAR_RECEIVED = 1, 2

_EVENTS = (
    ("SENT", 0, "As few words wait at the other side as SEND_LEVEL says"),
    ("RECEIVED", 1, "More words wait here than RECEIVE_LEVEL says"),
    ("FAILED", 2, "A read while empty, or a write while full"),
)

LAYOUT = (
    register("WRITE_DATA", WRITE, "W", None, "A word for the other side", field("WORD", 0, 32, write="push")),
    register("READ_DATA", READ, "R", None, "The oldest word of the other side", field("WORD", 0, 32, read="modify")),
    register(
        "STATUS",
        STATUS,
        "R",
        EMPTY | SEND_ACTIVE,
        "What waits",
        field("EMPTY", 0, 1, "No word waits here"),
        field("FULL", 1, 1, "No more words fit at the other side"),
        field("SEND_ACTIVE", 2, 1, "As few words wait at the other side as SEND_LEVEL says"),
        field("RECEIVE_ACTIVE", 3, 1, "More words wait here than RECEIVE_LEVEL says"),
    ),
    register(
        "ERROR",
        ERROR,
        "R",
        0,
        "What went wrong since the last read",
        field("READ_EMPTY", 0, 1, "A word was read and there was none", read="clear"),
        field("WRITE_FULL", 1, 1, "A word was written and there was no room: it is lost", read="clear"),
    ),
    register("SEND_LEVEL", SEND_LEVEL, "RW", 0, "Words at the other side", field("WORDS", 0, 16)),
    register("RECEIVE_LEVEL", RECEIVE_LEVEL, "RW", 0, "Words here", field("WORDS", 0, 16)),
    register(
        "INTERRUPT_STATUS", INTERRUPT_STATUS, "RW", 0, "What has happened", *(field(n, b, 1, t, write="oneToClear") for n, b, t in _EVENTS)
    ),
    register("INTERRUPT_ENABLE", INTERRUPT_ENABLE, "RW", 0, "What of it is an interrupt", *(field(n, b, 1, t) for n, b, t in _EVENTS)),
    register("INTERRUPT_PENDING", INTERRUPT_PENDING, "R", 0, "What is one now", *(field(n, b, 1, t) for n, b, t in _EVENTS)),
    register(
        "CONTROL",
        CONTROL,
        "W",
        None,
        "Empties the mailbox",
        field("CLEAR_SENT", 0, 1, "The words that were sent from here"),
        field("CLEAR_RECEIVED", 1, 1, "The words that wait here"),
    ),
)
