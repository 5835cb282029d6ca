"""``python -m pynq_widgets``: the same as ``pynq-widgets``."""

import sys

from .commands import main

if __name__ == "__main__":
    sys.exit(main())
