"""What an overlay is while it is loaded, and what is left when it is not."""

from __future__ import annotations

import copy
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]


def test_hasattr_on_a_stale_overlay(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: ``hasattr(ol, 'core')`` raises RuntimeError: Overlay not currently loaded; so for each other name."""
    old = pynq.Overlay(write(core("core", 0x43C0_0000), core("hier/core", 0x43C1_0000), name="old"))
    hier = old.hier
    assert hasattr(old, "core")
    new = pynq.Overlay(write(core("core", 0x43C0_0000), name="new"))
    for name in ("core", "hier", "nonsense", "_private", "_repr_html_", "__array__"):
        assert not hasattr(old, name)
    assert not hasattr(hier, "core")
    assert getattr(old, "core", None) is None
    assert not old.is_loaded()
    assert list(old.ip_dict) == ["core", "hier/core", "processing_system7_0"], "its description stays"
    assert "stale: old.hwh was replaced by new.hwh" in repr(old)
    with pytest.raises(pynq.StaleOverlayError, match=r"'core' of overlay old cannot be reached: old\.hwh was replaced by new\.hwh"):
        _ = old.core
    assert new.core.read(0) == 0


def test_what_a_stale_overlay_gave_away(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: drivers, MMIO, arrays and registers go on, and reach whatever is at their addresses now."""
    old = pynq.Overlay(write(core("core", 0x43C0_0000), name="old"))
    ip = old.core
    handles = (
        lambda: ip.write(4, 1),
        lambda: ip.mmio.write(4, 1),
        lambda: setattr(ip.register_map, "STATUS", 1),
        lambda: ip.register_map.STATUS.__setitem__(slice(3, 0), 1),
        lambda: ip.mmio.array.__setitem__(1, 1),
    )
    ip.register_map.STATUS = 0
    new = pynq.Overlay(write(core("other", 0x43C0_0000), name="new"))
    for touch in handles:
        with pytest.raises(pynq.StaleOverlayError, match=r"old\.hwh was replaced by new\.hwh"):
            touch()
    assert new.other.read(4) == 0
    old.download()
    assert old.core.read(4) == 0, "download() makes it whole again"


def test_a_copy_of_an_overlay(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: ``copy.copy(ol)`` and ``copy.deepcopy(ol)`` raise RecursionError."""
    ol = pynq.Overlay(write(core("core", 0x43C0_0000), core("hier/core", 0x43C1_0000)))
    for twin in (copy.copy(ol), copy.deepcopy(ol)):
        assert type(twin) is type(ol)
        assert twin.is_loaded()
        assert twin.core is ol.core, "it is one piece of hardware"
        assert twin.hier.core is ol.hier.core
        assert twin.bitfile_name == ol.bitfile_name
        twin.ip_dict["core"]["state"] = "mine"
    pynq.Overlay(write(core("core", 0x43C0_0000), name="new"))
    assert not twin.is_loaded()
    assert not hasattr(twin, "core")


def test_copies_of_what_an_overlay_holds(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: a deep copy of a description, whose ``device`` and ``overlay`` are copied with it, ends in RecursionError."""
    ol = pynq.Overlay(write(core("hier/core", 0x43C0_0000)))
    description = copy.deepcopy(ol.hier.description)
    assert description["device"] is ol.device
    assert description["ip"]["core"]["phys_addr"] == 0x43C0_0000
    description["ip"]["core"]["phys_addr"] = 0
    assert ol.ip_dict["hier/core"]["phys_addr"] == 0x43C0_0000
    for twin in (copy.copy(ol.hier), copy.deepcopy(ol.hier)):
        assert twin.core is ol.hier.core
    for make in (copy.copy, copy.deepcopy):
        make(ol.hier.core.register_map).STATUS = 5
        make(ol.hier.core.mmio).write(0, 7)
        assert make(ol.hier.core.register_map.STATUS) == 5
        assert (ol.hier.core.read(0), ol.hier.core.read(4)) == (7, 5)
        ol.hier.core.write(4, 0)
    for handle in (ol, ol.hier.core):
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(handle)


def _stamp(path: Path, like: os.stat_result) -> None:
    os.utime(path, ns=(like.st_atime_ns, like.st_mtime_ns))


def test_a_description_is_never_older_than_its_file(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: takes the description that it pickled for the same .bit, though the .hwh beside it was edited."""
    path = write(core("core_a", 0x43C0_0000))
    before = path.stat()
    first = pynq.Overlay(path)
    path = write(core("core_b", 0x43D0_0000))
    _stamp(path, before)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns), "nothing but the contents tells"
    second = pynq.Overlay(path)
    assert "core_b" in second.ip_dict
    assert "core_a" not in second.ip_dict
    assert second.core_b.mmio.base_addr == 0x43D0_0000
    assert "core_a" in first.ip_dict, "what is loaded already is what was loaded"


def _bit(path: Path, design: str) -> None:
    """The header of a bitstream, as Vivado writes it, without any frames."""
    entries = b"".join(
        key + struct.pack(">H", len(text) + 1) + text.encode() + b"\0"
        for key, text in ((b"a", f"{design};UserID=0;Version=2022.1"), (b"b", "7z020clg400"), (b"c", "2026/11/22"), (b"d", "12:00:00"))
    )
    path.write_bytes(bytes.fromhex("0009 0ff00ff00ff00ff000 0001") + entries + b"e" + struct.pack(">I", 4) + bytes(4))


def test_a_bitstream_that_was_replaced(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: notices a new .bit; here its header and the .hwh are read anew each time."""
    bit = write(core("core_a", 0x43C0_0000)).with_suffix(".bit")
    _bit(bit, "one")
    first = pynq.Overlay(str(bit))
    write(core("core_b", 0x43D0_0000))
    before = bit.stat()
    _bit(bit, "two")
    _stamp(bit, before)
    second = pynq.Overlay(str(bit))
    assert (first.design.bitstream.design, second.design.bitstream.design) == ("one", "two")
    assert hasattr(second, "core_b")


def test_a_class_beside_the_bitstream_is_never_older_than_its_file(pynq: Any, core: Any, write: Write) -> None:
    """PYNQ 4.0.0: has none; its users import the module, and get what Python has kept."""
    path = write(core("core", 0x43C0_0000))
    body = "from pynq import DefaultOverlay\nclass Overlay(DefaultOverlay):\n    number = {}\n"
    beside = path.with_suffix(".py")
    beside.write_text(body.format(1))
    before = beside.stat()
    assert pynq.Overlay(path).number == 1
    beside.write_text(body.format(2))
    _stamp(beside, before)
    assert pynq.Overlay(path).number == 2


def test_no_devices_found(core: Any, write: Write) -> None:
    """PYNQ 4.0.0: ``Device.active_device`` and ``Overlay(...)`` raise RuntimeError: No Devices Found, where there is no board."""
    path = write(core("core", 0x43C0_0000))
    script = f"""
import warnings
warnings.simplefilter("error")
import pynq_widgets.as_pynq
import pynq
print(pynq.Device.active_device)
ol = pynq.Overlay({str(path)!r})
print(ol)
ol.core.write(4, 7)
print(ol.core.read(4), len(pynq.Device.devices), pynq.ps.ON_TARGET)
print(pynq.allocate(4).device is ol.device)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "<SimulatedDevice 'simulated' (simulated)>",
        "<DefaultOverlay small.hwh on 'simulated' (simulated): 1 IP, 0 hierarchies>",
        "7 1 False",
        "True",
    ]


def test_a_board_that_is_not_found_is_no_reason_to_fail(pynq: Any, core: Any, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYNQ 4.0.0: one ``_probe_`` that raises is the end of ``Device.devices``."""
    meta = type(pynq.Device)
    monkeypatch.setattr(meta, "_probing", dict(meta._probing))
    monkeypatch.setattr(meta, "_found", dict(meta._found))
    pynq.Device.active_device = None

    class Broken(pynq.Device):
        _probe_priority_ = -100

        @classmethod
        def _probe_(cls) -> list[Any]:
            raise OSError("no such board")

    with pytest.warns(RuntimeWarning, match=r"Broken could not look for its devices: OSError\('no such board'\)"):
        assert pynq.Device.active_device.kind == "simulated"
    assert pynq.Overlay(write(core("core", 0x43C0_0000))).core.read(0) == 0
