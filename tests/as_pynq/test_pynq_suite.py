"""PYNQ 4.0.0's own tests, unchanged, from the archive that its authors published, against the alias.

They are downloaded with pip, and so is another NumPy than the environment's; without a network these tests are skipped, but not in CI.
"""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

ARCHIVE = "pynq==4.0.0"
# Demands that the array of a register map reads a register from the bus that the design says is write-only.
WAIVED = {"tests.test_registers.test_regmap_rw_mmio[write_only]"}
PASS = 309
TOOLS = ["pyfakefs", "pytest-asyncio", "typing_extensions"]  # the last is the second's, and not there in each environment
if sys.version_info < (3, 11):
    TOOLS.append("backports.asyncio.runner")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, source: Callable[..., Path]) -> Path:
    """The folder that holds PYNQ's ``tests``, and nothing else of PYNQ's."""
    return source(ARCHIVE, "tests", tmp_path_factory.mktemp("pynq"))


@pytest.mark.parametrize("major", [1, 2])
def test_pynq_s_own_tests(suite: Path, tmp_path: Path, pip: Callable[..., None], major: int) -> None:
    wanted = list(TOOLS)
    if int(numpy.__version__.partition(".")[0]) != major:
        if major == 1 and sys.version_info >= (3, 13):
            pytest.skip("NumPy 1.26 was not made for this Python")
        wanted.append("numpy==1.26.4" if major == 1 else "numpy>=2")
    pip("install", "--no-deps", "--target", tmp_path / "site", *wanted)
    report = tmp_path / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "pynq_widgets.as_pynq",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        "tests",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, timeout=600)
    assert report.exists(), done.stdout + done.stderr
    ran = {"passed": 0}
    failed = set()
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
        elif case.find("skipped") is None:
            ran["passed"] += 1
    assert failed == WAIVED, done.stdout[-5000:]
    assert ran["passed"] == PASS
