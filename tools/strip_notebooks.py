"""Removes outputs and execution counts from the notebooks named on the command line; fails if there was something to remove."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def strip(path: Path) -> bool:
    """Whether the notebook at ``path`` had outputs, execution counts or widget state (which are now gone)."""
    before = path.read_text(encoding="utf-8")
    notebook = json.loads(before)
    notebook["metadata"].pop("widgets", None)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
            cell["metadata"].pop("execution", None)
    after = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


if __name__ == "__main__":
    changed = [name for name in sys.argv[1:] if strip(Path(name))]
    for name in changed:
        print(f"{name}: outputs removed")
    sys.exit(bool(changed))
