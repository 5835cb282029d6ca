"""The main module of the processes that ``multiprocessing`` spawns from a script that ``pynq-widgets run`` runs."""

import os
import runpy

import pynq_widgets.as_pynq  # noqa: F401  # installs it
from pynq_widgets.commands.run import SCRIPT

if SCRIPT in os.environ:
    globals().update(runpy.run_path(os.environ[SCRIPT], run_name=__name__))
