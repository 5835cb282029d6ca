"""What was downloaded last, kept in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pynq_widgets.as_pynq import global_state as kept
from pynq_widgets.as_pynq.global_state import GlobalState


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pynq-widgets"


@pytest.fixture
def state(tmp_path: Path) -> GlobalState:
    bit = tmp_path / "base.bit"
    bit.write_bytes(b"logic")
    state = GlobalState(bitfile_name=str(bit), active_name="base", timestamp="2026/11/22 17:10:09 +1")
    state.add("hier/manager", 0x4000_0000)
    state.add("hier/manager", 0x5000_0000)
    state.psddr = {"base_address": 0}
    return state


def test_saved_and_loaded(state: GlobalState, cache: Path) -> None:
    assert not kept.global_state_file_exists()
    assert kept.load_global_state() is None
    kept.save_global_state(state)
    assert kept.global_state_file_exists()
    loaded = kept.load_global_state()
    assert loaded == state
    assert loaded is not None
    assert loaded.shutdown_ips["hier/manager"].base_addr == 0x4000_0000
    assert state.bitfile_hash == kept.bitstream_hash(state.bitfile_name) == "2c684987c5752cd39acae31ee6556e787ec688a2"
    assert [path.name for path in cache.iterdir()] == ["global_pl_state_.json"]
    kept.clear_global_state()
    kept.clear_global_state()
    assert not kept.global_state_file_exists()


def test_each_device_has_its_own(state: GlobalState, cache: Path) -> None:
    kept.save_global_state(state, "../a board")
    assert kept.load_global_state() is None
    assert kept.load_global_state("../a board") == state
    assert [path.name for path in cache.iterdir()] == ["global_pl_state_.._a_board.json"]


def test_what_is_older_than_its_bitstream_is_not_believed(state: GlobalState) -> None:
    kept.save_global_state(state)
    Path(state.bitfile_name).write_bytes(b"other logic")
    assert kept.load_global_state() is None
    assert not kept.global_state_file_exists()
    Path(state.bitfile_name).write_bytes(b"logic")
    assert kept.load_global_state() == state
    Path(state.bitfile_name).unlink()
    assert kept.load_global_state() is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"bitfile_name": 1', '{"bitfile_name": "a", "active_name": "b", "timestamp": "c", "shutdown_ips": 3}']
)
def test_a_file_that_is_damaged_says_nothing(state: GlobalState, cache: Path, text: str) -> None:
    kept.save_global_state(state)
    (cache / "global_pl_state_.json").write_text(text)
    assert kept.load_global_state() is None


def test_what_is_no_state() -> None:
    with pytest.raises(ValueError, match=r"^this is not what was kept of a bitstream: KeyError 'bitfile_name'$"):
        GlobalState.parse_obj({})


@pytest.mark.parametrize(
    ("manager", "flags", "forgets"), [("unknown\n", "0\n", True), ("operating\n", "100\n", True), ("operating\n", "0\n", False)]
)
def test_nothing_is_known_after_a_start_of_the_machine(
    state: GlobalState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: str, flags: str, forgets: bool
) -> None:
    monkeypatch.setattr(kept, "FPGA_MANAGER", tmp_path / "fpga0")
    kept.save_global_state(state)
    kept.initial_global_state_file_boot_check()  # there is no FPGA manager
    assert kept.global_state_file_exists()
    (tmp_path / "fpga0").mkdir()
    (tmp_path / "fpga0" / "state").write_text(manager)
    (tmp_path / "fpga0" / "flags").write_text(flags)
    kept.initial_global_state_file_boot_check()
    assert kept.global_state_file_exists() is not forgets


def test_without_xdg_it_is_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: GlobalState) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/not/allowed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    kept.save_global_state(state)
    assert (tmp_path / "home" / ".cache" / "pynq-widgets" / "global_pl_state_.json").is_file()
