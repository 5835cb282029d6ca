"""An environment of its own for PYNQ 4.0.0, which needs an older Python, NumPy, setuptools and pycparser than we run on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = ("pynq==4.0.0", "numpy<2", "setuptools<81", "pycparser<3", "wheel")
PYTHONS = ("python3.11", "python3.12", "python3.10")


def default_folder() -> Path:
    """Where the environment is kept from one run to the next."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "pynq_widgets" / "pynq-4.0.0"


def environment(folder: Path) -> Path:
    """The Python of the environment in ``folder``, which is made if it is not there. SystemExit with what to do if that fails."""
    python = folder / "bin" / "python"
    if not python.exists() or not _has_pynq(python):
        base = _old_enough()
        print(f"Making PYNQ's environment in {folder} (once; some minutes)", file=sys.stderr)
        subprocess.run([base, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # The build requirements first: PYNQ's own set-up script imports some of them.
        for wanted in (REQUIREMENTS[1:], REQUIREMENTS):
            if subprocess.run([*install, *wanted], check=False).returncode:
                raise SystemExit(f"{' '.join(wanted)} could not be installed; name an environment that has PYNQ: --peer-python PATH")
    return python


def _has_pynq(python: Path) -> bool:
    return subprocess.run([python, "-c", "import pynq"], capture_output=True, check=False).returncode == 0


def _old_enough() -> str:
    if sys.version_info[:2] <= (3, 12):
        return sys.executable
    for name in PYTHONS:
        found = shutil.which(name)
        if found:
            return found
    raise SystemExit(f"PYNQ 4.0.0 needs Python 3.12 or older; found none of {', '.join(PYTHONS)}. Name one: --peer-python PATH")
