"""Partial reconfiguration on small designs: what is exchanged, what stays, what is told."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from pynq_widgets import DefaultHierarchy, DefaultIP, Device, Overlay
from pynq_widgets.access import Interrupt
from pynq_widgets.design import DesignError
from pynq_widgets.overlay import Bitstream, StaleOverlayError


def send(ol: Any, data: bytes) -> list[bytes]:
    """`data` through whatever stands in the region."""
    model = ol.device.model_of("core")
    model.got.clear()
    with model.context.from_outside():
        assert model.out.send(data) == len(data)
    return list(model.got)


def test_the_module_stands_in_the_region(dfx: Any) -> None:
    ol = dfx.load()
    region = ol.hier.rp
    assert (list(region), region.pr_loaded, ol.pr_dict) == ([], "", {})
    region.download(dfx.folder / "invert.hwh")
    assert ol.hier.rp is region
    assert (region.core.description["phys_addr"], region.core.description["type"]) == (0x43C1_0000, "me.org:test:invert:1.0")
    assert region.pr_loaded == str(dfx.folder / "invert.hwh")
    assert ol.pr_dict == {"hier/rp": {"loaded": str(dfx.folder / "invert.hwh"), "dtbo": None}}
    assert ol.design.regions["hier/rp"].name == "invert"
    region.core.register_map.GAIN = 7
    assert dfx.device.read_word(0x43C1_0004) == 7
    assert {"hier/rp/core"} <= set(ol.ip_dict) & set(dfx.device.ip_dict) & set(ol.drivers)
    assert list(ol.hierarchy_dict["hier/rp"]["ip"]) == ["core"]
    assert ol.interrupt_pins["hier/rp/core/irq"]["index"] == 1
    assert ol["hier/rp/core"] is region.core
    assert send(ol, b"\x00\x01") == [b"\xff\xfe"]


def test_another_module_has_its_own_addresses_drivers_and_streams(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "invert.hwh")
    assert send(ol, b"\x01") == [b"\xfe"]
    ol.pr_download("hier/rp", "add")
    # The file counts from 0: its addresses are offsets in the region's windows.
    assert ol.hier.rp.core.description["phys_addr"] == 0x43C1_0000
    assert ol.hier.rp.sub.extra.description["phys_addr"] == 0x43C1_8000
    assert ol.hier.rp.core.description["type"] == "me.org:test:add:1.0"
    assert send(ol, b"\x01") == [b"\x02"]
    ol.pr_download("hier/rp", "straight")
    assert list(ol.hier.rp) == ["fifo"]
    assert send(ol, b"\x01") == [b"\x01"]
    ol.pr_download("hier/rp", "wire")
    assert list(ol.hier.rp) == []
    assert send(ol, b"\x05") == [b"\x05"]
    ol.pr_download("hier/rp", "invert")
    assert send(ol, b"\x01") == [b"\xfe"]
    assert dfx.device.model_errors == []


def test_old_handles_name_the_region_and_the_module(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    old, extra, sub = ol.hier.rp.core, ol.hier.rp.sub.extra, ol.hier.rp.sub
    mirror, registers, mmio = old.registers, old.register_map, old.mmio
    pin = old.irq
    ol.pr_download("hier/rp", "invert")
    said = "has gone: hier/rp/core was in region hier/rp, which holds invert.hwh now. Take what is there now from the overlay again."
    for touch in (old.read, lambda: mmio.write(0, 1), lambda: registers.CTRL[0], mirror.refresh, lambda: mirror["CTRL"].write(1)):
        with pytest.raises(StaleOverlayError, match=f"{re.escape(said)}$"):
            touch()
    with pytest.raises(StaleOverlayError, match="hier/rp/sub/extra was in region hier/rp"):
        extra.read(0)
    with pytest.raises(StaleOverlayError, match=r"'extra' of hierarchy hier/rp/sub cannot be reached: hier/rp/sub was in region hier/rp"):
        _ = sub["extra"]
    with pytest.raises(StaleOverlayError, match=r"hier/rp/core/irq has gone: region hier/rp which holds invert.hwh now"):
        pin.wait_blocking(1.0)
    assert repr(old).endswith(", stale>")
    assert repr(sub).endswith(", stale>")
    assert not hasattr(ol.hier.rp, "sub")
    assert ol.hier.rp.core is not old
    assert ol.hier.rp.core.read(0) == 0


def test_nothing_outside_is_touched(dfx: Any) -> None:
    ol = dfx.load()
    hier, beside, core, gpio = ol.hier, ol.hier.beside, ol.core, ol.gpio
    mirror, description, buffer = core.registers, core.description, dfx.device.allocate((4,), "u4")
    core.write(4, 0x1234)
    beside.write(4, 0x55)
    gpio.write(0, 1)
    model = dfx.device.model_of("core")
    generation = dfx.device.generation
    ol.pr_download("hier/rp", "invert")
    ol.pr_download("hier/rp", "add")
    assert (ol.hier, ol.hier.beside, ol.core, ol.gpio) == (hier, beside, core, gpio)
    assert (core.read(4), beside.read(4), dfx.device.probe("gpio/gpio_io_o")) == (0x1234, 0x55, 1)
    assert core.registers is mirror
    assert mirror["GAIN"].read() == 0x1234
    assert core.description is description is ol["core"].description
    assert ol.hier.description["hierarchies"]["rp"]["ip"]["core"]["type"] == "me.org:test:add:1.0"
    assert dfx.device.model_of("core") is model
    assert dfx.device.generation == generation
    assert ol.is_loaded()
    buffer[:] = 3
    buffer.freebuffer()


def test_waits_outside_go_on_and_those_within_end(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")

    async def both() -> list[Any]:
        outside = asyncio.ensure_future(ol.core.irq.wait())
        within = asyncio.ensure_future(ol.hier.rp.core.irq.wait())
        await asyncio.sleep(0)
        ol.pr_download("hier/rp", "invert")
        ol.core.write(0, 1)
        return await asyncio.gather(outside, within, return_exceptions=True)

    came, gone = asyncio.run(both())
    assert came is None
    assert isinstance(gone, StaleOverlayError)
    assert "hier/rp/core/irq has gone: region hier/rp which holds invert.hwh now" in str(gone)
    ol.hier.rp.core.write(0, 1)
    ol.core.write(0, 0)
    ol.hier.rp.core.irq.wait_blocking(1.0)
    Interrupt("hier/rp/core/irq", dfx.device).wait_blocking(1.0)


def test_what_the_old_module_had_planned_does_not_happen(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    ol.hier.rp.core.write(0, 2)  # an interrupt in a second
    ol.pr_download("hier/rp", "invert")
    with pytest.raises(TimeoutError, match="interrupt hier/rp/core/irq did not come within 5 s"):
        ol.hier.rp.core.irq.wait_blocking(5.0)


def test_an_interrupt_that_was_high_goes_low_with_its_module(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    ol.hier.rp.core.write(0, 1)
    assert dfx.device.probe("concat/In1") == 1
    ol.pr_download("hier/rp", "invert")
    assert dfx.device.probe("concat/In1") == 0


def test_drivers_are_those_of_the_moment(dfx: Any) -> None:
    ol = dfx.load()
    known = ol.core

    class Later(DefaultIP):
        bindto = ["me.org:test:add:1.0", "me.org:test:core:1.0"]

    class Region(DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "core" in description["ip"] and description["fullpath"] == "hier/rp"

    try:
        plain = ol.hier.rp
        ol.pr_download("hier/rp", "add")
        assert type(ol.hier.rp.core) is Later
        assert type(ol.hier.rp) is Region
        assert ol.hier.rp is not plain
        with pytest.raises(StaleOverlayError, match=r"region hier/rp is one which holds add.hwh now"):
            _ = plain["core"]
        assert ol.core is known
        assert type(ol.hier.beside) is DefaultIP  # chosen when the overlay was loaded
    finally:
        Later.unregister()
        Region.unregister()


def test_the_whole_bitstream_brings_its_contents_back(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    old = ol.hier.rp.core
    core = ol.core
    ol.download()
    assert (ol.pr_dict, ol.design.regions, dfx.device.design.regions) == ({}, {}, {})
    assert list(ol.hier.rp) == []
    with pytest.raises(StaleOverlayError, match="was in region hier/rp, which has what the whole bitstream has there again"):
        old.read(0)
    assert core.read(4) == 0  # its registers go on working
    with pytest.raises(AttributeError):
        _ = ol.hier.rp.core
    ol.pr_download("hier/rp", "invert")
    assert send(ol, b"\x01") == [b"\xfe"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("whole", r"it is a whole design \(it has the processing system ps\), not that of a module for hier/rp$"),
        (
            "far",
            r"core at 0x43c20000\.\.0x43c20fff is outside of what ps reaches of region hier/rp through s_axi: 0x43c10000\.\.0x43c1ffff$",
        ),
        ("big", r"core at 0x0\.\.0x1ffff is outside of what ps reaches of region hier/rp"),
        ("other", r"its interface 'video' is none of region hier/rp \(s_axi, in, out\): it is for another region or design$"),
        ("chip", r"it is for the part 7z010-clg400-1, but static is for 7z020-clg400-1$"),
        ("torn", r"the file is truncated"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_touched(
    dfx: Any, write_static: Any, write_part: Any, name: str, text: str
) -> None:
    from pynq_widgets.design import read_design

    ol = dfx.load()
    ol.pr_download("hier/rp", "invert")
    there = read_design(dfx.folder / "invert.hwh")
    good = (dfx.folder / "invert.hwh").read_text("utf-8")
    texts = {
        "whole": write_static(),
        "far": good.replace("0x43c10", "0x43c20"),
        "big": good.replace("0x43c10000", "0x0").replace("0x43c10fff", "0x1ffff"),
        "other": good.replace('NAME="in"', 'NAME="video"'),
        "chip": good.replace("7z020", "7z010"),
        "torn": good[: len(good) // 2],
    }
    assert there.host is None
    path = dfx.write(name, texts[name])
    core = ol.hier.rp.core
    dfx.device.bus.reset_statistics()
    with pytest.raises(DesignError, match=text):
        ol.pr_download("hier/rp", path)
    assert dfx.device.bus.statistics().total.transactions == 0
    assert ol.hier.rp.core is core
    assert core.read(0) == 0
    assert ol.pr_dict["hier/rp"]["loaded"] == str(dfx.folder / "invert.hwh")


def test_a_download_that_fails_leaves_an_empty_region(dfx: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    old, core = ol.hier.rp.core, ol.core

    def fails(self: Any, bitstream: Any, parser: Any = None) -> None:
        raise OSError("the manager said no")

    with monkeypatch.context() as patched:
        patched.setattr(type(dfx.device), "download", fails)
        with pytest.raises(OSError, match="the manager said no"):
            ol.pr_download("hier/rp", "invert")
    assert (ol.pr_dict, ol.design.regions) == ({}, {"hier/rp": None})
    with pytest.raises(StaleOverlayError, match="for which a partial download failed: nobody knows what it holds"):
        old.read(0)
    assert list(ol.hier.rp) == []
    assert core.read(0) == 0
    assert ol.is_loaded()
    assert not dfx.device.model_of("dec").decoupled  # coupled again all the same
    with pytest.raises(Exception, match="nothing is there"):
        dfx.device.read_word(0x43C1_0000)
    ol.pr_download("hier/rp", "invert")
    assert send(ol, b"\x01") == [b"\xfe"]


def test_a_description_alone(dfx: Any) -> None:
    ol = dfx.load()
    ol.hier.rp.download(dfx.folder / "add.hwh", program=False)
    assert ol.hier.rp.core.read(0) == 0
    assert ol.pr_dict["hier/rp"]["loaded"] == str(dfx.folder / "add.hwh")


def test_a_bitstream_alone_finds_its_region(dfx: Any) -> None:
    ol = dfx.load()
    bitstream = Bitstream(dfx.folder / "add.hwh", partial=True, device=dfx.device)
    bitstream.download()
    assert (bitstream.region, bool(bitstream.timestamp)) == ("hier/rp", True)
    old = ol.hier.rp.core
    assert old.read(0) == 0
    Bitstream(dfx.folder / "invert.hwh", partial=True, device=dfx.device).download()
    with pytest.raises(StaleOverlayError, match=r"which holds invert.hwh now"):
        old.read(0)
    assert send(ol, b"\x01") == [b"\xfe"]


def test_another_overlay_of_the_same_loading_follows(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    other = Overlay(dfx.folder / "static.hwh", device=dfx.device, download=False)
    assert other.hier.rp.core.description["type"] == "me.org:test:add:1.0"
    ol.pr_download("hier/rp", "invert")
    assert other.hier.rp.core.description["type"] == "me.org:test:invert:1.0"


def test_a_stale_overlay_is_not_reconfigured(dfx: Any) -> None:
    ol, region = dfx.load(), None
    region = ol.hier.rp
    dfx.load()
    for call in (lambda: ol.pr_download("hier/rp", "add"), lambda: region.download("add")):
        with pytest.raises(StaleOverlayError, match=r"static.hwh was loaded again as another Overlay object"):
            call()


def test_a_region_that_is_one_black_box(dfx: Any) -> None:
    ol = dfx.load(kind="RBD")
    box = ol.hier.rp
    assert [entry["base"] for entry in box.ranges] == [0x43C1_0000, 0x43C1_8000]
    box.download(dfx.folder / "add.hwh")
    assert type(ol.hier.rp) is DefaultHierarchy
    assert sorted(ol.hier.rp) == ["core", "sub"]
    assert list(ol.hier.description["hierarchies"]) == ["rp"]
    assert "rp" not in ol.hier.description["ip"]
    with pytest.raises(StaleOverlayError, match=r"region hier/rp is one which holds add.hwh now"):
        box.read(0)
    ol.download()
    assert ol.hier.rp.ranges == box.ranges


def test_wrong_types(dfx: Any) -> None:
    ol = dfx.load()
    with pytest.raises(TypeError, match="partial_region is the path of a hierarchy, not the int 3"):
        ol.pr_download(3, "add")
    with pytest.raises(TypeError, match="Bitstream name has to be a string"):
        ol.pr_download("hier/rp", None)
    with pytest.raises(DesignError, match=r"its interface 's_axi' is none of region core|outside of what"):
        ol.pr_download("core", "add")


def test_a_device_with_its_own_description_says_so(dfx: Any) -> None:
    class Own(Device):
        def download(self, bitstream: Any, parser: Any = None) -> None:
            pass

        def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
            class Parser:
                ip_dict: dict[str, Any] = {"hier/core": {"phys_addr": 0, "addr_range": 16, "type": "a:b:c:1"}}
                hierarchy_dict: dict[str, Any] = {"hier": {"ip": {}, "hierarchies": {}, "fullpath": "hier"}}

            return Parser()

    ol = Overlay(dfx.folder / "static.hwh", device=Own("own"))
    with pytest.raises(RuntimeError, match=r"region hier: device 'own' brings its own description of static.hwh"):
        ol.pr_download("hier", "add")


def test_the_device_tree_of_a_module_goes_with_it(dfx: Any) -> None:
    ol = dfx.load()
    for name in ("add", "invert"):
        (dfx.folder / f"{name}.dtbo").write_bytes(bytes.fromhex("d00dfeed") + bytes(36))
    ol.pr_download("hier/rp", "add")
    assert dict(dfx.device.devicetree_dict) == {}  # as with PYNQ: only one that is asked for
    ol.pr_download("hier/rp", "add", dtbo="add.dtbo")
    assert (list(dfx.device.devicetree_dict), ol.pr_dict["hier/rp"]["dtbo"]) == (["add"], str(dfx.folder / "add.dtbo"))
    ol.hier.rp.download("invert", dtbo="invert.dtbo")
    assert list(dfx.device.devicetree_dict) == ["invert"]
    with pytest.raises(FileNotFoundError, match=r"No device tree overlay 'nothing\.dtbo'"):
        ol.pr_download("hier/rp", "add", dtbo="nothing.dtbo")
    assert list(dfx.device.devicetree_dict) == ["invert"]
    assert ol.hier.rp.core.description["type"] == "me.org:test:invert:1.0"


def test_a_region_of_which_nothing_is_known_takes_nothing(dfx: Any) -> None:
    ol = dfx.load()
    assert send(ol, b"\x01") == []
    assert dfx.device.stream("dec", "rp_in").standing.endswith(
        "nobody knows what region hier/rp holds: it takes nothing before a module is loaded into it"
    )
    assert dfx.device.assumptions == []


def test_what_the_device_is_told_by_name(dfx: Any) -> None:
    ol = dfx.load()
    with pytest.raises(ValueError, match=r"^Cannot find HWH PR region parser: region 'hier/rp' was given the str 'add\.hwh'$"):
        dfx.device.update_partial_region("hier/rp", "add.hwh")
    with pytest.raises(KeyError, match=r"static has no region 'hier/rq'; it has hier/rp"):
        dfx.device.update_partial_region("hier/rq", None)
    from pynq_widgets.design import read_design

    dfx.device.update_partial_region("hier/rp", read_design(dfx.folder / "add.hwh"))
    assert ol.hier.rp.core.description["type"] == "me.org:test:add:1.0"
    assert "hier/rp/core" in dfx.device.ip_dict
