"""What a map of memory shows, cut down to what fits a screen: however many buffers there are, some hundred stretches and rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynq_widgets.device.simulated.allocation import Allocation
from pynq_widgets.device.simulated.leaks import in_words, place
from pynq_widgets.device.simulated.mainmemory import MainMemory
from pynq_widgets.device.simulated.pool import ContiguousPool

COLUMNS = 400  # stretches that a strip tells apart
ROWS = 40  # lines of Python that are listed; the others are one row
COLOURS = 8
_SPREAD = 0.25  # buffers within less than this part of a bank are shown larger, in a strip of their own


def facts(memory: MainMemory) -> dict[str, Any]:
    """Banks, strips and holders of `memory`, as data that can travel."""
    banks: dict[int, tuple[list[str], ContiguousPool]] = {}
    for name, pool in memory.banks.items():
        banks.setdefault(id(pool), ([], pool))[0].append(name)
    shown = [_bank(names, pool) for names, pool in banks.values()]
    shown += [_bank([f"{pool.name} of an earlier design"], pool) for pool in memory.earlier if pool.allocations]
    held = sum(bank["buffers"] for bank in shown)
    note = f"{held:,} buffer{'s' if held != 1 else ''}, {in_words(sum(bank['bytes'] for bank in shown))}" if held else "no buffer is held"
    return {"title": f"Memory of {memory.title}", "note": note, "banks": shown}


def _bank(names: list[str], pool: ContiguousPool) -> dict[str, Any]:
    made = pool.allocations
    free = pool.free_ranges
    left, largest = sum(size for _, size in free), max((size for _, size in free), default=0)
    holders, which = _holders(made)
    strips = [_strip(made, which, pool.base, pool.base + pool.size)]
    if len(made) > 1:
        low, high = made[0].address, made[-1].address + made[-1].size
        if high - low < _SPREAD * pool.size:
            strips.append(_strip(made, which, low, high))
    said = f"{in_words(pool.size)}, {in_words(left)} free"
    if len(free) > 1:
        said += f" in {len(free):,} pieces, the largest {in_words(largest)}; {round(100 * (1 - largest / left))} % fragmented"
    return {
        "name": " = ".join(names),
        "note": said,
        "buffers": len(made),
        "bytes": sum(entry.nbytes for entry in made),
        "strips": strips,
        "holders": holders,
    }


def _holders(made: Sequence[Allocation]) -> tuple[list[dict[str, Any]], dict[tuple[int, int, str], int]]:
    """A row for each line of Python (and name) that made buffers, the most bytes first; and which row a buffer belongs to."""
    groups: dict[tuple[int, int, str], list[Allocation]] = {}
    for entry in made:
        groups.setdefault(_key(entry), []).append(entry)
    ranked = sorted(groups.items(), key=lambda group: -sum(entry.nbytes for entry in group[1]))
    rows = []
    for rank, (_, entries) in enumerate(ranked[:ROWS]):
        first = entries[0]
        rows.append(
            {
                "what": (f"{first.name}: " if first.name else "") + first.what + (" and others" if _various(entries) else ""),
                "count": len(entries),
                "bytes": in_words(sum(entry.nbytes for entry in entries)),
                "address": f"0x{first.address:08x}" + (" …" if len(entries) > 1 else ""),
                "where": place(first.file, first.line),
                "colour": min(rank, COLOURS),
            }
        )
    rest = [entry for _, entries in ranked[ROWS:] for entry in entries]
    if rest:
        rows.append(
            {
                "what": "others",
                "count": len(rest),
                "bytes": in_words(sum(entry.nbytes for entry in rest)),
                "address": "",
                "where": f"{len(ranked) - ROWS:,} other lines",
                "colour": COLOURS,
            }
        )
    return rows, {key: min(rank, ROWS) for rank, (key, _) in enumerate(ranked)}


def _key(entry: Allocation) -> tuple[int, int, str]:
    return id(entry.code), entry.instruction, entry.name or ""


def _various(entries: list[Allocation]) -> bool:
    first = entries[0].nbytes
    return any(entry.nbytes != first for entry in entries)


def _strip(made: Sequence[Allocation], which: dict[tuple[int, int, str], int], low: int, high: int) -> dict[str, Any]:
    """The stretches of `low` to `high` that are held: neighbours that a screen cannot part are one."""
    column = max(1, (high - low) // COLUMNS)
    pieces: list[list[int]] = []  # start, end, row (-1: several), buffers, bytes
    for entry in made:
        row = which[_key(entry)]
        start, end = entry.address, entry.address + entry.size
        last = pieces[-1] if pieces else None
        if last is not None and start - last[1] < column and last[1] - last[0] < column:
            last[1:] = [end, last[2] if last[2] == row else -1, last[3] + 1, last[4] + entry.size]
        else:
            pieces.append([start, end, row, 1, entry.size])
    return {
        "low": f"0x{low:08x}",
        "high": f"0x{high:08x}",
        "size": in_words(high - low),
        "pieces": [
            {
                "at": round((start - low) / (high - low), 6),
                "width": round((end - start) / (high - low), 6),
                "row": row,
                "colour": COLOURS if row < 0 else min(row, COLOURS),
                "fill": round(taken / (end - start), 2),
                "said": f"0x{start:08x}, {in_words(end - start)}, {count:,} buffer{'s' if count > 1 else ''}"
                + (f", {in_words(end - start - taken)} free between them" if taken < end - start else ""),
            }
            for start, end, row, count, taken in pieces
        ],
    }
