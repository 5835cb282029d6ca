"""The driver classes that PYNQ 4.0.0 has for IP of ours, from the archive that its authors published, on the simulated device.

``theirs/check_*.py`` are their tests. They run in a Python of their own, where the alias is installed and PYNQ's ``lib`` is a package
``theirs.lib``: its files ask for ``pynq``, which is the alias, and for one another. What they need of ``pynqutils`` is the file of its
``ReprDict``. Both are downloaded with pip; without a network these tests are skipped, but not in CI.
"""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKS = Path(__file__).parent / "theirs"
# What each of the files checks, and how many tests pass where nothing is missing; those of real designs and of C may be skipped.
PASS = {"debug_bridge": 3, "dma": 15, "gamma": 1, "gpio": 10, "iic": 3, "switch": 6, "video": 14}
MAY_BE_SKIPPED = {"dma": 1, "gpio": 1, "iic": 3, "switch": 1, "video": 1}
# PYNQ's own fault: its condition for the value that is waited for lets none pass (ValueError: 'value' must be 0 or 1.).
FAIL = {"gpio": 2}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, pip: Callable[..., None], source: Callable[..., Path]) -> dict[str, list[str]]:
    """What came of the tests of each file: ``'passed'``, ``'skipped'``, ``'failed as said'``, or what went wrong."""
    folder = tmp_path_factory.mktemp("pynq_drivers")
    site = folder / "site"
    source("pynq==4.0.0", "pynq/lib", folder)
    pip("install", "--no-deps", "--no-compile", "--target", site, "pynqutils==0.1.3")
    (folder / "pynq").rename(site / "theirs")
    # These import all of what is below them, and with it what needs a board or further packages.
    for package in ("theirs/lib", "theirs/lib/video", "pynqutils", "pynqutils/runtime"):
        (site / package / "__init__.py").unlink()
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pynq_widgets.as_pynq", "-p", "no:cacheprovider", f"--confcutdir={CHECKS}"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [*command, "-o", "python_files=check_*.py", f"--junitxml={report}", str(CHECKS)],
        cwd=CHECKS.parent.parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert report.exists(), done.stdout + done.stderr
    found: dict[str, list[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        failure, skipped = (
            next((case.find(kind) for kind in ("failure", "error") if case.find(kind) is not None), None),
            case.find("skipped"),
        )
        if failure is not None:
            outcome = f"{case.get('name')}: {failure.get('message')}\n{failure.text}"
        elif skipped is not None:
            outcome = "failed as said" if skipped.get("type") == "pytest.xfail" else "skipped"
        else:
            outcome = "passed"
        found.setdefault(str(case.get("classname")).rpartition("check_")[2], []).append(outcome)
    return found


@pytest.mark.parametrize("name", PASS)
def test_pynq_s_driver_works(outcomes: dict[str, list[str]], name: str) -> None:
    came = outcomes[name]
    wrong = [outcome for outcome in came if outcome not in ("passed", "skipped", "failed as said")]
    assert not wrong, "\n".join(wrong)
    assert came.count("failed as said") == FAIL.get(name, 0)
    assert came.count("skipped") <= MAY_BE_SKIPPED.get(name, 0)
    assert came.count("passed") + came.count("skipped") == PASS[name]


def test_each_file_is_told_of(outcomes: dict[str, list[str]]) -> None:
    assert sorted(outcomes) == sorted(PASS)
