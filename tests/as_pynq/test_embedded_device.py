"""``pynq.pl_server.embedded_device``: a board's device, and the functions beside it that others use."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pynq_widgets.as_pynq.extras import pl_server_embedded_device
from pynq_widgets.design import DesignError

HEADER = bytes.fromhex("00090ff00ff00ff00ff0000001")


def bit_file(*texts: tuple[bytes, bytes], data: bytes) -> bytes:
    fields = b"".join(key + (len(text) + 1).to_bytes(2, "big") + text + b"\0" for key, text in texts)
    return HEADER + fields + b"e" + len(data).to_bytes(4, "big") + data


def test_the_header_as_pynqs_dictionary() -> None:
    put: dict[str, Any] = {}
    pl_server_embedded_device.extend(SimpleNamespace(), lambda target, name, value: put.update({name: value}))  # type: ignore[arg-type]
    texts = ((b"a", b"top;UserID=0XFFFFFFFF;Version=2022.1"), (b"b", b"7z020clg400"), (b"c", b"2022/07/01"), (b"d", b"12:00:00"))
    assert put["parse_bit_header"](bit_file(*texts, data=b"1234")) == {
        "design": "top",
        "version": "Version=2022.1",
        "part": "7z020clg400",
        "date": "2022/07/01",
        "time": "12:00:00",
        "length": "4",
        "data": b"1234",
    }
    with pytest.raises(DesignError, match=r"the bitstream is truncated: its header announces 4 bytes of data and 2 follow"):
        put["parse_bit_header"](bit_file(*texts, data=b"1234")[:-2])
