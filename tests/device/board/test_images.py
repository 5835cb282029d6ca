"""What the FPGA manager is given for a file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pynq_widgets.design import DesignError
from pynq_widgets.device.board import bit2bin
from pynq_widgets.device.board.family import VERSAL, ZYNQ, ZYNQMP
from pynq_widgets.device.board.images import image_of

from .conftest import CONFIGURATION, SWAPPED, bit_file


def put(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def test_a_bit_file_loses_its_header_and_has_the_bytes_of_its_words_swapped(tmp_path: Path) -> None:
    image = image_of(put(tmp_path, "base.bit", bit_file()), ZYNQ)
    assert (image.name, image.data) == ("base.bin", SWAPPED)
    assert bit2bin(bit_file()) == SWAPPED


def test_a_raw_file_is_taken_either_way_round(tmp_path: Path) -> None:
    assert image_of(put(tmp_path, "a.bin", CONFIGURATION), ZYNQ).data == SWAPPED
    assert image_of(put(tmp_path, "b.bin", SWAPPED), ZYNQMP).data == SWAPPED
    # A boot image, authenticated perhaps; the kernel knows what to do with it.
    assert image_of(put(tmp_path, "c.bin", b"\0\0\0\x14" * 8 + b"XNLX"), ZYNQMP).data == b"\0\0\0\x14" * 8 + b"XNLX"


def test_a_versal_takes_its_image_as_it_is(tmp_path: Path) -> None:
    image = image_of(put(tmp_path, "v.pdi", b"\xdd\0\0\0as it is"), VERSAL)
    assert (image.name, image.data) == ("v.pdi", b"\xdd\0\0\0as it is")


def test_an_archive_gives_its_bitstream(tmp_path: Path) -> None:
    path = tmp_path / "base.xsa"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("base.hwh", "<x/>")
        archive.writestr("inner.bit", bit_file())
    assert image_of(str(path), ZYNQ).data == SWAPPED
    assert image_of(str(path), ZYNQ).name == "base.bin"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("region.bit", bit_file())
    with pytest.raises(DesignError, match=r"the archive holds several bitstreams: inner\.bit, region\.bit"):
        image_of(str(path), ZYNQ)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("base.bit", bit_file(data=CONFIGURATION + b"\0\0\0\x01"))
    assert image_of(str(path), ZYNQ).data == SWAPPED + b"\x01\0\0\0"


@pytest.mark.parametrize(
    ("name", "data", "family", "cause"),
    [
        (
            "a.bit",
            bit_file("xczu7ev-ffvc1156"),
            ZYNQ,
            r"is for the part xczu7ev-ffvc1156 \(Zynq UltraScale\+\), but this board is a Zynq-7000",
        ),
        ("a.bit", bit_file()[:-4], ZYNQ, "the bitstream is truncated: its header announces 24 bytes of data and 20 follow"),
        ("a.bit", bit_file(data=b"\0" * 64), ZYNQ, "they do not begin with the synchronisation word AA995566"),
        ("a.bit", bit_file(data=CONFIGURATION + b"\0"), ZYNQ, "these are no configuration data of an FPGA: 25 bytes are no whole words"),
        ("a.bit", b"<html>not found</html>", ZYNQ, "this is not a .bit file"),
        ("a.bit", bit_file(), VERSAL, "this board is a Versal, which is loaded with a .pdi file, not .bit"),
        ("a.pdi", b"", ZYNQ, "this board is a Zynq-7000, which is loaded with a .bit or .bin file, not .pdi"),
        ("a.hwh", b"", ZYNQ, "a board is loaded with a .bit, .bin, .pdi or .xsa file, not .hwh"),
        ("a", b"", ZYNQ, "not a file without a suffix"),
        ("a.xsa", b"PK", ZYNQ, "the bitstream in the archive cannot be unpacked: "),
    ],
)
def test_what_cannot_be_loaded(tmp_path: Path, name: str, data: bytes, family: object, cause: str) -> None:
    with pytest.raises(DesignError, match=cause):
        image_of(put(tmp_path, name, data), family)  # type: ignore[arg-type]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=r"the file cannot be read: No such file"):
        image_of(str(tmp_path / "gone.bit"), ZYNQ)


def test_an_archive_without_a_bitstream(tmp_path: Path) -> None:
    path = tmp_path / "base.xsa"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("base.hwh", "<x/>")
    with pytest.raises(DesignError, match=r"the archive holds no bitstream"):
        image_of(str(path), ZYNQ)


def test_a_synchronisation_word_counts_only_where_a_word_begins(tmp_path: Path) -> None:
    shifted = b"\0" + CONFIGURATION + b"\0\0\0"
    assert image_of(put(tmp_path, "a.bin", shifted), ZYNQ).data == shifted
