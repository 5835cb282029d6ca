"""The one error of this room."""

from __future__ import annotations

import os


class DesignError(ValueError):
    """A design file that cannot be read, or that contradicts itself.

    ``path`` is the file, ``line`` the line in it where that is known (counted from 1), and ``cause`` what is wrong and, where
    there is one, what to try.
    """

    def __init__(self, path: str | os.PathLike[str], cause: str, line: int | None = None) -> None:
        self.path = os.fspath(path)
        self.cause = cause
        self.line = line
        place = self.path if line is None else f"{self.path}, line {line}"
        super().__init__(f"{place}: {cause}")

    def __reduce__(self) -> tuple[type[DesignError], tuple[str, str, int | None]]:
        return type(self), (self.path, self.cause, self.line)
