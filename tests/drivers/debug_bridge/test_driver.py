"""Debug Bridge: bits through a chain, and a client of its server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from pynq_drivers.debug_bridge import registers as r
from pynq_drivers.debug_bridge.driver import DebugBridge
from pynq_drivers.debug_bridge.model import Tap

IDCODE = 0x2372_7093


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    made = build(block("bridge", "xilinx.com:ip:debug_bridge:3.0", 0x4380_0000, {"C_DEBUG_MODE": 3}))
    made.model("bridge").attach(Tap(IDCODE))
    return made


def bits(*values: tuple[int, int]) -> bytes:
    """Fields of (value, how many bits), the first one lowest, as bytes."""
    word = at = 0
    for value, count in values:
        word |= value << at
        at += count
    return word.to_bytes((at + 7) // 8, "little")


# To the state in which IDCODE is shifted (five ones reset; then 0, 1, 0, 0), 32 bits of it, and out.
READ_IDCODE = (43, bits((0b11111, 5), (0, 1), (1, 1), (0, 2), (0, 31), (0b11, 2), (0, 1)))


def test_making_the_driver_touches_nothing(bench: Any) -> None:
    assert bench.accesses("bridge", lambda: bench.overlay.bridge) == []
    assert isinstance(bench.overlay.bridge, DebugBridge)
    assert bench.overlay.bridge.xvc_address is None


def test_the_identity_of_a_device_is_shifted_out(bench: Any) -> None:
    count, tms = READ_IDCODE
    tdo = int.from_bytes(bench.overlay.bridge.shift(count, tms, bytes(len(tms))), "little")
    assert tdo >> 9 & 0xFFFF_FFFF == IDCODE


def test_an_instruction_is_shifted_in(bench: Any) -> None:
    bridge = bench.overlay.bridge
    tms = bits((0b11111, 5), (0, 1), (0b11, 2), (0, 2), (0, 5), (1, 1), (1, 1), (0, 1))
    bridge.shift(18, tms, bits((0, 10), (0b111111, 6), (0, 2)))
    # BYPASS: what goes in comes out one bit later.
    tms = bits((1, 1), (0, 2), (0, 7), (1, 1), (1, 1))
    tdo = int.from_bytes(bridge.shift(12, tms, bits((0, 3), (0b1011_0101, 8), (0, 1))), "little")
    assert tdo >> 3 & 0xFF == (0b1011_0101 << 1) & 0xFF


@pytest.mark.parametrize(("count", "lengths"), [(1, [1]), (31, [31]), (32, [32]), (33, [32, 1]), (64, [32]), (65, [32, 1])], ids=str)
def test_words_are_shifted_whole_and_the_rest_as_long_as_it_is(bench: Any, count: int, lengths: list[int]) -> None:
    data = bytes(range(1, (count + 7) // 8 + 1))
    log = bench.accesses("bridge", lambda: bench.overlay.bridge.shift(count, data, data))
    assert [entry[2] for entry in log if entry[:2] == ("write", r.LENGTH)] == lengths
    assert sum(entry == ("write", r.CTRL, 1) for entry in log) == (count + 31) // 32


def test_too_few_bytes_are_refused(bench: Any) -> None:
    with pytest.raises(ValueError, match=r"^bridge cannot shift 9 bits of 1 bytes of TMS and 2 of TDI$"):
        bench.overlay.bridge.shift(9, b"a", b"ab")


def test_a_core_without_a_clock(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.model("bridge"), "_shift", lambda: None)
    with pytest.raises(TimeoutError, match=r"^bridge does not shift: does its clock run\?$"):
        bench.overlay.bridge.shift(1, b"\0", b"\0")


def test_the_registers_are_attributes(bench: Any) -> None:
    bridge = bench.overlay.bridge
    bridge.CTRL = 2
    bridge.LENGTH, bridge.TDI_VECTOR = 8, 0xA5
    bridge.CTRL = 3
    bench.clock.advance(1e-3)
    assert (bridge.CTRL, bridge.TDO_VECTOR) == (2, 0xA5)
    assert bridge.register_map.LENGTH[31:0] == 8


# The server.


@pytest.fixture
def client(bench: Any) -> Iterator[socket.socket]:
    bridge = bench.overlay.bridge
    bridge.start_xvc_server(64, "127.0.0.1", 0, verbose=False)
    with socket.create_connection(bridge.xvc_address, timeout=10) as connection:
        yield connection
    bridge.stop_xvc_server()


def is_let_go(client: socket.socket) -> bool:
    """Whether the server ends the connection, perhaps before it has read all that was sent."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def take(client: socket.socket, count: int) -> bytes:
    return client.recv(count, socket.MSG_WAITALL)


def test_a_client_reads_the_identity(client: socket.socket) -> None:
    client.sendall(b"getinfo:")
    assert take(client, 18) == b"xvcServer_v1.0:64\n"
    client.sendall(b"settck:\x64\x00\x00\x00")
    assert take(client, 4) == b"\x64\x00\x00\x00"
    count, tms = READ_IDCODE
    for part in (b"shi", b"ft:", count.to_bytes(4, "little"), tms, bytes(len(tms))):
        client.sendall(part)
    assert int.from_bytes(take(client, len(tms)), "little") >> 9 & 0xFFFF_FFFF == IDCODE


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"hello world", "it sent b'he', which begins no command"),
        (b"shaft:", "it sent b'shaft:', which is no command"),
        (b"shift:\xff\xff\xff\xff", "a shift of 4294967295 bits is more than the 64 bytes that it was told of"),
    ],
)
def test_a_client_that_talks_nonsense_is_let_go(
    bench: Any, client: socket.socket, sent: bytes, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.sendall(sent)
    assert is_let_go(client)
    with socket.create_connection(bench.overlay.bridge.xvc_address, timeout=10) as other:
        other.sendall(b"getinfo:")
        assert take(other, 18).startswith(b"xvcServer")
    assert f"XVC client: {words}; it is let go" in caplog.messages


def test_stopping_lets_the_client_go(bench: Any, client: socket.socket) -> None:
    client.sendall(b"settck:")  # in the middle of a command
    bench.overlay.bridge.stop_xvc_server()
    assert is_let_go(client)
    assert bench.overlay.bridge.xvc_address is None


def test_it_says_what_happens_and_ends_after_one_client(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    bridge = bench.overlay.bridge
    bridge.start_xvc_server(serverAddress="127.0.0.1", serverPort=0, reconnect=False)
    server = bridge._server
    socket.create_connection(bridge.xvc_address, timeout=10).close()
    server._thread.join(10)
    assert bridge.xvc_address is None
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" 127")[0] for line in lines] == ["XVC server started at", "Connection from", "Client at", "XVC server stopped"]


def test_the_server_ends_with_the_overlay(bench: Any, client: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    server = bench.overlay.bridge._server
    bench.overlay.free()
    client.sendall(b"shift:\x01\x00\x00\x00\x00\x00")
    assert is_let_go(client)
    server._thread.join(10)
    assert not server.alive
    assert any(message.startswith("XVC server ends: StaleOverlayError: ") for message in caplog.messages)


def test_mistakes_are_told(bench: Any) -> None:
    with pytest.raises(ValueError, match=r"^an XVC server has a buffer of 4 bytes or more, not 3$"):
        bench.overlay.bridge.start_xvc_server(3)
