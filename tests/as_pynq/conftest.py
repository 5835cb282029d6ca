"""What other people's packages are fetched with, and small designs for them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from pynq_widgets import as_pynq

as_pynq.uninstall()  # importing it installs it; other tests do without


@pytest.fixture(scope="session")
def pip() -> Callable[..., None]:
    """``pip('install', ...)``: without a network the test is skipped, but not in CI."""

    def run(*arguments: str | Path) -> None:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if done.returncode:
            told = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            message = f"pip {arguments[0]} {arguments[-1]} failed: {told}"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)

    return run


@pytest.fixture(scope="session")
def source(pip: Callable[..., None]) -> Callable[..., Path]:
    """``source('name==version', 'part', folder)``: what stands below `part` in the archive that its authors published, in `folder`."""

    def fetch(requirement: str, part: str, folder: Path) -> Path:
        pip("download", "--no-deps", "--no-binary", requirement.partition("=")[0], "--dest", folder, requirement)
        (archive,) = folder.glob("*.tar.gz")
        with tarfile.open(archive) as stored:
            for member in stored:
                path = Path(*Path(member.name).parts[1:])
                if member.isfile() and path.is_relative_to(part) and ".." not in path.parts:
                    content = stored.extractfile(member)
                    assert content is not None
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    (folder / path).write_bytes(content.read())
        return folder

    return fetch


@pytest.fixture(scope="session")
def small_designs() -> ModuleType:
    """``Block`` and ``handoff`` of the drivers' tests, which write small designs."""
    path = Path(__file__).resolve().parent.parent / "drivers" / "conftest.py"
    spec = importlib.util.spec_from_file_location("small_designs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the types of their fields
    spec.loader.exec_module(module)
    return module
