"""How the cases measure: processor time of this process, in a loop that is long enough for the clock. Runs in every environment."""

import json
import statistics
import sys
import time
from collections.abc import Callable

ROUNDS = 15
ROUND_SECONDS = 0.02

# The register of the accesses, as PYNQ describes one.
REGISTER = {
    "CTRL": {
        "address_offset": 0,
        "size": 32,
        "access": "read-write",
        "description": "",
        "fields": {"START": {"bit_offset": 3, "bit_width": 1, "access": "read-write", "description": ""}},
    }
}


def many(count: int) -> dict[str, dict[str, object]]:
    """So many registers of eight fields each, as PYNQ describes them."""
    fields = {f"F{bit}": {"bit_offset": bit, "bit_width": 4, "access": "read-write", "description": ""} for bit in range(0, 32, 4)}
    entry = {"size": 32, "access": "read-write", "description": ""}
    return {f"R{n}": {**entry, "address_offset": 4 * n, "fields": fields} for n in range(count)}


def blocks(types: dict[str, str]) -> tuple[str, list[str]]:
    """The path of an IP that stands alone, and the parts of the path of one in a hierarchy, of the types by path of a design.

    A GPIO and a core of HLS: both sides have a driver for the first that needs nothing else, and none of their own for the second.
    """
    alone = next(path for path, kind in sorted(types.items()) if "/" not in path and ":axi_gpio:" in kind)
    within = next(path for path, kind in sorted(types.items()) if path.count("/") == 1 and ":hls:" in kind)
    return alone, within.split("/")


def report(seconds: float) -> None:
    """Hand the result to ``run.py``."""
    json.dump({"seconds": seconds}, sys.stdout)


def once(action: Callable[[], object]) -> float:
    """Processor seconds of one call; for what is only cold the first time."""
    start = time.process_time()
    action()
    return time.process_time() - start


def cold(case: str, import_: Callable[[], object], names: Callable[[], object], open_design: Callable[[], object]) -> bool:
    """Measure and report `case` if it is one that a process can do only once; otherwise only `import_`, for what comes after it."""
    if case in ("import", "names", "whole"):
        actions = {"import": import_, "names": names, "whole": lambda: (import_(), open_design())}
        report(once(actions[case]))
        return True
    import_()
    if case == "open":
        report(once(open_design))
    return case == "open"


def median(action: Callable[[], object]) -> float:
    """Processor seconds of a call, the median over rounds of many calls; what only the first one does is left out."""
    action()
    calls = 1
    while (spent := _spent(action, calls)) < ROUND_SECONDS:
        calls = max(2 * calls, int(calls * ROUND_SECONDS / max(spent, 1e-9)))
    return statistics.median(_spent(action, calls) / calls for _ in range(ROUNDS))


def _spent(action: Callable[[], object], calls: int) -> float:
    repeat = range(calls)
    start = time.process_time()
    for _ in repeat:
        action()
    return time.process_time() - start
