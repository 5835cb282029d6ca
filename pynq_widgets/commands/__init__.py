"""What ``pynq-widgets`` does in a terminal. One file a command: ``add(commands)`` says what it takes, and ``do(arguments)`` does it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import pynq_widgets

from . import new_driver, run
from .errors import CommandError

COMMANDS = (run, new_driver)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (default: those of the process) name; the result is the status to exit with."""
    parser = argparse.ArgumentParser(prog="pynq-widgets", description="See an FPGA overlay, with a board or with none.")
    parser.add_argument("--version", action="version", version=f"pynq-widgets {pynq_widgets.__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    for command in COMMANDS:
        command.add(commands)
    chosen = parser.parse_args(arguments)
    try:
        status: int = chosen.do(chosen)
    except CommandError as error:
        print(f"pynq-widgets {chosen.command}: {error}", file=sys.stderr)
        return 2
    return status
