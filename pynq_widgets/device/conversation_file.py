"""The file of a conversation, version 1: lines of JSON, in UTF-8, compressed with gzip where the name ends in ``.gz``.

The first line is the header, an object::

    {"format": "pynq_widgets conversation", "version": 1, "device": {"kind": "simulated", "tag": "simulated"},
     "design": {"name": "demo", "sha256": "…64 hexadecimal digits, or empty"}, "clock": "virtual",
     "pool": [268435456, 134217728], "loaded": true, "forgotten": 0}

``design`` and ``pool`` may be null, ``clock`` is ``"virtual"`` or ``"wall"``, the pool is base and size in bytes. Then, one a line,
the names of addresses, in any number, and after them the entries in their order::

    {"name": "leds.GPIO_DATA", "at": "0x41200000"}
    {"write": "0x41200000", "words": "00000005", "who": "user", "t": 0.25, "s": 1.5e-06}
    {"read": "0x40000000", "words": "00000001 00000002", "who": "sampler", "t": 0.5, "s": 2e-06}
    {"read": "0x50000000", "count": 1, "error": "read of 0x50000000 failed", "who": "user", "t": 0.75, "s": 1e-06}
    {"gap": 5000, "t": 1.0, "s": 0.5}
    {"interrupt": "told", "line": "IRQ_F2P[0]", "t": 2.0}
    {"download": 2, "t": 3.0}

Addresses are hexadecimal, below 2**64, and multiples of 4; ``words`` are of 32 bits, in hexadecimal, in the order of their
addresses; ``t`` is the time of the device's clock at the start in seconds, ``s`` a duration in seconds. ``interrupt`` is
``"armed"`` or ``"told"``. The last line counts the entries, so that a file that was cut off is known as one::

    {"end": 6}

A reader takes no key that is not here, no line longer than 4 MiB and no more than 64 MiB of lines in all, no more than a million words
that failed transactions asked for and have not, and no time beyond 1e15 seconds.
"""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from pynq_widgets.device.bus import Transaction
from pynq_widgets.device.conversation import Conversation, ConversationError, Download, Entry, Gap, Interruption
from pynq_widgets.device.whole_file import whole_file

FORMAT = "pynq_widgets conversation"
VERSION = 1
LONGEST_LINE = 4 << 20
MOST_BYTES = 64 << 20
_TEXT = 10_000  # characters of an error, a name, or of who asked
_MOST = 1 << 53  # counts beyond this are no counts
_MOST_MISSING = 1_000_000  # words that are counted without being there
_LATEST = 1e15  # seconds: beyond, a double has no tenths of them

_WORDS = re.compile(r"[0-9a-fA-F]{1,8}(?: [0-9a-fA-F]{1,8})*\Z")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{1,16}\Z")
_DIGEST = re.compile(r"(?:[0-9a-f]{64})?\Z")


class _Wrong(Exception):
    """What is wrong with a line."""


# Writing.


def save(conversation: Conversation, path: str | os.PathLike[str]) -> None:
    """Write `conversation`; the file is there as a whole or, where something fails, as it was.

    Raises ``ValueError`` for one that is longer than a reader takes.
    """
    path = Path(path)
    data = "".join(f"{line}\n" for line in lines(conversation)).encode()
    if len(data) > MOST_BYTES:
        raise ValueError(f"the recording has {len(data)} bytes, and a file at most {MOST_BYTES}: save a part of it, with filter(...)")
    missing = sum(entry.count - len(entry.words) for entry in conversation.transactions)
    if missing > _MOST_MISSING:
        raise ValueError(
            f"the recording has {missing} words that were asked for and failed, and a file at most {_MOST_MISSING}: save a part of it, "
            "with filter(...)"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder to save in", str(path.parent))
    with whole_file(path) as file:
        if _is_gzip(path):
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                packed.write(data)
        else:
            file.write(data)


def lines(conversation: Conversation) -> Iterator[str]:
    """The lines of the file, without their ends."""
    design = {"name": conversation.design, "sha256": conversation.digest} if conversation.design or conversation.digest else None
    yield _line(
        {
            "format": FORMAT,
            "version": VERSION,
            "device": {"kind": conversation.kind, "tag": conversation.tag},
            "design": design,
            "clock": conversation.clock,
            "pool": None if conversation.pool is None else list(conversation.pool),
            "loaded": conversation.loaded,
            "forgotten": conversation.forgotten,
        }
    )
    for address, name in sorted(conversation.names.items()):
        yield _line({"name": name[:_TEXT], "at": f"{address:#x}"})
    for entry in conversation.entries:
        yield _line(_object(entry))
    yield _line({"end": len(conversation.entries)})


def _line(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    if len(text) >= LONGEST_LINE:
        raise ValueError(f"an entry takes {len(text)} bytes, and a line of the file at most {LONGEST_LINE}: {text[:60]}…")
    return text


def _object(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, Transaction):
        found: dict[str, Any] = {entry.operation: f"{entry.address:#x}"}
        if entry.words:
            found["words"] = " ".join([f"{word:08x}" for word in entry.words])
        if entry.count != len(entry.words):
            found["count"] = entry.count
        if entry.error:
            found["error"] = entry.error[:_TEXT]
        return {**found, "who": entry.who[:_TEXT], "t": entry.time, "s": entry.seconds}
    if isinstance(entry, Gap):
        return {"gap": entry.left_out, "t": entry.time, "s": entry.seconds}
    if isinstance(entry, Interruption):
        return {"interrupt": entry.event, "line": entry.line[:_TEXT], "t": entry.time}
    return {"download": entry.generation, "t": entry.time}


# Reading.


def load(path: str | os.PathLike[str]) -> Conversation:
    """The conversation in the file `path`. :class:`ConversationError` says what is wrong and in which line; ``OSError`` as `open` does."""
    path = Path(path)
    with open(path, "rb") as raw:
        if not _is_gzip(path):
            return parse(raw, str(path))
        with gzip.GzipFile(fileobj=raw) as packed:
            return parse(packed, str(path))


def parse(stream: Any, path: str = "recording") -> Conversation:
    """The conversation in the binary `stream` (``readline``); `path` names it in errors."""
    number = 0
    try:
        reader = _Reader()
        for number, line in enumerate(_lines(stream), 1):  # noqa: B007 (the number is for the error)
            reader.take(line)
        number += 1
        return reader.finish()
    except _Wrong as wrong:
        raise ConversationError(path, str(wrong), max(number, 1)) from None
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ConversationError(path, f"the file is named .gz but cannot be unpacked: {error}", number + 1) from None


def _is_gzip(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _lines(stream: Any) -> Iterator[bytes]:
    left = MOST_BYTES
    while True:
        line: bytes = stream.readline(min(LONGEST_LINE, left) + 1)
        if not line:
            return
        left -= len(line)
        yield line
        if left < 0:
            raise _Wrong(f"the file has more than {MOST_BYTES} bytes of lines")


class _Reader:
    def __init__(self) -> None:
        self.header: dict[str, Any] | None = None
        self.names: dict[int, str] = {}
        self.entries: list[Entry] = []
        self.ended = False
        self._whos: dict[str, str] = {}
        self._missing = 0

    def take(self, raw: bytes) -> None:
        value = _json(raw)
        if self.ended:
            raise _Wrong("there is more after the last line, the one that counts the entries")
        if self.header is None:
            self.header = _header(value)
        elif "name" in value:
            if self.entries:
                raise _Wrong("names of addresses stand before the entries")
            fields = _Fields(value, {"name", "at"})
            self.names[fields.address("at")] = fields.text("name")
        elif "end" in value:
            count = _Fields(value, {"end"}).count("end")
            if count != len(self.entries):
                raise _Wrong(f"the last line counts {count} entries, and there are {len(self.entries)}")
            self.ended = True
        else:
            self.entries.append(self._entry(value))

    def _entry(self, value: dict[str, Any]) -> Entry:
        if "read" in value or "write" in value:
            return self._transaction(value, "read" if "read" in value else "write")
        if "gap" in value:
            fields = _Fields(value, {"gap", "t", "s"})
            return Gap(fields.time("t"), fields.count("gap"), fields.seconds("s"))
        if "interrupt" in value:
            fields = _Fields(value, {"interrupt", "line", "t"})
            event = fields.choice("interrupt", ("armed", "told"))
            return Interruption(fields.time("t"), event, fields.text("line"))
        if "download" in value:
            fields = _Fields(value, {"download", "t"})
            return Download(fields.time("t"), fields.count("download"))
        raise _Wrong(f"an entry is a read, write, gap, interrupt or download, not an object with {_keys(value)}")

    def _transaction(self, value: dict[str, Any], operation: str) -> Transaction:
        fields = _Fields(value, {operation, "who", "t", "s"}, {"words", "count", "error"})
        address = fields.address(operation)
        words: tuple[int, ...] = ()
        if "words" in value:
            text = value["words"]
            if type(text) is not str or not _WORDS.match(text):
                raise _Wrong(f"words are hexadecimal, of 32 bits, with a space between, not {_shown(text)}")
            words = tuple([int(word, 16) for word in text.split(" ")])
        error = fields.text("error") if "error" in value else ""
        count = fields.count("count") if "count" in value else len(words)
        if "count" in value and not error:
            raise _Wrong("only a transaction that failed has a count: what it gave or took are its words")
        if not error and not words:
            raise _Wrong(f"a {operation} that did not fail has words")
        self._missing += count - len(words)
        if not max(1, len(words)) <= count or self._missing > _MOST_MISSING:
            raise _Wrong(f"a transaction of {count} words with {len(words)} words")
        if address + 4 * count > 1 << 64:
            raise _Wrong(f"{count} words at {address:#x} do not fit 64 bits of address")
        who = fields.text("who")
        # One text for all that the same asked: files hold it thousands of times.
        who = self._whos.setdefault(who, who)
        return Transaction(fields.time("t"), who, operation, address, words, count, fields.seconds("s"), error)

    def finish(self) -> Conversation:
        if self.header is None:
            raise _Wrong(f"the file is empty; the first line of a recording says {FORMAT!r}")
        if not self.ended:
            raise _Wrong(f"the file ends after {len(self.entries)} entries without the line that counts them: it was cut off")
        return Conversation(entries=tuple(self.entries), names=MappingProxyType(self.names), **self.header)


def _header(value: dict[str, Any]) -> dict[str, Any]:
    if value.get("format") != FORMAT:
        raise _Wrong(f"this is no recording: its first line is an object whose format is {FORMAT!r}")
    version = value.get("version")
    if type(version) is not int or version != VERSION:
        raise _Wrong(f"version {_shown(version)} of the format is not known here; this library reads version {VERSION}")
    fields = _Fields(value, {"format", "version", "device", "design", "clock", "pool", "loaded", "forgotten"})
    device = _Fields(fields.object("device"), {"kind", "tag"})
    design = _Fields(fields.object("design"), {"name", "sha256"}) if value["design"] is not None else None
    digest = design.text("sha256") if design is not None else ""
    if not _DIGEST.match(digest):
        raise _Wrong(f"sha256 is 64 hexadecimal digits, or empty, not {_shown(digest)}")
    pool = value["pool"]
    if pool is not None and not (type(pool) is list and len(pool) == 2 and all(type(n) is int and 0 <= n < 1 << 64 for n in pool)):
        raise _Wrong(f"pool is null, or base and size in bytes, not {_shown(pool)}")
    if type(value["loaded"]) is not bool:
        raise _Wrong(f"loaded is true or false, not {_shown(value['loaded'])}")
    return {
        "kind": device.text("kind"),
        "tag": device.text("tag"),
        "design": design.text("name") if design is not None else "",
        "digest": digest,
        "clock": fields.choice("clock", ("virtual", "wall")),
        "pool": None if pool is None else (pool[0], pool[1]),
        "loaded": value["loaded"],
        "forgotten": fields.count("forgotten"),
    }


class _Fields:
    """The values of one object, each looked at before it is used."""

    def __init__(self, value: dict[str, Any], needed: set[str], further: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        missing = needed - value.keys()
        if missing:
            raise _Wrong(f"{', '.join(sorted(missing))} is missing")
        unknown = value.keys() - needed - further
        if unknown:
            raise _Wrong(f"{_keys(dict.fromkeys(unknown))} is not known in version {VERSION}")
        self._value = value

    def text(self, key: str) -> str:
        value = self._value[key]
        if type(value) is not str or len(value) > _TEXT:
            raise _Wrong(f"{key} is a text of at most {_TEXT} characters, not {_shown(value)}")
        return value

    def choice(self, key: str, among: tuple[str, ...]) -> str:
        value = self._value[key]
        if value not in among:
            raise _Wrong(f"{key} is {' or '.join(map(repr, among))}, not {_shown(value)}")
        return str(value)

    def count(self, key: str) -> int:
        value = self._value[key]
        if type(value) is not int or not 0 <= value <= _MOST:
            raise _Wrong(f"{key} is a whole number, not negative, not {_shown(value)}")
        return value

    def time(self, key: str) -> float:
        value = self._value[key]
        if type(value) not in (int, float) or not -_LATEST <= value <= _LATEST:
            raise _Wrong(f"{key} is a time in seconds, not {_shown(value)}")
        return float(value)

    def seconds(self, key: str) -> float:
        value = self.time(key)
        if value < 0:
            raise _Wrong(f"{key} is a duration in seconds, not {value!r}")
        return value

    def address(self, key: str) -> int:
        value = self._value[key]
        if type(value) is not str or not _ADDRESS.match(value) or int(value, 16) & 3:
            raise _Wrong(f"{key} is an address in hexadecimal, a multiple of 4, not {_shown(value)}")
        return int(value, 16)

    def object(self, key: str) -> dict[str, Any]:
        value = self._value[key]
        if type(value) is not dict:
            raise _Wrong(f"{key} is an object, not {_shown(value)}")
        return value


def _json(raw: bytes) -> dict[str, Any]:
    if len(raw) > LONGEST_LINE:
        raise _Wrong(f"the line is longer than {LONGEST_LINE} bytes")
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise _Wrong(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise _Wrong("objects are nested too deeply") from None
    except ValueError as error:
        raise _Wrong(f"not JSON: {error}") from None
    if type(value) is not dict:
        raise _Wrong(f"a line is a JSON object, not {_shown(value)}")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Wrong("a key stands twice in an object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _keys(value: dict[str, Any]) -> str:
    return ", ".join(_shown(key) for key in sorted(value)[:5]) or "no keys"


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, (int, list, dict)) or isinstance(value, bool) else _long(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _long(value: Any) -> str:
    # A number of many digits cannot be turned into text; a nest of lists perhaps neither.
    try:
        return repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__}"


def from_text(text: str, path: str = "recording") -> Conversation:
    """The conversation in `text`, the lines of a file."""
    return parse(io.BytesIO(text.encode()), path)
