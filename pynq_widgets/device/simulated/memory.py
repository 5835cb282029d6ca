"""Memory of any size that takes room only where something was written."""

from __future__ import annotations

from mmap import mmap

PAGE = 4096


class SparseMemory:
    """`size` bytes, all 0 at first, kept in pages of 4096 bytes that are made when they are first written."""

    __slots__ = ("_pages", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._pages: dict[int, memoryview] = {}

    @property
    def resident(self) -> int:
        """How many bytes of it are really kept."""
        return PAGE * len(self._pages)

    def clear(self) -> None:
        """All 0 again."""
        self._pages.clear()

    def _check(self, address: int, nbytes: int) -> None:
        if address < 0 or nbytes < 0 or address + nbytes > self.size:
            raise IndexError(f"bytes {address:#x}..{address + nbytes:#x} are not in a memory of {self.size:#x} bytes")

    def _page(self, number: int) -> memoryview:
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = memoryview(bytearray(PAGE))
        return page

    def read_word(self, address: int) -> int:
        """The 32-bit word at `address`, which is a multiple of 4."""
        self._check(address, 4)
        page = self._pages.get(address >> 12)
        if page is None:
            return 0
        offset = address & 0xFFF
        return int.from_bytes(page[offset : offset + 4], "little")

    def write_word(self, address: int, value: int) -> None:
        """Write the 32-bit word at `address`, which is a multiple of 4."""
        self._check(address, 4)
        offset = address & 0xFFF
        self._page(address >> 12)[offset : offset + 4] = value.to_bytes(4, "little")

    def read(self, address: int, nbytes: int) -> memoryview:
        """A copy of `nbytes` bytes at `address`."""
        self._check(address, nbytes)
        out = bytearray(nbytes)
        done = 0
        while done < nbytes:
            number, offset = divmod(address + done, PAGE)
            take = min(PAGE - offset, nbytes - done)
            page = self._pages.get(number)
            if page is not None:
                out[done : done + take] = page[offset : offset + take]
            done += take
        return memoryview(out)

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Write the bytes of `data` at `address`."""
        source = memoryview(data).cast("B")
        self._check(address, len(source))
        done = 0
        while done < len(source):
            number, offset = divmod(address + done, PAGE)
            take = min(PAGE - offset, len(source) - done)
            self._page(number)[offset : offset + take] = source[done : done + take]
            done += take

    read_bytes = read
    write_bytes = write

    def view(self, address: int, nbytes: int) -> memoryview | None:
        """The bytes themselves, live, where they lie in one page; else None."""
        number, offset = divmod(address, PAGE)
        if address < 0 or address + nbytes > self.size or offset + nbytes > PAGE:
            return None
        return self._page(number)[offset : offset + nbytes]


class SparseRange(SparseMemory):
    """Sparse memory as a range of a bus has it."""

    __slots__ = ()

    read = SparseMemory.read_word  # type: ignore[assignment]
    write = SparseMemory.write_word  # type: ignore[assignment]


class Ram:
    """`size` bytes in one piece, all 0 at first; the operating system gives the pages when they are touched."""

    __slots__ = ("_bytes", "_words", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        # Pages of an anonymous mapping cost nothing until they are written, which a bytearray's would.
        self._bytes = memoryview(mmap(-1, max(8, (size + 7) & ~7)))
        self._words = self._bytes.cast("I")

    def read(self, offset: int) -> int:
        """The 32-bit word at `offset`."""
        word: int = self._words[offset >> 2]
        return word

    def write(self, offset: int, value: int) -> None:
        """Write the 32-bit word at `offset`."""
        self._words[offset >> 2] = value

    def read_bytes(self, offset: int, length: int) -> memoryview:
        """`length` bytes from `offset`, live."""
        return self._bytes[offset : offset + length]

    def write_bytes(self, offset: int, data: bytes | memoryview) -> None:
        """Write `data` from `offset`."""
        self._bytes[offset : offset + len(data)] = data

    def view(self, offset: int, length: int) -> memoryview | None:
        """The bytes themselves, live and writable."""
        return self._bytes[offset : offset + length] if offset + length <= self.size else None


# A range up to this size is memory in one piece; a larger one (a PCIe window) keeps only the pages that were written.
IN_ONE_PIECE = 256 << 20


def memory_range(size: int) -> Ram | SparseRange:
    """Memory for a range of `size` bytes."""
    return Ram(size) if size <= IN_ONE_PIECE else SparseRange(size)
