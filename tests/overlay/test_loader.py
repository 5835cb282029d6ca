"""From a name to files, and the Python file beside the bitstream."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import DefaultOverlay, Overlay
from pynq_widgets.overlay import SidecarError
from pynq_widgets.overlay.loader import find_bitfile, find_sidecar

TEMPLATE = """
from pynq_widgets import DefaultOverlay

class MyOverlay(DefaultOverlay):
    def __init__(self, bitfile_name, download):
        super().__init__(bitfile_name, download)

        self.initialised = download

Overlay = MyOverlay
"""


def beside(design: Path, source: str) -> Path:
    path = design.with_suffix(".py")
    path.write_text(source, encoding="utf-8")
    return path


class Board:
    tag = "board"
    needs_bitstream = True


# Paths


def test_str_path_relative_and_without_suffix(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.parent)
    real = small.resolve()
    for name in (small, str(small), "small.hwh", Path("small.hwh"), "small", "./small", "small.bit"):
        assert find_bitfile(name) == real


def test_a_link_is_not_followed_since_what_belongs_to_it_stands_beside_the_link(small: Path, tmp_path: Path) -> None:
    (folder := tmp_path / "notebooks").mkdir()
    bit = small.with_name("design_1_wrapper.bit")
    bit.write_bytes(b"")
    (link := folder / "mine.bit").symlink_to(bit)
    (folder / "mine.hwh").symlink_to(small)
    assert find_bitfile(link) == link
    assert Overlay(folder / "mine.hwh").bitfile_name == str(folder / "mine.hwh")


def test_home_folder(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(small.parent))
    assert find_bitfile("~/small.hwh") == small.resolve()


def test_bitstream_is_preferred_and_needed_by_a_board(small: Path) -> None:
    bit = small.with_suffix(".bit")
    bit.write_bytes(b"")
    assert find_bitfile(small.with_suffix("")) == bit.resolve()
    assert find_bitfile(bit) == bit.resolve()
    assert find_bitfile(small, Board()) == bit.resolve()
    bit.unlink()
    with pytest.raises(FileNotFoundError, match=r"there is small.hwh, but device 'board' needs the bitstream"):
        find_bitfile(bit, Board())


def test_a_name_with_dots_is_not_cut(small: Path) -> None:
    dotted = small.with_name("base-2018.3.hwh")
    small.rename(dotted)
    assert find_bitfile(dotted.with_name("base-2018.3")) == dotted.resolve()


def test_not_found_says_what_and_where_and_what_is_near(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.parent)
    with pytest.raises(FileNotFoundError) as error:
        find_bitfile("smal.bit")
    assert (
        str(error.value) == f"No overlay 'smal.bit': looked for smal.bit, smal.hwh in {small.parent.resolve()}. Did you mean 'small.hwh'?"
    )
    with pytest.raises(FileNotFoundError) as error:
        find_bitfile(small.parent / "nowhere" / "x.hwh")
    assert str(error.value) == (
        f"No overlay '{small.parent}/nowhere/x.hwh': looked for x.hwh in {small.parent.resolve()}/nowhere. That folder does not exist."
    )
    assert isinstance(error.value, OSError), "PYNQ raises IOError"
    with pytest.raises(FileNotFoundError) as error:
        find_bitfile("nowhere/x.hwh")
    here = small.parent.resolve()
    assert str(error.value) == (
        f"No overlay 'nowhere/x.hwh': looked for x.hwh in {here}/nowhere. That folder does not exist; the current folder is {here}."
    )


def test_a_folder_is_no_overlay_but_may_hold_one(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.parent)
    (small.parent / "empty").mkdir()
    for name, text in [
        (".", "No overlay '.': that is a folder. Did you mean 'small.hwh'?"),
        (small.parent, f"No overlay '{small.parent}': that is a folder. Did you mean '{small}'?"),
        ("empty", "No overlay 'empty': that is a folder. No overlay file is in it."),
    ]:
        with pytest.raises(FileNotFoundError) as error:
            find_bitfile(name)
        assert str(error.value) == text


def test_a_file_of_another_kind_is_told(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.parent)
    Path("project.xpr").write_text("<Project/>")
    with pytest.raises(FileNotFoundError) as error:
        find_bitfile("project.xpr")
    assert str(error.value) == "No overlay 'project.xpr': that file is none of .bit, .bin, .pdi, .xsa, .hdf, .hwh"


@pytest.mark.parametrize("there", [True, False])
def test_what_is_for_a_card_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: Any, there: bool) -> None:
    monkeypatch.chdir(tmp_path)
    if there:
        (tmp_path / "intro.xclbin").write_bytes(b"xclbin2")
    with pytest.raises(FileNotFoundError) as error:
        Overlay("intro.xclbin", device=device)
    assert str(error.value) == (
        "No overlay 'intro.xclbin': an .xclbin is for an accelerator card (Alveo) and its kernels' call(), and only "
        ".bit, .bin, .pdi, .xsa, .hdf, .hwh are loaded"
    )


@pytest.mark.parametrize("wrong", [None, 3, b"base.bit"])
def test_another_type_of_name(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^Overlay\(\) takes the name of a bitstream as str or Path, not "):
        find_bitfile(wrong)


def test_overlays_of_installed_packages(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    folder = tmp_path / "site" / "my_overlays" / "small"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('it is not imported')")
    target = small.rename(folder / "small.hwh")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    points = (EntryPoint("a", "no_such_module", "pynq.overlays"), EntryPoint("b", "my_overlays", "pynq.overlays"))
    monkeypatch.setattr("pynq_widgets.overlay.loader.entry_points", lambda *, group: points if group == "pynq.overlays" else ())
    assert find_bitfile("small.hwh") == target.resolve()


# The file beside the bitstream


def test_its_overlay_is_what_the_loader_returns(small: Path, device: Any, caplog: pytest.LogCaptureFixture) -> None:
    file = beside(small, TEMPLATE)
    with caplog.at_level(logging.INFO, "pynq_widgets.overlay"):
        ol = Overlay(small, device=device)
    assert type(ol).__name__ == "MyOverlay"
    assert isinstance(ol, DefaultOverlay)
    assert isinstance(ol, Overlay)
    assert ol.initialised is True
    assert ol.device is device, "the template cannot hand the device on, yet it arrives"
    assert ol.core is ol["core"]
    assert device.log == [("download", "small.hwh")], "downloaded once"
    module = type(ol).__module__
    assert module.startswith("_pynq_widgets_beside_small_")
    assert f"importing {file.resolve()}, which stands beside its bitstream, as module {module}" in caplog.text


def test_download_false_is_handed_on(small: Path, device: Any) -> None:
    beside(small, TEMPLATE)
    ol = Overlay(small, download=False, device=device)
    assert ol.initialised is False
    assert device.log == []


def test_ignore_version_and_dtbo_arrive_too(small: Path, device: Any) -> None:
    beside(small, TEMPLATE)
    small.with_name("other.dtbo").write_bytes(b"")
    ol = Overlay(small, "other.dtbo", True, True, device)
    assert ol.ignore_version is True
    assert device.log == [("download", "small.hwh"), ("insert", "other.dtbo")]


def test_an_edited_file_is_what_runs_next_time(small: Path, device: Any) -> None:
    beside(small, TEMPLATE)
    assert Overlay(small, device=device).initialised is True
    beside(small, TEMPLATE.replace("= download", "= 'again'"))
    assert Overlay(small, device=device).initialised == "again"
    assert not (small.parent / "__pycache__").exists()


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n",
        "from pynq_widgets import Overlay\n",
        "from pynq_widgets import DefaultOverlay as Overlay\n",
    ],
)
def test_a_file_with_no_overlay_of_its_own_is_not_used(source: str, small: Path, device: Any) -> None:
    beside(small, source)
    assert type(Overlay(small, device=device)) is DefaultOverlay


@pytest.mark.parametrize(
    "source",
    [
        "from pynq_widgets import Overlay as Base\n"
        "def Overlay(bitfile_name, download):\n    return Base(bitfile_name, download=download)\n",
        "import pynq_widgets\nclass Overlay(pynq_widgets.Overlay):\n    pass\n",
        "import pynq_widgets\nclass Overlay(pynq_widgets.Overlay):\n"
        "    def __init__(self, bitfile_name):\n        super().__init__(bitfile_name)\n",
        "import pynq_widgets\nclass Overlay(pynq_widgets.Overlay):\n"
        "    def __init__(self, bitfile, **kwargs):\n        super().__init__(bitfile, **kwargs)\n",
        "import pynq_widgets\nclass Overlay(pynq_widgets.DefaultOverlay):\n"
        "    def __init__(self, *args):\n        super().__init__(*args)\n",
        "import pynq_widgets\nclass Overlay(pynq_widgets.DefaultOverlay):\n"
        "    def __init__(self, name, put, device=None):\n        super().__init__(name, put, device=device)\n",
    ],
    ids=["calls Overlay itself", "subclass", "name only", "PYNQ's **kwargs", "*args", "other names"],
)
def test_no_endless_recursion_and_every_usual_signature(source: str, small: Path, device: Any) -> None:
    beside(small, source)
    ol = Overlay(small, device=device)
    assert isinstance(ol, Overlay)
    assert ol.device is device
    assert ol.is_loaded()
    assert device.log == [("download", "small.hwh")]


def test_a_file_that_loads_the_overlay_while_it_is_imported(small: Path, device: Any) -> None:
    beside(
        small, f"from pynq_widgets import Overlay as Load\nol = Load({str(small)!r})\ndef Overlay(bitfile_name, download):\n    return ol\n"
    )
    ol = Overlay(small, device=device)
    assert type(ol) is DefaultOverlay
    assert ol.device is device


def test_the_loader_leaves_subclasses_alone(small: Path, device: Any) -> None:
    beside(small, TEMPLATE)

    class Mine(Overlay):
        pass

    assert type(Mine(small, device=device)) is Mine
    assert type(DefaultOverlay(small, device=device)) is DefaultOverlay


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("Overlay = None\nraise_me()\n", "line 2: NameError: name 'raise_me' is not defined"),
        ("def f(:\n", "line 1: SyntaxError: invalid syntax"),
        ("def Overlay():\n    1 / 0\n\nOverlay()\n", "line 2: ZeroDivisionError: division by zero"),
        ("Overlay = 3\nraise SystemExit(1)\n", "line 2: SystemExit: 1"),
    ],
)
def test_an_error_in_the_file_names_file_and_line(source: str, where: str, small: Path, device: Any) -> None:
    file = beside(small, source)
    before = {name for name in sys.modules if name.startswith("_pynq_widgets_beside_")}
    with pytest.raises(SidecarError) as error:
        Overlay(small, device=device)
    assert str(error.value).startswith(f"{file.resolve()}, {where}")
    assert "use DefaultOverlay(...) to do without it" in str(error.value)
    assert error.value.__cause__ is not None
    assert device.log == []
    assert {name for name in sys.modules if name.startswith("_pynq_widgets_beside_")} == before


@pytest.mark.parametrize(
    "source",
    ["import a_board_library\n", "raise SystemExit\n", "class BaseOverlay:\n    from nowhere import x\n", "from pynq import Overlay\n"],
)
def test_a_file_that_defines_no_overlay_is_not_run(source: str, small: Path, device: Any, caplog: pytest.LogCaptureFixture) -> None:
    file = beside(small, source)
    with caplog.at_level(logging.INFO, "pynq_widgets.overlay"):
        assert type(Overlay(small, device=device)) is DefaultOverlay
    assert f"{file.resolve()} defines no Overlay; it is not run" in caplog.text


@pytest.mark.parametrize("how", ["from .shapes import WIDTH", "from . import shapes; WIDTH = shapes.WIDTH"])
def test_it_may_import_its_neighbours_and_sees_what_was_edited_there(how: str, small: Path, device: Any) -> None:
    neighbour = small.with_name("shapes.py")
    for width in (3, 44):
        neighbour.write_text(f"WIDTH = {width}\n", encoding="utf-8")
        file = f"{how}\nfrom pynq_widgets import DefaultOverlay\nclass Overlay(DefaultOverlay):\n    width = WIDTH\n"
        beside(small, file)
        assert Overlay(small, device=device).width == width


def test_download_false_holds_for_a_class_that_does_not_take_it(small: Path, device: Any) -> None:
    beside(
        small,
        "from pynq_widgets import DefaultOverlay\nclass Overlay(DefaultOverlay):\n"
        "    def __init__(self, bitfile_name):\n        super().__init__(bitfile_name)\n",
    )
    assert Overlay(small, device=device, download=False).timestamp == ""
    assert device.log == []
    assert Overlay(small, device=device).timestamp != ""
    assert device.log == [("download", "small.hwh")]


def test_an_overlay_that_is_nothing_to_call_or_gives_nothing(small: Path, device: Any) -> None:
    beside(small, "Overlay = 3\n")
    with pytest.raises(SidecarError, match=r"its Overlay must be a class or function, not int"):
        Overlay(small, device=device)
    beside(small, "def Overlay(bitfile_name, download):\n    pass\n")
    with pytest.raises(SidecarError, match=r"its Overlay\(...\) returned None; it must return the overlay"):
        Overlay(small, device=device)


def test_an_error_in_its_init_is_its_own(small: Path, device: Any) -> None:
    beside(small, "class Overlay:\n    def __init__(self, bitfile_name, download):\n        raise LookupError('mine')\n")
    with pytest.raises(LookupError, match=r"mine"):
        Overlay(small, device=device)


def test_the_running_program_is_not_imported_again(small: Path) -> None:
    program = beside(
        small,
        "import sys\nfrom pynq_widgets import Overlay\nprint('runs')\n"
        "ol = Overlay(sys.argv[1])\nprint(type(ol).__name__, ol.device.kind)\n",
    )
    done = subprocess.run([sys.executable, str(program), str(small)], capture_output=True, text=True, check=True)
    assert done.stdout == "runs\nDefaultOverlay simulated\n"
    assert find_sidecar(small) == program
