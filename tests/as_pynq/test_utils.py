"""``pynq.utils``: dictionaries, the logger, notebooks that are run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Device
from pynq_widgets.as_pynq import utils
from pynq_widgets.as_pynq.utils import ReprDict, get_logger, run_notebook


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("pynq.utils")
    level, handlers = logger.level, list(logger.handlers)
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


def test_a_dictionary_that_unfolds() -> None:
    found = ReprDict({"ip": {"core": {"phys_addr": 1, "driver": int, "pins": {2}}}, 3: None}, rootname="ip_dict", expanded=True)
    assert found["ip"]["core"]["phys_addr"] == 1
    assert type(found["ip"]) is ReprDict
    assert found == {"ip": {"core": {"phys_addr": 1, "driver": int, "pins": {2}}}, 3: None}
    assert found._repr_json_() == (
        {"ip": {"core": {"phys_addr": 1, "driver": "<class 'int'>", "pins": [2]}}, "3": None},
        {"expanded": True, "root": "ip_dict"},
    )
    assert found["ip"]._repr_json_()[1] == {"expanded": True, "root": "ip"}
    json.dumps(found._repr_json_()[0])
    assert ReprDict(a=1)._repr_json_() == ({"a": 1}, {"expanded": False, "root": "root"})


def test_the_logger(logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logger.handlers.clear()
    logger.setLevel(logging.WARNING)
    assert get_logger("error") is logger
    assert logger.level == logging.ERROR
    assert get_logger(logging.INFO).level == logging.ERROR
    assert get_logger("debug", force_lvl=True).level == logging.DEBUG
    assert len(logger.handlers) == 1
    logger.info("plain %d", 1)
    logger.warning("mind")
    logger.error("no")
    logger.debug("deep")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == ["plain 1", "WARNING: mind", "ERROR: no"]
    assert lines[3].startswith("DEBUG: test_utils: ")
    assert lines[3].endswith(": deep")
    with pytest.raises(ValueError, match=r"^level must be one of critical, error, warning, info, debug, not 'loud'$"):
        get_logger("loud")


def _notebook(*cells: str) -> str:
    code = [{"cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None} for cell in cells]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def test_a_notebook_is_run_on_a_copy_of_its_folder(tmp_path: Path) -> None:
    pytest.importorskip("nbclient")
    folder = tmp_path / "root"
    (folder / "lab").mkdir(parents=True)
    (folder / "lab" / "data.txt").write_text("7")
    cells = ["int(open('data.txt').read()) + int(open('more.txt').read())", "object()", "print('said')", "open('left.txt', 'w').write('x')"]
    (folder / "lab" / "one.ipynb").write_text(_notebook(*cells))
    before = (folder / "lab" / "one.ipynb").read_text()
    result: Any = run_notebook("lab/one.ipynb", folder, prerun=lambda copy: Path(copy, "lab", "more.txt").write_text("35"))
    assert (result._1, result._3, result._4) == (42, None, 1)
    assert result._2.startswith("<object object at ")
    assert result.outputs[2][0]["text"] == "said\n"
    assert sorted(path.name for path in (folder / "lab").iterdir()) == ["data.txt", "one.ipynb"]
    assert (folder / "lab" / "one.ipynb").read_text() == before
    with pytest.raises(FileNotFoundError, match=r"^No notebook 'none.ipynb' in "):
        run_notebook("none.ipynb", folder)


def test_without_nbclient_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "nbclient", None)
    with pytest.raises(ImportError, match=r"^run_notebook needs nbclient and a Python kernel: pip install nbclient ipykernel"):
        run_notebook("a.ipynb", tmp_path)


def test_names_of_devices_and_of_files(pynq: Any, tmp_path: Path) -> None:
    import pynq.utils as theirs

    class Named(Device):
        name = "board_a"

    Device.active_device = Named("tag")
    try:
        assert theirs._detect_devices(active_only=True) == "board_a"
    finally:
        Device.active_device = None
    assert theirs._detect_devices()[-1] == "simulated"
    (tmp_path / "base.bit.d").mkdir()
    own = tmp_path / "base.bit.d" / "base.board_a.bit"
    own.write_text("a")
    assert theirs._find_local_overlay_res("board_a", "base.bit", str(tmp_path)) == str(own)
    assert theirs._find_local_overlay_res("board_b", "base.bit", str(tmp_path)) is None


def test_its_names_are_there_and_no_others() -> None:
    for name in utils.__all__:
        assert hasattr(utils, name), name
    with pytest.raises(AttributeError, match=r"^module 'pynq_widgets.as_pynq.utils' has no attribute 'nothing'$"):
        utils.nothing
