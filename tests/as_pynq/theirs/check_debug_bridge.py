"""PYNQ's DebugBridge on ours: a client of its server reads the identity of a device, as Vivado would."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pynq_drivers.debug_bridge.model import Tap

# Theirs asks its event by the name that Python's had before; its listening socket is closed when its thread ends.
pytestmark = pytest.mark.filterwarnings("ignore:isSet.. is deprecated:DeprecationWarning")
IDCODE = 0x2372_7093


def bits(*values: tuple[int, int]) -> bytes:
    """Fields of (value, how many bits), the first one lowest, as bytes."""
    word = at = 0
    for value, count in values:
        word |= value << at
        at += count
    return word.to_bytes((at + 7) // 8, "little")


@pytest.fixture
def bridge(load: Any, device: Any, theirs: Any, block: Any) -> Any:
    module = theirs("lib.debugbridge")
    made = load(block("bridge", "xilinx.com:ip:debug_bridge:3.0", 0x4380_0000, {"C_DEBUG_MODE": 3})).bridge
    device.model_of("bridge").attach(Tap(IDCODE))
    assert type(made) is module.DebugBridge
    return made


@pytest.fixture
def client(bridge: Any) -> Iterator[socket.socket]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bridge.start_xvc_server(serverAddress="127.0.0.1", serverPort=port, reconnect=False, verbose=False)
    deadline = time.monotonic() + 10
    while True:
        try:
            made = socket.create_connection(("127.0.0.1", port), 10)
            break
        except ConnectionRefusedError:  # the thread has not come to listen yet
            assert time.monotonic() < deadline
    with made:
        yield made
    bridge.serverThread.join(10)
    assert not bridge.serverThread.is_alive()
    bridge.serverThread = None


def ask(client: socket.socket, message: bytes, count: int) -> bytes:
    client.sendall(message)
    return client.recv(count, socket.MSG_WAITALL)


def shift(client: socket.socket, count: int, tms: bytes, tdi: bytes) -> bytes:
    return ask(client, b"shift:" + struct.pack("<L", count) + tms + tdi, len(tms))


def test_its_registers(bridge: Any) -> None:
    bridge.register_map.LENGTH = 12
    bridge.register_map.TMS_VECTOR = 0xABC
    assert int(bridge.register_map.LENGTH.length) == 12
    assert bridge.read(0x04) == 0xABC


def test_the_identity_of_a_device(client: socket.socket) -> None:
    assert ask(client, b"getinfo:", 20) == b"xvcServer_v1.0:4096\n"
    assert ask(client, b"settck:" + struct.pack("<L", 100), 4) == struct.pack("<L", 100)
    # To the state in which IDCODE is shifted (five ones reset; then 0, 1, 0, 0), 32 bits of it, and out.
    tms = bits((0b11111, 5), (0, 1), (1, 1), (0, 2), (0, 31), (0b11, 2), (0, 1))
    tdo = int.from_bytes(shift(client, 43, tms, bytes(len(tms))), "little")
    assert tdo >> 9 & 0xFFFF_FFFF == IDCODE


def test_an_instruction(client: socket.socket) -> None:
    tms = bits((0b11111, 5), (0, 1), (0b11, 2), (0, 2), (0, 5), (1, 1), (1, 1), (0, 1))
    shift(client, 18, tms, bits((0, 10), (0b111111, 6), (0, 2)))
    # BYPASS: what goes in comes out one bit later.
    tms = bits((1, 1), (0, 2), (0, 7), (1, 1), (1, 1))
    tdo = int.from_bytes(shift(client, 12, tms, bits((0, 3), (0b1011_0101, 8), (0, 1))), "little")
    assert tdo >> 3 & 0xFF == (0b1011_0101 << 1) & 0xFF
