"""The panel of regions: what stands there, what could, what the page may ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("anywidget")

from pynq_widgets.overlay.standing import Region, candidates, standing
from pynq_widgets.widgets.region_panel import RegionPanel


@pytest.fixture(autouse=True)
def no_packages() -> None:
    """Here the installed drivers take part."""


@pytest.fixture
def panel(dfx: Any) -> Iterator[Any]:
    """That of the region, before anything was loaded into it."""
    made = RegionPanel.of(dfx.load().hier.rp)
    yield made
    made.close()


def region_of(panel: Any) -> dict[str, Any]:
    (region,) = panel.look()["regions"]
    return dict(region)


def test_what_stands_there_and_what_could(dfx: Any, panel: Any) -> None:
    dfx.write("torn", "<EDKSYSTEM>")
    region = region_of(panel)
    assert region == {
        "path": "hier/rp",
        "module": "",
        "file": "",
        "note": "what the whole bitstream has there",
        "apart": None,
        "files": ["add.hwh", "invert.hwh", "straight.hwh", "wire.hwh"],
    }
    panel.do_load(region="hier/rp", file="add.hwh")
    assert [region_of(panel)[name] for name in ("module", "file", "note")] == ["add", "add.hwh", ""]
    assert list(panel.facts()) == [("hier/rp", "add (add.hwh)")]
    assert "hier/rp: add (add.hwh)" in panel.text()
    with pytest.raises(ValueError, match=r"'other\.hwh' is none of the files for region hier/rp"):
        panel.do_load(region="hier/rp", file="other.hwh")


def test_a_bitstream_goes_before_its_handoff(dfx: Any, panel: Any) -> None:
    dfx.bitstream("add")
    assert [path.name for path in candidates(panel._overlay)["hier/rp"]] == ["add.bit", "invert.hwh", "straight.hwh", "wire.hwh"]
    before = region_of(panel)["files"]
    (dfx.folder / "wire.hwh").unlink()
    assert region_of(panel)["files"] == before
    panel.do_search()
    assert "wire.hwh" not in region_of(panel)["files"]


def test_the_decoupler_is_looked_at_and_worked(dfx: Any, panel: Any) -> None:
    panel.tick()
    assert region_of(panel)["apart"] is False
    panel.do_decouple(region="hier/rp", apart=True)
    assert region_of(panel)["apart"] is True
    assert dfx.device.model_of("dec").decoupled
    panel.do_decouple(region="hier/rp", apart=False)
    assert not dfx.device.model_of("dec").decoupled


def test_looking_reads_nothing(dfx: Any, panel: Any) -> None:
    dfx.device.bus.reset_statistics()
    panel.look(), panel.text(), panel.markup()
    assert dfx.device.bus.statistics().total.transactions == 0


def test_a_failed_download_is_told(dfx: Any, panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Any, bitstream: Any, parser: Any = None) -> None:
        raise OSError("no")

    monkeypatch.setattr(type(dfx.device), "download", fails)
    with pytest.raises(OSError, match=r"^no$"):
        panel.do_load(region="hier/rp", file="add.hwh")
    assert region_of(panel)["note"] == "a download failed: nobody knows what is there"
    assert standing(panel._overlay) == {"hier/rp": Region("hier/rp", "", "", known=False)}


@pytest.mark.parametrize("path", ["dec", "loader", "hier/rp"])
def test_each_core_before_a_region_has_it(dfx: Any, path: str) -> None:
    from pynq_widgets.widgets.detail import detail_of, find_node, nodes_of

    ol = dfx.load(loader="axi_hwicap:3.0")
    detail = detail_of(ol, find_node(nodes_of(ol), path))
    try:
        (panel,) = [child for child in detail.children if isinstance(child, RegionPanel)]
        assert [region["path"] for region in panel.look()["regions"]] == ["hier/rp"]
        panel.close()
    finally:
        detail.close()
