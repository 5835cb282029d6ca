"""PYNQ's ``pynq.utils``: dictionaries that unfold in a notebook, a logger, notebooks that are run or delivered.

Nothing here is needed for hardware. Overlays that a ``.link`` file names are fetched from the address that stands in it, and believed only
when their checksum is right.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .delivery import DownloadedFileChecksumError, OverlayNotFoundError, deliver_notebooks, download_overlays

if TYPE_CHECKING:
    from setuptools.command.build_py import build_py as build_py

__all__ = [
    "DownloadedFileChecksumError",
    "NotebookResult",
    "OverlayNotFoundError",
    "ReprDict",
    "build_py",
    "deliver_notebooks",
    "download_overlays",
    "get_logger",
    "run_notebook",
]

_LOGGER = "pynq.utils"
_LEVELS = {"critical": 50, "error": 40, "warning": 30, "info": 20, "debug": 10}


class ReprDict(dict[Any, Any]):
    """A dictionary that JupyterLab shows as a tree which can be unfolded; plain ones that are taken from it are such ones too.

    `rootname` is what stands at the root of the tree, `expanded` whether it is unfolded at first.
    """

    def __init__(self, *args: Any, rootname: str = "root", expanded: bool = False, **kwargs: Any) -> None:
        self._rootname = rootname
        self._expanded = expanded
        super().__init__(*args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if type(found) is not dict:
            return found
        return ReprDict(found, rootname=str(key), expanded=self._expanded)

    def _repr_json_(self) -> tuple[Any, dict[str, Any]]:
        return _plain(self), {"expanded": self._expanded, "root": self._rootname}


def _plain(found: Any) -> Any:
    """What JSON can say of it: other things as their ``repr``, and keys as text."""
    if isinstance(found, dict):
        return {str(key): _plain(value) for key, value in found.items()}
    if isinstance(found, (list, tuple, set, frozenset)):
        return [_plain(value) for value in found]
    return found if found is None or isinstance(found, (bool, int, float, str)) else repr(found)


class _Words(logging.Formatter):
    """The message alone, with its level before it where that matters."""

    _FORMATS = {logging.ERROR: "ERROR: ", logging.WARNING: "WARNING: "}

    def format(self, record: logging.LogRecord) -> str:
        before = f"DEBUG: {record.module}: {record.lineno}: " if record.levelno == logging.DEBUG else self._FORMATS.get(record.levelno, "")
        return before + record.getMessage()


def get_logger(level: int | str = logging.INFO, force_lvl: bool = False) -> logging.Logger:
    """PYNQ's logger, which writes plain messages to the standard error.

    `level` (a number or ``'debug'``, ``'info'``, ...) is set where it is higher than the present one, or where `force_lvl` says so.
    """
    if isinstance(level, str):
        if level.lower() not in _LEVELS:
            raise ValueError(f"level must be one of {', '.join(_LEVELS)}, not {level!r}")
        level = _LEVELS[level.lower()]
    logger = logging.getLogger(_LOGGER)
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(_Words())
        logger.addHandler(handler)
    if force_lvl or level > logger.getEffectiveLevel():
        logger.setLevel(level)
    return logger


class NotebookResult:
    """What a notebook gave: ``outputs``, a list for each cell of code in Jupyter's format, and ``_1``, ``_2``, ... the objects that the
    cells ended with (what JSON can say of them, others as their ``repr``; None where there was none).
    """

    def __init__(self, notebook: Any) -> None:
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        self.outputs = [cell["outputs"] for cell in cells]
        for number, value in enumerate(json.loads(_text(self.outputs[-1])), 1):
            setattr(self, f"_{number}", value)


def _text(outputs: list[Any]) -> str:
    return "".join(output.get("text", "") for output in outputs if output.get("output_type") == "stream" and output.get("name") == "stdout")


_LAST_CELL = """\
import json as _json
print(_json.dumps([globals().get(_name) for _name in {names!r}], default=repr))
"""


def run_notebook(
    notebook: str | os.PathLike[str],
    root_path: str | os.PathLike[str] = ".",
    timeout: int = 30,
    prerun: Callable[[str], object] | None = None,
) -> NotebookResult:
    """Run a notebook in a kernel of its own, on a copy of its folder.

    Parameters
    ----------
    notebook
        Its path from `root_path`.
    root_path
        The folder that is copied.
    timeout
        Seconds that a cell may take.
    prerun
        Called with the path of the copy before the notebook is run.

    Raises nbclient's ``CellExecutionError`` where a cell raises, ``FileNotFoundError`` for a notebook that is not there, and
    ``ImportError`` where nbclient or nbformat is not installed.
    """
    try:
        import nbformat
        from nbclient import NotebookClient
    except ImportError as error:
        raise ImportError(f"run_notebook needs nbclient and a Python kernel: pip install nbclient ipykernel ({error})") from error
    if not Path(root_path, notebook).is_file():
        raise FileNotFoundError(f"No notebook {os.fspath(notebook)!r} in {os.path.abspath(root_path)}")
    with tempfile.TemporaryDirectory() as folder:
        work = os.path.join(folder, "work")
        shutil.copytree(root_path, work)
        if prerun is not None:
            prerun(work)
        path = os.path.join(work, notebook)
        found = nbformat.read(path, as_version=4)
        count = sum(cell["cell_type"] == "code" for cell in found["cells"])
        last = _LAST_CELL.format(names=[f"_{number + 1}" for number in range(count)])
        found["cells"].append(nbformat.v4.new_code_cell(last))
        client = NotebookClient(found, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": os.path.dirname(path)}})
        client.execute()
        return NotebookResult(found)


def __getattr__(name: str) -> Any:
    # setuptools is there where a package is built, and slow to import.
    if name == "build_py":
        from .build import build_py

        return build_py
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
