"""A strip chart's samples as a file."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.analysis.curve import Floats

if TYPE_CHECKING:
    from .strip_chart import Gap

_SUFFIXES = (".csv", ".npz")


def export(path: str | os.PathLike[str], data: Mapping[str, Floats], units: Mapping[str, str], gaps: Iterable[Gap]) -> Path:
    """Write `data` as CSV or NPZ, after the name's ending; a file that is there is replaced once the new one is whole.

    Raises ``ValueError`` for another ending, ``OSError`` where it cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ValueError(f"a strip chart is exported as {' or '.join(_SUFFIXES)}, not {target.name!r}")
    content = csv_text(data, units, gaps).encode() if suffix == ".csv" else npz_bytes(data)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def csv_text(data: Mapping[str, Floats], units: Mapping[str, str], gaps: Iterable[Gap]) -> str:
    """One row a sample: the time in seconds, each line (empty where it has no value), and where a gap begins, why."""
    reasons: dict[float, list[str]] = {}
    for gap in gaps:
        reasons.setdefault(gap.start, []).append(f"{gap.line}: {gap.reason}" if gap.line else gap.reason)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = [name for name in data if name != "time"]
    writer.writerow(["time (s)", *(f"{name} ({units[name]})" if units.get(name) else name for name in names), "gap"])
    for row in zip(*(data[name].tolist() for name in ("time", *names)), strict=True):
        writer.writerow([f"{row[0]:.6f}", *map(_number, row[1:]), "; ".join(reasons.get(row[0], ()))])
    return file.getvalue()


def _number(value: float) -> str:
    if value != value:  # NaN
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1 << 53 else repr(value)


def npz_bytes(data: Mapping[str, Floats]) -> bytes:
    """What ``numpy.load`` reads as a mapping. Not by ``numpy.savez``, which has no room for a line of the name ``file``."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in data.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                target: Any = entry
                np.lib.format.write_array(target, array, allow_pickle=False)
    return file.getvalue()
