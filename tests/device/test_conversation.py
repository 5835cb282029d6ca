"""The file of a recording: what is written is read back, and what is no recording is told with its line."""

from __future__ import annotations

import gzip
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.device import conversation_file
from pynq_widgets.device.bus import Transaction
from pynq_widgets.device.conversation import (
    Conversation,
    ConversationError,
    Download,
    Gap,
    Interruption,
    conversation_of,
    read,
    write,
)

times = st.floats(-1e9, 1e9)
durations = st.floats(0, 1e9)
addresses = st.integers(0, (1 << 62) - 4096).map(lambda n: n * 4)
words = st.lists(st.integers(0, 0xFFFF_FFFF), min_size=1, max_size=20).map(tuple)
texts = st.text(max_size=30)
errors = st.text(min_size=1, max_size=30)


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    operation = draw(st.sampled_from(["read", "write"]))
    said, error = draw(words), ""
    count = len(said)
    if draw(st.booleans()):
        error = draw(errors)
        if operation == "read":
            said = ()
    return Transaction(draw(times), draw(texts), operation, draw(addresses), said, count, draw(durations), error)


entries = st.one_of(
    transactions(),
    st.builds(Gap, times, st.integers(1, 1 << 40), durations),
    st.builds(Interruption, times, st.sampled_from(["armed", "told"]), texts),
    st.builds(Download, times, st.integers(0, 1000)),
)
conversations = st.builds(
    Conversation,
    entries=st.lists(entries, max_size=10).map(tuple),
    kind=texts,
    tag=texts,
    design=texts,
    digest=st.sampled_from(["", "0123456789abcdef" * 4]),
    clock=st.sampled_from(["virtual", "wall"]),
    pool=st.none() | st.tuples(st.integers(0, 1 << 48), st.integers(0, 1 << 48)),
    loaded=st.booleans(),
    forgotten=st.integers(0, 1 << 40),
    names=st.dictionaries(addresses, texts, max_size=5),
)


@given(conversations)
def test_what_is_written_is_read_back(conversation: Conversation) -> None:
    text = "\n".join(conversation_file.lines(conversation))
    assert conversation_file.from_text(text) == conversation


@pytest.mark.parametrize("name", ["tape.jsonl", "tape.jsonl.gz"])
def test_a_file_is_written_whole_and_packed_by_its_name(tmp_path: Path, name: str) -> None:
    said = Conversation((write(0x40, 1), read(0x40, 1, 2), read(0x80, error="no", count=3)), design="demo", names={0x40: "ip.CTRL"})
    path = tmp_path / name
    said.save(path)
    assert Conversation.load(path) == said
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert path.read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")


def test_a_failed_save_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tape.jsonl"
    Conversation(design="old").save(path)
    monkeypatch.setattr(conversation_file, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="save a part of it"):
        Conversation((write(0, *range(100)),)).save(path)
    monkeypatch.undo()
    assert Conversation.load(path).design == "old"
    assert len(list(tmp_path.iterdir())) == 1


GOOD = list(conversation_file.lines(Conversation((write(0x40, 1), read(0x44, 2)))))


def broken(line: int, text: str | None) -> str:
    made = list(GOOD)
    made[line - 1 : line] = [] if text is None else [text]
    return "\n".join(made)


def header(**change: Any) -> str:
    return json.dumps({**json.loads(GOOD[0]), **change})


WRITE = '{"write": "0x40", "words": "1", "who": "user", "t": 0, "s": 0}'
LONG = '{"read": "0x40", "error": "x", "count": 99999999, "who": "user", "t": 0, "s": 0}'
LATE = '{"write": "0x40", "words": "1", "who": "user", "t": 1e16, "s": 0}'
COUNTED = '{"read": "0x40", "count": 9, "who": "user", "t": 0, "s": 0}'
WORDS = "f, line 2: words are hexadecimal, of 32 bits, with a space between, not"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f, line 1: the file is empty; the first line of a recording says 'pynq_widgets conversation'"),
        ("hello", "f, line 1: not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "f, line 1: a line is a JSON object, not [1]"),
        ("{}", "f, line 1: this is no recording: its first line is an object whose format is 'pynq_widgets conversation'"),
        (broken(1, header(version=2)), "f, line 1: version 2 of the format is not known here; this library reads version 1"),
        (broken(1, header(version=True)), "f, line 1: version True of the format is not known here; this library reads version 1"),
        (broken(1, header(more=1)), "f, line 1: 'more' is not known in version 1"),
        (broken(1, header(pool=[1])), "f, line 1: pool is null, or base and size in bytes, not [1]"),
        (broken(1, header(clock="sun")), "f, line 1: clock is 'virtual' or 'wall', not 'sun'"),
        (broken(2, WRITE.replace("0x40", "0x41")), "f, line 2: write is an address in hexadecimal, a multiple of 4, not '0x41'"),
        (broken(2, WRITE.replace('"1"', '"1_0"')), f"{WORDS} '1_0'"),
        (broken(2, WRITE.replace('"1"', '"123456789"')), f"{WORDS} '123456789'"),
        (broken(2, '{"write": "0x40", "words": "1", "who": "user", "t": NaN, "s": 0}'), "f, line 2: not JSON: NaN is no number"),
        (broken(2, '{"write": "0x40", "words": "1", "who": "user", "t": 1e999, "s": 0}'), "f, line 2: t is a time in seconds, not inf"),
        (broken(2, '{"write": "0x40", "words": "1", "who": "user", "t": 0, "s": -1}'), "f, line 2: s is a duration in seconds, not -1.0"),
        (broken(2, '{"write": "0x40", "words": "1", "who": "user", "t": 0, "t": 0, "s": 0}'), "f, line 2: a key stands twice in an object"),
        (broken(2, COUNTED), "f, line 2: only a transaction that failed has a count: what it gave or took are its words"),
        (broken(2, '{"read": "0x40", "who": "user", "t": 0, "s": 0}'), "f, line 2: a read that did not fail has words"),
        (broken(2, LONG), "f, line 2: a transaction of 99999999 words with 0 words"),
        (broken(2, LATE), "f, line 2: t is a time in seconds, not 1e+16"),
        (broken(2, '{"what": 1}'), "f, line 2: an entry is a read, write, gap, interrupt or download, not an object with 'what'"),
        (broken(2, '{"gap": -1, "t": 0, "s": 0}'), "f, line 2: gap is a whole number, not negative, not -1"),
        (broken(4, None), "f, line 4: the file ends after 2 entries without the line that counts them: it was cut off"),
        (broken(3, None), "f, line 3: the last line counts 2 entries, and there are 1"),
        ("\n".join([*GOOD, GOOD[1]]), "f, line 5: there is more after the last line, the one that counts the entries"),
        (broken(2, '{"gap": ' + "[" * 100_000), "f, line 2: objects are nested too deeply"),
        (broken(3, '{"name": "late", "at": "0x0"}'), "f, line 3: names of addresses stand before the entries"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConversationError) as told:
        conversation_file.from_text(text, "f")
    assert str(told.value) == message


def test_a_number_of_many_digits_is_no_count() -> None:
    with pytest.raises(ConversationError, match=r"^f, line 2: (not JSON|gap is)"):
        conversation_file.from_text(broken(2, '{"gap": ' + "9" * 100_000 + ', "t": 0, "s": 0}'), "f")


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ConversationError) as told:
        conversation_file.parse(io.BytesIO(b"\xff\xfe"), "f")
    assert str(told.value) == "f, line 1: not UTF-8: invalid start byte at byte 0"


def test_an_endless_line_and_a_bomb_end_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConversationError) as told:
        conversation_file.parse(io.BytesIO(b" " * (conversation_file.LONGEST_LINE + 10)), "f")
    assert str(told.value) == "f, line 1: the line is longer than 4194304 bytes"

    monkeypatch.setattr(conversation_file, "MOST_BYTES", 1 << 16)
    bomb = tmp_path / "bomb.gz"
    with gzip.open(bomb, "wb") as file:
        file.write(f"{GOOD[0]}\n".encode() + f"{GOOD[1]}\n".encode() * 20_000)
    with pytest.raises(ConversationError, match=r"line \d+: (the file has more than 65536 bytes of lines|not JSON)"):
        Conversation.load(bomb)


@pytest.mark.parametrize("cut", [0, 5, 40])
def test_a_packed_file_that_is_none(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "tape.gz"
    Conversation((write(0x40, 1),)).save(path)
    path.write_bytes(path.read_bytes()[:cut] if cut else b"{}\n")
    with pytest.raises(ConversationError, match=r"tape\.gz, line 1: (the file is named \.gz but cannot be unpacked|.*cut off)"):
        Conversation.load(path)


@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 300))
def test_no_bytes_do_anything_but_load_or_tell(noise: bytes, start: int, stop: int) -> None:
    data = "\n".join(GOOD).encode()
    with suppress(ConversationError):
        conversation_file.parse(io.BytesIO(data[:start] + noise + data[stop:]), "f")


def test_a_recording_comes_from_many_things() -> None:
    said = [write(0, 1), read(0, 1)]
    assert conversation_of(said).entries == tuple(said)
    assert conversation_of(conversation_of(said)).missed == 0
    with pytest.raises(
        TypeError, match="expected a recording: the path of a file, a tape, a part of one, or a list of its entries, not the int 5"
    ):
        conversation_of(5)


def test_failed_reads_that_ask_for_more_than_memory_holds_are_neither_saved_nor_loaded(tmp_path: Path) -> None:
    said = Conversation((read(0x40, error="dead", count=600_000),) * 2)
    text = "\n".join(conversation_file.lines(said))
    with pytest.raises(ConversationError, match=r"^f, line 3: a transaction of 600000 words with 0 words$"):
        conversation_file.from_text(text, "f")
    with pytest.raises(ValueError, match="the recording has 1200000 words that were asked for and failed, and a file at most 1000000"):
        said.save(tmp_path / "said.jsonl")
    assert list(tmp_path.iterdir()) == []
