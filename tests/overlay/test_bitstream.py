"""Bitstream: finding the file, its device tree overlay, and what a device is asked to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultOverlay, Device, Overlay, SimulatedDevice
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.design import DesignError
from pynq_widgets.overlay import Bitstream, loader


@pytest.fixture
def bit(tmp_path: Path) -> Path:
    path = tmp_path / "small.bit"
    path.write_bytes(b"logic")
    return path


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_or_a_name_in_the_current_folder(bit: Path, device: Any, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Bitstream(kind(bit), device=device).bitfile_name == str(bit)
    monkeypatch.chdir(bit.parent)
    found = Bitstream(kind("small.bit"), device=device)
    assert found.bitfile_name == str(bit)
    assert (found.device, found.dtbo, found.partial, found.timestamp) == (device, None, False, "")
    assert (found.bit_data, found.binfile_name, found.firmware_path) == ({}, "", "")
    assert device.log == []


def test_another_type_of_name(device: Any) -> None:
    with pytest.raises(TypeError) as error:
        Bitstream(12, device=device)  # type: ignore[arg-type]
    assert str(error.value) == "Bitstream name has to be a string."


def test_the_active_device_is_meant(bit: Path, device: Any) -> None:
    Device.active_device = device
    try:
        assert Bitstream(bit).device is device
    finally:
        Device.active_device = None


def test_the_file_for_the_device_in_a_folder(tmp_path: Path, device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "base.bit.d"
    folder.mkdir()
    (folder / "base.board_a.bit").write_bytes(b"a")
    device.name = "board_a"
    assert Bitstream(tmp_path / "base.bit", device=device).bitfile_name == str(folder / "base.board_a.bit")
    monkeypatch.chdir(tmp_path)
    assert Bitstream("base.bit", device=device).bitfile_name == str(folder / "base.board_a.bit")
    (tmp_path / "base.bit").write_bytes(b"for all")
    assert Bitstream("base.bit", device=device).bitfile_name == str(tmp_path / "base.bit")
    (tmp_path / "base.bit").unlink()
    device.name = "board_b"
    with pytest.raises(FileNotFoundError) as error:
        Bitstream(tmp_path / "base.bit", device=device)
    assert str(error.value) == (
        f"No overlay {str(tmp_path / 'base.bit')!r}: looked for base.bit, base.hwh in {tmp_path}; {folder} has base.board_a.bit, "
        "but none for device 'board_b'"
    )


def test_several_files_of_one_name(bit: Path, device: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    (package / "small").mkdir(parents=True)
    (package / "small" / "small.bit").write_bytes(b"other")
    monkeypatch.setattr(loader, "package_folders", lambda: [package])
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="multiple possible matches") as warned:
        assert Bitstream("small.bit", device=device).bitfile_name == str(bit)
    assert str(warned[0].message) == (
        f"The provided name 'small.bit' resulted in multiple possible matches: {bit}, {package / 'small' / 'small.bit'}. The first of "
        f"them, {bit}, is used; give the full path where another one is meant."
    )
    bit.unlink()
    assert Bitstream("small.bit", device=device).bitfile_name == str(package / "small" / "small.bit")


def test_its_device_tree_overlay(bit: Path, device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bitstream = Bitstream(bit, device=device)
    with pytest.raises(ValueError, match=r"^DTBO path has to be specified: there is no small.dtbo beside small.bit$"):
        bitstream.insert_dtbo()
    with pytest.raises(FileNotFoundError, match=r"^No device tree overlay 'other.dtbo': looked in "):
        bitstream.insert_dtbo("other.dtbo")
    with pytest.raises(FileNotFoundError, match=r"^No device tree overlay 'other.dtbo'"):
        Bitstream(bit, "other.dtbo", device=device)
    other = bit.with_name("other.dtbo")
    other.write_bytes(b"tree")
    bitstream.insert_dtbo("other.dtbo")
    assert bitstream.dtbo == str(other)
    bitstream.remove_dtbo()
    assert device.log == [("insert", "other.dtbo"), ("remove", "other.dtbo")]
    bit.with_suffix(".dtbo").write_bytes(b"tree")
    assert Bitstream(bit, device=device).dtbo == str(bit.with_suffix(".dtbo"))
    assert Bitstream(bit, "other.dtbo", device=device).dtbo == str(other)


def test_download_asks_the_device_once_and_what_was_there_is_stale(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    core = ol.core
    generation = device.generation
    Bitstream(small, device=device, partial=True).download()
    assert device.generation == generation
    assert ol.is_loaded()
    bitstream = Bitstream(small, device=device)
    bitstream.download()
    assert device.generation == generation + 1
    assert device.timestamp == bitstream.timestamp != ""
    assert not ol.is_loaded()
    with pytest.raises(StaleOverlayError, match=r"has gone: small.hwh was downloaded as a Bitstream"):
        core.read(0)
    assert device.log == [("download", "small.hwh")] * 3


def test_what_the_device_says_of_its_design_is_of_the_last_download(small: Path, bit: Path, write_design: Any, device: Any) -> None:
    Overlay(small, device=device)
    assert "core" in device.ip_dict
    Bitstream(write_design({"fresh": "me.org:test:core:1.0"}, "other"), device=device).download()
    assert list(device.ip_dict) == ["fresh", "ps7"]
    assert device.design.name == "other"
    bit.with_name("small.hwh").unlink()
    Bitstream(bit, device=device).download()  # nothing describes it
    assert device.design is None
    assert not hasattr(device, "ip_dict")
    assert device.bitfile_name == str(bit)


def test_a_device_that_counts_by_itself_counts_once(small: Path) -> None:
    device = SimulatedDevice("t")
    Bitstream(small, device=device).download()
    assert device.generation == 1
    assert device.design is not None
    assert "core" in device.ip_dict
    with pytest.raises(DesignError, match=r"small.hwh: it fits no region of small: that has none$"):
        Bitstream(small, device=device, partial=True).download()


def test_the_simulated_device_goes_on_with_its_design_where_nothing_describes_the_bitstream(small: Path, tmp_path: Path) -> None:
    device = SimulatedDevice("t")
    ol = Overlay(small, device=device)
    raw = tmp_path / "raw.bin"
    raw.write_bytes(b"logic")
    Bitstream(raw, device=device).download()
    assert not ol.is_loaded()
    assert device.design is ol.design
    assert "core" in device.ip_dict
    assert device.read_word(0x43C0_0000) == 0


def test_an_overlay_is_a_bitstream(small: Path, device: Any) -> None:
    assert issubclass(Overlay, Bitstream)
    assert issubclass(DefaultOverlay, Bitstream)
    dtbo = small.with_suffix(".dtbo")
    dtbo.write_bytes(b"tree")
    ol = Overlay(small, device=device)
    assert isinstance(ol, Bitstream)
    assert (ol.partial, ol.bit_data, ol.binfile_name, ol.firmware_path) == (False, {}, "", "")
    ol.remove_dtbo()
    ol.insert_dtbo()
    assert [entry for entry in device.log if entry[0] != "download"] == [
        ("insert", "small.dtbo"),
        ("remove", "small.dtbo"),
        ("insert", "small.dtbo"),
    ]


def test_a_device_that_keeps_descriptions_is_given_them(small: Path, device: Any) -> None:
    Overlay(small, device=device, download=False, gen_cache=True)  # a device that keeps none
    kept: list[Any] = []
    device.gen_cache = lambda bitstream, parser: kept.append((os.path.basename(bitstream.bitfile_name), parser))
    ol = Overlay(small, device=device, download=False, gen_cache=True)
    Bitstream(small, device=device).gen_cache()
    assert kept == [("small.hwh", ol.parser), ("small.hwh", None)]


def test_an_overlay_that_was_not_downloaded_is_freed_without_its_device_tree_overlay(small: Path) -> None:
    dtbo = small.with_suffix(".dtbo")
    dtbo.write_bytes(b"tree")
    device = SimulatedDevice("t")
    ol = Overlay(small, device=device, download=False)
    assert ol.dtbo == str(dtbo)
    ol.free()
    assert not ol.is_loaded()


def test_a_full_download_takes_device_tree_overlays_out(small: Path, write_design: Any) -> None:
    small.with_suffix(".dtbo").write_bytes(b"tree")
    device = SimulatedDevice("t")
    Overlay(small, device=device)
    assert list(device.devicetree_dict) == ["small"]
    Overlay(write_design({"core": "me.org:test:core:1.0"}, "other"), device=device)
    assert list(device.devicetree_dict) == []
