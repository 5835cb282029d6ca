"""``pynq-widgets run FILE``: a script or a notebook in which ``import pynq`` means this project."""

from __future__ import annotations

import argparse
import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any

from .errors import CommandError

PRELUDE = "import pynq_widgets.as_pynq"
SCRIPT = "PYNQ_WIDGETS_SCRIPT"  # in the environment of spawned processes
DESIGNS = (".bit", ".bin", ".hwh", ".xsa", ".tcl", ".dtbo")
COLOURS = re.compile("\x1b\\[[0-9;]*m")


def add(commands: Any) -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "run",
        help="run a script or notebook that was written for PYNQ",
        description="Run a Python script or a Jupyter notebook in which 'import pynq' means this project. "
        "Without a board it runs on the simulated device.",
    )
    parser.add_argument("file", type=Path, help="script.py or notebook.ipynb")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script finds in sys.argv")
    notebook = parser.add_argument_group("for notebooks, before the file's name")
    notebook.add_argument("-o", "--output", type=Path, metavar="FILE", help="store the notebook with its outputs there")
    notebook.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for one cell (default: 600)")
    parser.set_defaults(do=do)


def do(arguments: argparse.Namespace) -> int:
    """Run what was named; 1 where a cell or the script fails. What a script exits with goes on as from ``python script.py``."""
    path: Path = arguments.file
    if not path.is_file():
        raise CommandError(f"there is no file {path}")
    if path.suffix == ".ipynb":
        if arguments.arguments:
            raise CommandError(f"a notebook takes no arguments, but these stand behind {path}: {' '.join(arguments.arguments)}")
        if arguments.output is not None and not arguments.output.parent.is_dir():
            raise CommandError(f"there is no folder {arguments.output.parent} to store {arguments.output.name} in")
        return run_notebook(path, arguments.output, arguments.timeout)
    if path.suffix.lower() in DESIGNS:
        raise CommandError(f"{path} is a design, which a script opens with pynq.Overlay({path.name!r}); run takes a script or a notebook")
    if arguments.output is not None:
        raise CommandError(f"--output stores a notebook with its outputs, and {path} is none (it has no .ipynb)")
    return run_script(path, arguments.arguments)


def run_script(path: Path, arguments: list[str]) -> int:
    """Run the script at `path` as ``python path`` would, with `arguments` in ``sys.argv``; 1 where it raises, which is printed."""
    import pynq_widgets.as_pynq

    pynq_widgets.as_pynq.install()
    install_in_spawned_processes(path)
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    try:
        runpy.run_path(str(path), run_name="__main__")
    except Exception as error:
        shown = error.__traceback__
        while shown is not None and shown.tb_frame.f_globals.get("__name__") in (__name__, runpy.__name__):
            shown = shown.tb_next  # what is the script's alone, as Python shows it
        sys.excepthook(type(error), error.with_traceback(shown), shown)
        return 1
    return 0


def install_in_spawned_processes(path: Path) -> None:
    """Have the processes that ``multiprocessing`` starts anew run the script at `path` as this one does.

    Such a process (on Windows and macOS it is every one) imports the script again before anything else, and there would be no pynq.
    """
    from multiprocessing import spawn

    plain = spawn.get_preparation_data

    def prepare(name: str) -> dict[str, Any]:
        data: dict[str, Any] = plain(name)
        if data.pop("init_main_from_path", None) is not None:
            data["init_main_from_name"] = f"{__package__}.spawned"
        return data

    os.environ[SCRIPT] = str(path.resolve())
    spawn.get_preparation_data = prepare


def run_notebook(path: Path, output: Path | None, timeout: float) -> int:
    """Run the notebook at `path` in its folder, print what its cells print, and store it at `output`; 1 where a cell fails."""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise CommandError(
            f"notebooks are run by nbclient, which is not installed ({error}): pip install 'pynq-widgets[lab]', "
            "or open the notebook in JupyterLab and put %load_ext pynq_widgets.as_pynq first"
        ) from None
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        raise CommandError(f"{path} is no notebook that can be read: {error}") from None
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",  # the Python that runs this; the notebook may name a kernel of the board it came from
        resources={"metadata": {"path": os.fspath(path.resolve().parent)}},
        # Warnings of the kernel about itself are not the notebook's.
        extra_arguments=[f"--IPKernelApp.exec_lines={PRELUDE}", "--log-level=ERROR"],
    )
    client.on_cell_executed = lambda cell, **_: tell(cell)
    status = 0
    try:
        client.execute()
    except CellExecutionError:
        status = 1  # its traceback was printed with the cell
    except (CellTimeoutError, DeadKernelError) as error:
        print(f"pynq-widgets run: {str(error).splitlines()[0]}", file=sys.stderr)
        status = 1
    finally:
        if output is not None:
            store(notebook, output)
    return status


def store(notebook: Any, path: Path) -> None:
    """Write the notebook, whole or not at all: an interrupted run does not leave half a file in the place of a good one."""
    import nbformat

    part = path.with_name(f".{path.name}.part")
    try:
        nbformat.write(notebook, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def tell(cell: Any) -> None:
    """Print what a cell has put out, as far as it is text."""
    for output in cell.get("outputs", ()):
        kind = output["output_type"]
        if kind == "stream":
            print(output["text"], end="", file=sys.stderr if output["name"] == "stderr" else sys.stdout)
        elif kind == "error":
            traceback = "\n".join(output["traceback"])
            print(traceback if sys.stderr.isatty() else COLOURS.sub("", traceback), file=sys.stderr)
        elif text := output["data"].get("text/plain"):
            print(text)
    sys.stdout.flush()
