"""``pynq-widgets new-driver``: what it makes works as it is; what it cannot make, it explains and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import commands
from pynq_widgets.design import Field, Register, read_design
from pynq_widgets.device.simulated.registerfile import RegisterFile

REAL = Path(__file__).resolve().parents[3] / "shared" / "hwh"
IPS = [  # file and type: HLS with and without a control register, names that are no Python names, many registers
    ("Xilinx__PYNQ__base-PynqZ1-2018.3", "xilinx.com:ip:axi_gpio:2.0"),
    ("Xilinx__PYNQ__base-PynqZ1-2018.3", "xilinx.com:ip:axi_intc:4.1"),
    ("Xilinx__PYNQ__base-PynqZ1-2018.3", "xilinx.com:hls:color_convert:1.0"),
    ("Xilinx__PYNQ__base-PynqZ1-2018.3", "xilinx.com:ip:axi_vdma:6.3"),
    ("Xilinx__PYNQ__base-PynqZ1-2018.3", "xilinx.com:hls:trace_cntrl_32:1.4"),
]


def made(*arguments: object) -> int:
    return commands.main(["new-driver", *map(str, arguments)])


def python(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """``refused(...)`` runs the command, which must fail and leave nothing, and gives what it said."""

    def run(*arguments: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        assert made(*arguments, "--into", tmp_path) == 2
        assert sorted(tmp_path.rglob("*")) == before
        said = capsys.readouterr().err
        assert said.startswith("pynq-widgets new-driver: ")
        return said.removeprefix("pynq-widgets new-driver: ").rstrip("\n")

    return run


def test_what_it_makes_of_the_demonstration_passes_its_test(tmp_path: Path, demo_design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, more in (("timer", ()), ("fir", ()), ("my_leds", ("--vlnv", "xilinx.com:ip:axi_gpio:2.0")), ("dma", ())):
        assert made(name, *more, "--from", demo_design, "--into", tmp_path) == 0
        told = capsys.readouterr().out.splitlines()
        assert told[0].startswith(f"{tmp_path / name}: driver, model and test of ")
        assert told[1] == f"  try it:          python -m pytest {tmp_path / name}"
    assert sorted(path.name for path in (tmp_path / "timer").iterdir()) == [
        "__init__.py",
        "design.hwh",
        "driver.py",
        "model.py",
        "pyproject.toml",
        "test_timer.py",
    ]
    assert 'TCSR0_T0INT = Bit("TCSR0", "T0INT", onwrite="1-to-clear", help=' in (tmp_path / "timer" / "driver.py").read_text("utf-8")
    assert 'TCR0 = Word("TCR0", access="read-only", help="Timer 0 counter")' in (tmp_path / "timer" / "driver.py").read_text("utf-8")
    assert "``taps``" in (tmp_path / "fir" / "driver.py").read_text("utf-8")
    done = python("-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", ".", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout
    for tool in (("ruff", "check"), ("ruff", "format", "--check")):
        done = python("-m", *tool, ".", folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    done = python("-m", "mypy", "--strict", "-p", "timer", "-p", "fir", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not REAL.is_dir(), reason="the real designs are not there (../shared/hwh)")
def test_what_it_makes_of_real_designs_passes_its_test(tmp_path: Path) -> None:
    for number, (file, vlnv) in enumerate(IPS):
        assert made(f"ip_{number}", "--vlnv", vlnv, "--from", REAL / f"{file}.hwh", "--into", tmp_path) == 0
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", ".", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
    assert python("-m", "ruff", "format", "--check", ".", folder=tmp_path).returncode == 0


def test_a_row_is_wrong_where_the_hardware_is(tmp_path: Path, demo_design: Path) -> None:
    """The test that is made can fail: a model that loses what is written to it does."""
    assert made("timer", "--from", demo_design, "--into", tmp_path) == 0
    path = tmp_path / "timer" / "model.py"
    path.write_text(path.read_text("utf-8").replace("        super().write(interface, offset, value)\n", "        pass\n"), "utf-8")
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", ".", folder=tmp_path)
    assert done.returncode == 1
    assert "FAILED timer/test_timer.py::test_register[TLR0-4-0-" in done.stdout.replace("\\", "/")


def test_an_installed_one_is_found_by_overlays(tmp_path: Path, demo_design: Path) -> None:
    pytest.importorskip("setuptools")
    assert made("timer", "--from", demo_design, "--into", tmp_path) == 0
    done = python(
        *("-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"),
        *("--target", tmp_path / "site", tmp_path / "timer"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pynq_widgets import Overlay, SimulatedDevice\n"
        "ol = Overlay(sys.argv[2], device=SimulatedDevice('installed'))\n"
        "print(type(ol.timer).__module__, type(ol.device.model_of('timer')).__module__, ol.drivers['timer'].reason)\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = python("-c", script, tmp_path / "site", demo_design, folder=elsewhere)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("timer.driver timer.model bindto has xilinx.com:ip:axi_timer:2.0"), done.stdout


def test_nothing_is_written_over(refused: Any, tmp_path: Path, demo_design: Path) -> None:
    (tmp_path / "timer").mkdir()
    (tmp_path / "timer" / "mine.py").write_text("precious")
    said = refused("timer", "--from", demo_design)
    assert said == f"{tmp_path / 'timer'} is there already and is not written over: take another name, or another folder with --into"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "my-filter",
            "'my-filter' is no name that Python can import: it takes letters, digits and _, and no word of Python; try my_filter",
        ),
        ("class", "'class' is no name that Python can import: it takes letters, digits and _, and no word of Python; try ip_class"),
        ("3d", "'3d' is no name that Python can import: it takes letters, digits and _, and no word of Python; try ip_3d"),
        ("../x", "'../x' is no name that Python can import: it takes letters, digits and _, and no word of Python; try x"),
        ("json", "'json' is a module that others import, and would be hidden by this one: take another name, such as my_json"),
        ("pynq", "'pynq' is a module that others import, and would be hidden by this one: take another name, such as my_pynq"),
    ],
)
def test_a_name_that_cannot_be_imported(refused: Any, demo_design: Path, name: str, said: str) -> None:
    assert refused(name, "--from", demo_design) == said


def test_a_type_that_the_design_has_not(refused: Any, demo_design: Path) -> None:
    said = refused("gpio", "--vlnv", "xilinx.com:ip:axi_gpoi:2.0", "--from", demo_design)
    assert said.startswith(f"{demo_design} has no xilinx.com:ip:axi_gpoi:2.0 (did you mean 'xilinx.com:ip:axi_gpio:2.0'")
    assert "It has pynq-widgets:hls:fir:1.0, xilinx.com:ip:axi_dma:7.1, " in said
    said = refused("gpio", "--vlnv", "xilinx.com:ip:axi_gpio:1.0", "--from", demo_design)
    assert said == f"{demo_design} has no xilinx.com:ip:axi_gpio:1.0, but another version: xilinx.com:ip:axi_gpio:2.0"
    said = refused("resets", "--vlnv", "xilinx.com:ip:proc_sys_reset:5.0", "--from", demo_design)
    assert (
        said
        == f"software sees no address of the xilinx.com:ip:proc_sys_reset:5.0 in {demo_design}, so a driver could neither read nor write it"
    )


def test_a_name_that_nothing_in_the_design_has(refused: Any, demo_design: Path) -> None:
    said = refused("tiemr", "--from", demo_design)
    assert said.startswith(f"no IP of {demo_design} is called tiemr (did you mean 'timer'?): say which with --vlnv. It has ")


def test_a_type_without_its_version_where_there_is_one(tmp_path: Path, demo_design: Path) -> None:
    assert made("gpio", "--vlnv", "xilinx.com:ip:axi_gpio", "--from", demo_design, "--into", tmp_path / "deep" / "er") == 0
    assert 'bindto = ["xilinx.com:ip:axi_gpio:2.0"]' in (tmp_path / "deep" / "er" / "gpio" / "driver.py").read_text("utf-8")


def test_an_ip_without_registers(refused: Any, tmp_path: Path, demo_design: Path) -> None:
    path = tmp_path / "bare.hwh"
    path.write_text(re.sub(r"<REGISTERS>.*?</REGISTERS>", "", demo_design.read_text("utf-8-sig"), flags=re.DOTALL), "utf-8")
    assert refused("timer", "--from", path) == (
        f"{path} lists no registers for xilinx.com:ip:axi_timer:2.0 (timer), so there is nothing to begin with. Write them down from its "
        "guide as a class' register_layout: docs/writing-a-driver.md shows how"
    )


def test_a_design_that_is_not_there(refused: Any, demo_design: Path) -> None:
    assert "there is no such file" in refused("timer", "--from", demo_design.with_name("dmeo.hwh"))


def test_a_folder_that_cannot_be_made(refused: Any, tmp_path: Path, demo_design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert made("timer", "--from", demo_design, "--into", tmp_path / "file") == 2
    assert capsys.readouterr().err.startswith(f"pynq-widgets new-driver: {tmp_path / 'file'} cannot be written: ")


def test_registers_that_share_a_word_act_or_are_destroyed_have_no_row() -> None:
    from pynq_widgets.commands.driver_files import walked

    def register(name: str, offset: int, *fields: Field, access: Any = "read-write", reset: int = 0) -> Register:
        return Register(name, offset, 32, access, reset, "", fields, any(field.read_action for field in fields))

    registers = (
        register("PLAIN", 0x0, reset=5),
        register("ONE", 0x4),
        register("OTHER", 0x4),
        register("POPS", 0x8, Field("DATA", 0, 8, "read-only", "", "modify", None), access="read-only"),
        register("FLAGS", 0xC, Field("DONE", 0, 1, "read-write", "", None, "oneToClear"), reset=1),
        register("PARTS", 0x10, Field("LOW", 0, 3, "read-write", "", None, None)),
        register("FIXED", 0x14, access="read-only", reset=0xC0DE),
        register("PUSH", 0x18, access="write-only"),
    )
    rows = [(row.name, reset, held) for row, reset, held in walked(registers)]
    assert rows == [("PLAIN", 5, 0xA5A5A5A5), ("FLAGS", 1, 0), ("PARTS", 0, 0b101), ("FIXED", 0xC0DE, 0)]
    assert RegisterFile(registers).read(0) == 5


@pytest.mark.skipif(not REAL.is_dir(), reason="the real designs are not there (../shared/hwh)")
def test_every_type_of_the_real_designs_that_has_registers(tmp_path: Path) -> None:
    """The files of each compile; the tests of a few are run above."""
    from pynq_widgets.commands.driver_files import files_of
    from pynq_widgets.commands.errors import CommandError
    from pynq_widgets.commands.new_driver import source_of

    seen = 0
    done: set[str] = set()
    for path in sorted(REAL.glob("*.hwh")):
        design = read_design(path)
        for vlnv in {str(entry["type"]) for entry in design.ip_dict.values()} - done:
            if vlnv.count(":") != 3:
                continue
            try:
                source = source_of(design, "some_ip", vlnv)
            except CommandError:  # no registers, which is tested above
                continue
            done.add(vlnv)
            seen += 1
            for name, text in files_of(source).items():
                assert all(len(line) <= 140 for line in text.splitlines()), (vlnv, name)
                if name.endswith(".py"):
                    compile(text, name, "exec")
    assert seen >= 25
