"""Writes of one thread to a mirror, gathered until all of them are known: each word is then read at most once and written once."""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING

from .describe import RegisterLike
from .errors import StaleOverlayError, noted
from .handle import RegisterHandle, VerifyError

if TYPE_CHECKING:
    from .mirror import Mirror


class TransactionError(OSError):
    """The bus failed within a transaction, after words of it had been written; the text says which."""


class Gathered:
    """What is to be written to one register: `bits` where `mask` has ones."""

    __slots__ = ("bits", "handle", "mask", "verify")

    def __init__(self, handle: RegisterHandle, mask: int = 0, bits: int = 0, verify: bool = False) -> None:
        self.handle = handle
        self.mask = mask
        self.bits = bits
        self.verify = verify


class Pending:
    """The writes gathered so far, in the order in which their registers were first touched."""

    def __init__(self) -> None:
        self._gathered: dict[str, Gathered] = {}

    def put(self, handle: RegisterHandle, mask: int, bits: int, verify: bool) -> None:
        """Gather a write of `bits` to the bits in `mask`; later ones win, but for those that act (a one that clears clears still).

        Raises ``ValueError`` where each write counts and two cannot be one.
        """
        entry = self._gathered.get(handle.name)
        if entry is None:
            for other in handle._neighbours:
                if other.name in self._gathered:
                    raise ValueError(
                        f"{handle.name} shares its word with {other.name}, which this transaction writes already: "
                        "write one of them after it"
                    )
            entry = self._gathered[handle.name] = Gathered(handle)
        twice = entry.mask & mask
        if twice:
            bits = _joined(handle.info, twice, entry.bits, bits)
        entry.bits = entry.bits & ~mask | bits
        entry.mask |= mask
        entry.verify = entry.verify or verify

    def of(self, handle: RegisterHandle) -> tuple[int, int]:
        """Mask and bits of what is pending for `handle`."""
        entry = self._gathered.get(handle.name)
        return (0, 0) if entry is None else (entry.mask, entry.bits)

    def saved(self) -> dict[str, Gathered]:
        """What is pending now, for `restore`."""
        return {name: Gathered(each.handle, each.mask, each.bits, each.verify) for name, each in self._gathered.items()}

    def restore(self, saved: dict[str, Gathered]) -> None:
        """Forget what was gathered since."""
        self._gathered = saved

    def write(self, mirror: Mirror) -> None:
        """Write all of it, under one lock of the bus, and tell the observers once."""
        written: list[str] = []
        changed = set[str]()
        try:
            with mirror.port.lock:
                for name, entry in self._gathered.items():
                    try:
                        entry.handle._put(entry.mask, entry.bits, changed)
                        written.append(name)
                        if entry.verify:
                            entry.handle._verify(changed)
                    except Exception as error:
                        raise self._failed(error, name, written) from error
        finally:
            mirror._tell(changed)

    def _failed(self, error: Exception, name: str, written: list[str]) -> Exception:
        left = [other for other in self._gathered if other not in written]
        told = f"written: {', '.join(written) or 'nothing'}; not written: {', '.join(left) or 'nothing'}"
        if not written or isinstance(error, (StaleOverlayError, VerifyError)):
            return noted(error, f"In a transaction, at {name}; {told}")
        return TransactionError(f"a transaction failed at {name}: {error} ({told})")


class Transaction:
    """The ``with`` block of :meth:`Mirror.transaction`. One within another joins it; what it gathered goes if it fails."""

    __slots__ = ("_mirror", "_outer", "_pending", "_saved")

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def __enter__(self) -> Transaction:
        opened = self._mirror._open
        self._outer = opened.get(get_ident())
        self._pending = self._outer if self._outer is not None else Pending()
        self._saved = self._pending.saved()
        opened[get_ident()] = self._pending
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if self._outer is None:
            # Closed first: the observers that are told may read and write at once.
            del self._mirror._open[get_ident()]
            if kind is None:
                self._pending.write(self._mirror)
        elif kind is not None:
            self._pending.restore(self._saved)


def _joined(register: RegisterLike, twice: int, before: int, bits: int) -> int:
    """`bits`, joined with those of an earlier write to the bits in `twice` that act when written."""
    for field in register.fields:
        action = field.write_action
        place = (((1 << field.bit_width) - 1) << field.bit_offset) & twice
        if not action or not place:
            continue
        if action.endswith("ToToggle"):
            # Two toggles undo each other; a zero that toggles does so where an even number of the two are zeros.
            both = before ^ bits if action.startswith("one") else ~(before ^ bits)
        elif action.startswith("oneTo"):
            both = before | bits
        elif action.startswith("zeroTo"):
            both = before & bits
        elif action == "push":
            raise ValueError(f"{register.name}.{field.name} takes each write as another: it can be written once in a transaction")
        else:
            continue
        bits = bits & ~place | both & place
    return bits
