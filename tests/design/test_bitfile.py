from __future__ import annotations

from pathlib import Path

import pytest

from pynq_widgets.design import DesignError, read_bit_header, read_design

MAGIC = bytes.fromhex("00090ff00ff00ff00ff0000001")


def bit(design: str = "top;UserID=0XFFFFFFFF;Version=2023.2", data: bytes = b"\xaa" * 64, length: int | None = None) -> bytes:
    parts = [MAGIC]
    for key, text in (("a", design), ("b", "7z020clg400"), ("c", "2024/01/02"), ("d", "03:04:05")):
        coded = text.encode() + b"\0"
        parts.append(key.encode() + len(coded).to_bytes(2, "big") + coded)
    return b"".join(parts) + b"e" + (len(data) if length is None else length).to_bytes(4, "big") + data


@pytest.fixture
def pair(tmp_path: Path, small_text: str) -> Path:
    (tmp_path / "top.hwh").write_text(small_text)
    (tmp_path / "top.bit").write_bytes(bit())
    return tmp_path / "top.bit"


def test_the_header(pair: Path) -> None:
    assert read_bit_header(str(pair)) == ("top", "7z020clg400", "2024/01/02", "03:04:05", 64)


def test_the_header_as_vivado_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "real.bit"
    start = "0009 0ff0 0ff0 0ff0 0ff0 0000 0161 002d"  # the first 16 bytes of bitstreams that people published, 2019 to 2025
    path.write_bytes(bytes.fromhex(start) + b"d_1_wrapper;UserID=0XFFFFFFFF;Version=2023.1\0b\0\x04x7z\0c\0\x02d\0d\0\x02t\0e\0\0\0\0")
    assert read_bit_header(str(path)) == ("d_1_wrapper", "x7z", "d", "t", 0)


def test_a_bitstream_with_its_handoff(pair: Path) -> None:
    design = read_design(pair)
    assert design.bitstream is not None
    assert (design.name, design.bitstream.part, design.path) == ("small", "7z020clg400", str(pair.with_suffix(".hwh")))


@pytest.mark.parametrize("suffix", [".bin", ".pdi"])
def test_raw_bitstreams_have_no_header(pair: Path, suffix: str) -> None:
    raw = pair.with_suffix(suffix)
    raw.write_bytes(b"\xff" * 8)
    assert read_design(raw).bitstream is None


def test_no_handoff_beside_it(pair: Path) -> None:
    pair.with_suffix(".hwh").unlink()
    with pytest.raises(DesignError) as caught:
        read_design(pair)
    assert caught.value.cause == (
        "there is no top.hwh beside it, which says what is in the bitstream; copy it from Vivado's project "
        "(<project>.gen/sources_1/bd/<design>/hw_handoff/<design>.hwh) under this name"
    )


def test_every_truncation(tmp_path: Path) -> None:
    whole = bit()
    path = tmp_path / "cut.bit"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DesignError, match="the bitstream is truncated"):
            read_bit_header(str(path))


def test_a_false_length_and_another_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.bit"
    path.write_bytes(bit(length=2**31))
    with pytest.raises(DesignError, match=r"its header announces 2147483648 bytes of data and 64 follow; copy it again$"):
        read_bit_header(str(path))
    path.write_bytes(b"not a bitstream at all")
    with pytest.raises(DesignError, match=r"this is not a \.bit file: it does not begin with the header that Vivado writes"):
        read_bit_header(str(path))
    path.write_bytes(MAGIC + b"z\0\0")
    with pytest.raises(DesignError, match=r"the bitstream's header has an unknown field b'z' at byte 13$"):
        read_bit_header(str(path))
