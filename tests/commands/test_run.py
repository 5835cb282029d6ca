"""``pynq-widgets run``: what a script or notebook sees, prints and leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from pynq_widgets import commands

SCRIPT = """
import sys
import pynq
import beside
print(sys.argv[1:], pynq.Overlay.__module__, __name__, beside.HERE)
sys.exit(3)
"""


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pynq_widgets", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_a_script_runs_as_with_python_itself(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "script.py").write_text(SCRIPT)
    (tmp_path / "there" / "beside.py").write_text("HERE = 'beside'\n")
    done = run("run", "there/script.py", "a", "-b", "--timeout", folder=tmp_path)
    assert done.stdout == "['a', '-b', '--timeout'] pynq_widgets.overlay.overlay __main__ beside\n"
    assert done.returncode == 3


def test_a_script_that_fails_shows_its_own_traceback(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import pynq\n1 / 0\n")
    done = run("run", "script.py", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ZeroDivisionError: ")
    assert done.stderr.splitlines()[:2] == ["Traceback (most recent call last):", '  File "script.py", line 2, in <module>']


def test_a_script_that_is_none_shows_where(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("def (\n")
    done = run("run", "script.py", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].endswith('script.py", line 1')
    assert done.stderr.splitlines()[-1] == "SyntaxError: invalid syntax"


SPAWNING = """
import multiprocessing
import pynq

def answer(number):
    return number, pynq.MMIO.__name__, __name__

if __name__ == "__main__":
    for method in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(method, *pool.apply(answer, (7,)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only spawn there")
def test_processes_that_a_script_starts_have_pynq_too(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SPAWNING)
    done = run("run", "script.py", folder=tmp_path)
    assert done.stderr == ""
    assert sorted(done.stdout.splitlines()) == [
        "fork 7 MMIO __main__",
        "forkserver 7 MMIO __mp_main__",
        "spawn 7 MMIO __mp_main__",
    ]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cells = ["import os, pynq\nprint(pynq.__name__, os.path.basename(os.getcwd()))", "pynq.mmio.MMIO.__name__", "1 / 0", "print('never')"]
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in cells],
        metadata={"kernelspec": {"name": "a-board-s", "display_name": "A board's", "language": "python"}},
    )
    (tmp_path / "lab").mkdir()
    path = tmp_path / "lab" / "one.ipynb"
    nbformat.write(made, path)
    return path


def test_a_notebook_runs_in_its_folder_prints_and_is_stored(notebook: Path, tmp_path: Path) -> None:
    before = notebook.read_bytes()
    done = run("run", "--output", "out.ipynb", notebook, folder=tmp_path)
    assert done.stdout == "pynq_widgets lab\n'MMIO'\n"
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "\x1b" not in done.stderr
    assert done.returncode == 1
    assert notebook.read_bytes() == before
    stored = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert [cell.execution_count for cell in stored.cells] == [1, 2, 3, None]
    assert stored.cells[0].outputs[0].text == "pynq_widgets lab\n"
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nope.py"], "pynq-widgets run: there is no file nope.py"),
        (
            ["run", "--output", "x.ipynb", "script.py"],
            "pynq-widgets run: --output stores a notebook with its outputs, and script.py is none (it has no .ipynb)",
        ),
        (["run", "bad.ipynb", "x"], "pynq-widgets run: a notebook takes no arguments, but these stand behind bad.ipynb: x"),
        (["run", "bad.ipynb"], "pynq-widgets run: bad.ipynb is no notebook that can be read: Notebook does not appear to be JSON: '{'"),
        (
            ["run", "-o", "nowhere/out.ipynb", "bad.ipynb"],
            "pynq-widgets run: there is no folder nowhere to store out.ipynb in",
        ),
        (
            ["run", "base.hwh"],
            "pynq-widgets run: base.hwh is a design, which a script opens with pynq.Overlay('base.hwh'); run takes a script or a notebook",
        ),
    ],
)
def test_what_it_cannot_do_is_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "script.py").write_text("")
    (tmp_path / "bad.ipynb").write_text("{")
    (tmp_path / "base.hwh").write_text("")
    monkeypatch.chdir(tmp_path)
    assert commands.main(arguments) == 2
    assert capsys.readouterr().err.strip() == message


def test_without_nbclient_it_says_what_to_install(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "nbclient", None)
    assert commands.main(["run", str(notebook)]) == 2
    assert "pip install 'pynq-widgets[lab]'" in capsys.readouterr().err
