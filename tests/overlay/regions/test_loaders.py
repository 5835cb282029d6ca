"""Cores that configure the device themselves: the overlay follows what they put into a region."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.configuration import words_of
from pynq_drivers.dfx_controller.driver import DfxControllerError
from pynq_widgets.overlay import StaleOverlayError


@pytest.fixture(autouse=True)
def no_packages() -> None:
    """Here the installed drivers are what is tested."""


def test_a_bitstream_through_the_hwicap(dfx: Any) -> None:
    invert, add = dfx.bitstream("invert"), dfx.bitstream("add")
    ol = dfx.load(loader="axi_hwicap:3.0")
    ol.loader.load(invert)
    old = ol.hier.rp.core
    assert old.description["type"] == "me.org:test:invert:1.0"
    assert dfx.device.model_of("loader").loaded == [str(invert)]
    ol.loader.load(add)
    assert ol.hier.rp.core.description["type"] == "me.org:test:add:1.0"
    with pytest.raises(StaleOverlayError, match=r"hier/rp/core was in region hier/rp, which holds add\.hwh now"):
        old.read(0)
    assert ol.is_loaded()
    assert dfx.device.model_errors == []
    assert ol.pr_dict == {"hier/rp": {"loaded": str(dfx.folder / "add.hwh"), "dtbo": None}}


def test_a_bitstream_that_fits_nothing_changes_nothing(dfx: Any) -> None:
    ol = dfx.load(loader="axi_hwicap:3.0")
    ol.pr_download("hier/rp", "add")
    dfx.write("static2", (dfx.folder / "static.hwh").read_text("utf-8"))
    core = ol.hier.rp.core
    ol.loader.load(dfx.bitstream("static2"))  # a whole design does not go into a region
    assert ol.hier.rp.core is core
    assert core.read(0) == 0
    assert "it fits no region of static" in str(dfx.device.model_errors[-1])


def memory_of(dfx: Any, name: str) -> Any:
    """A buffer with the configuration data of a file as the controller fetches them."""
    words = words_of(dfx.bitstream(name))
    buffer = dfx.device.allocate((len(words),), ">u4")
    buffer[:] = words
    return buffer


def test_a_module_through_the_controller(dfx: Any) -> None:
    ol = dfx.load(loader="dfx_controller:1.0")
    socket = ol.loader.sockets["rp"]
    assert dict(socket.modules) == {"invert": 0, "add": 1}
    buffers = {name: memory_of(dfx, name) for name in socket.modules}
    socket.shutdown()
    for name, buffer in buffers.items():
        socket.place(name, buffer)
    socket.restart()
    socket.trigger("add")
    assert socket.status()[:4] == ("full", "", False, 1)
    assert socket.status().full
    assert ol.hier.rp.core.description["type"] == "me.org:test:add:1.0"
    dfx.device.model_of("loader").hardware_trigger("rp", 0)
    dfx.device.clock.sleep(1e-3)
    assert socket.status()[:4] == ("full", "", False, 0)
    assert ol.hier.rp.core.description["type"] == "me.org:test:invert:1.0"


def test_what_the_controller_cannot_load(dfx: Any) -> None:
    ol = dfx.load(loader="dfx_controller:1.0")
    socket = ol.loader.sockets["rp"]
    with pytest.raises(DfxControllerError, match=r"loader\.rp: module 'add' was not loaded: bad configuration; the socket is empty"):
        socket.trigger("add")  # nobody has said where it stands
    with pytest.raises(RuntimeError, match=r"its tables can be written only in shutdown"):
        socket.place("add", 0x100, 4)
    socket.shutdown()
    with pytest.raises(RuntimeError, match=r"loader\.rp is shut down, so triggers do nothing: call restart\(\)"):
        socket.trigger("add")
    socket.place("add", 0x4000_0000, 64)  # no memory
    junk = dfx.device.allocate((16,), "u4")
    socket.place("invert", junk)
    socket.restart()
    with pytest.raises(DfxControllerError, match="fetch error"):
        socket.trigger("add")
    with pytest.raises(DfxControllerError, match="bitstream error") as caught:
        socket.trigger("invert")
    assert caught.value.code == 2
    for wrong in ("other", 7):
        with pytest.raises(ValueError, match=rf"loader\.rp has no module {wrong!r}; it has invert, add"):
            socket.trigger(wrong)
    with pytest.raises(ValueError, match="a bitstream is whole words below 4 GiB, not 6 bytes at 0x100"):
        socket.place("add", 0x100, 6)
    with pytest.raises(TypeError, match="is placed by a buffer, or by an address and its size"):
        socket.place("add", "file.bit")
    assert ol.design.regions == {}


def test_a_restart_can_tell_what_is_there(dfx: Any) -> None:
    ol = dfx.load(loader="dfx_controller:1.0")
    socket = ol.loader.sockets["rp"]
    socket.shutdown()
    assert socket.status().shutdown
    ol.pr_download("hier/rp", "add")
    socket.restart("add")
    assert socket.status()[:4] == ("full", "", False, 1)
