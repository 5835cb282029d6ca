"""A real board under Linux; `EmbeddedDevice` is PYNQ's name for it. What is needed on the board is told in ``docs/board.md``."""

from typing import TYPE_CHECKING

from pynq_widgets import lazy

if TYPE_CHECKING:
    from .device import BoardDevice as BoardDevice
    from .device import EmbeddedDevice as EmbeddedDevice
    from .family import Family as Family
    from .images import bit2bin as bit2bin
    from .linux import Linux as Linux
    from .manager import DownloadError as DownloadError

_ROOM = {
    "BoardDevice": ".device",
    "DownloadError": ".manager",
    "EmbeddedDevice": ".device",
    "Family": ".family",
    "Linux": ".linux",
    "bit2bin": ".images",
}

__all__ = sorted(_ROOM)
__getattr__, __dir__ = lazy.names(__name__, _ROOM)
