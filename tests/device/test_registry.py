"""Models of installed packages: found by VLNV, loaded only when needed, harmless when broken."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.device import IPModel, model
from pynq_widgets.device.simulated import registry, unregister


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A package with one good model, one function, one of a wrong kind, and a module that cannot be imported."""
    (tmp_path / "made_models.py").write_text(
        "from pynq_widgets.device import IPModel\n"
        "class Good(IPModel):\n"
        "    def read(self, interface, offset):\n"
        "        return 42\n"
        "def function(core):\n"
        "    pass\n"
        "wrong = 5\n"
    )
    (tmp_path / "made_broken.py").write_text("import a_module_that_nobody_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    points = {
        "v:l:good": "made_models:Good",
        "v:l:f:1.0": "made_models:function",
        "v:l:wrong": "made_models:wrong",
        "v:l:broken": "made_broken:X",
    }
    monkeypatch.setattr(registry, "_points", {name: [EntryPoint(name, value, registry.GROUP)] for name, value in points.items()})
    yield points
    sys.modules.pop("made_models", None)
    sys.modules.pop("made_broken", None)


def test_only_what_the_design_has_is_loaded(build: Any, package: Any) -> None:
    build.module("good", "v:l:good:3.1")
    build.module("other", "v:l:other:1")
    build.range("good", 0x4000_0000)
    build.range("other", 0x4100_0000)
    device = build.device()
    assert "made_models" not in sys.modules
    assert (device.read_word(0x4000_0000), device.read_word(0x4100_0000)) == (42, 0)
    assert "made_broken" not in sys.modules


def test_a_package_that_cannot_be_imported_harms_nothing_else(build: Any, package: Any) -> None:
    build.module("broken", "v:l:broken:1", [build.register("R", 0, reset=6)])
    build.module("good", "v:l:good:1")
    build.range("broken", 0x4000_0000)
    build.range("good", 0x4100_0000)
    device = build.device()
    with pytest.warns(
        RuntimeWarning, match="the model made_broken:X of v:l:broken cannot be used, a register file stands for it: ModuleNotFoundError"
    ):
        assert device.read_word(0x4000_0000) == 6
    assert device.read_word(0x4100_0000) == 42
    device.reset()
    assert device.read_word(0x4000_0000) == 6  # warned of once


def test_what_is_no_model_is_not_used(package: Any) -> None:
    with pytest.warns(RuntimeWarning, match="made_models:wrong is neither a class derived from IPModel nor a function"):
        assert registry.find_model("v:l:wrong:1") is None


def test_a_function_of_a_package_is_an_hls_core(package: Any) -> None:
    found = registry.find_model("v:l:f:1.0")
    assert found is not None
    assert found.__name__ == "function"
    assert registry.find_model("v:l:f:2.0") is None


def test_ones_own_comes_before_a_packages_until_it_is_taken_back(package: Any) -> None:
    class Mine(IPModel):
        pass

    model("v:l:good")(Mine)
    assert registry.find_model("v:l:good:3.1") is Mine
    unregister("v:l:good")
    found = registry.find_model("v:l:good:3.1")
    assert found is not None
    assert found.__name__ == "Good"
    assert registry.find_model(None) is None


def test_a_function_that_cannot_be_a_model_is_told_when_it_is_defined() -> None:
    async def waits(core: Any) -> None:
        """Nobody awaits it."""

    def two(core: Any, other: Any) -> None:
        """Nobody gives the second."""

    with pytest.raises(TypeError, match=r"^the model waits is an async function, which nothing awaits: write a generator, whose"):
        model("v:l:wrong")(waits)
    with pytest.raises(TypeError, match=r"^the model two must take one argument, the core, not \(core: '?Any'?, other: '?Any'?\)"):
        model("v:l:wrong")(two)
