"""A recording as a test: a Python file, to be read and changed, that asserts the same conversation.

It has what was recorded as a list, the code that leads to it as the function ``conversation``, and two tests: on a `ReplayDevice`,
which needs no hardware and stops at the first difference, and on a device (the simulated one, unless changed), whose tape is compared
afterwards.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from pynq_widgets.device.bus import USER, Transaction
from pynq_widgets.device.conversation import Conversation, Download, Entry, Interruption
from pynq_widgets.device.script import INTERRUPT, is_watcher

_QUOTES = frozenset("\\\"'")
_WORD_BY_WORD = '''\
"""Does word by word what was recorded; put in its place the calls that are to lead to it."""
for entry in RECORDED:
    mmio = MMIO(entry.address, 4 * entry.count, device=overlay.device)
    with overlay.device.bus.asking(entry.who), pytest.raises(Exception) if entry.error else nullcontext():
        if entry.operation == "write":
            mmio.write(0, b"".join(word.to_bytes(4, "little") for word in entry.words))
        else:
            for offset in range(0, 4 * entry.count, 4):
                mmio.read(offset)
'''


def write(
    conversation: Conversation, path: str | os.PathLike[str], code: str | None = None, *, design: str | os.PathLike[str] | None = None
) -> None:
    """Write the test to `path`. Raises ``ValueError`` where the recording has gaps, `code` is no Python, or no design is known."""
    path = Path(path)
    text = source(conversation, code, _place(design, path))
    path.write_text(text, encoding="utf-8")


def source(conversation: Conversation, code: str | None, design: str) -> str:
    """The text of the test; `design` is a Python expression for the file to load."""
    if conversation.missed:
        raise ValueError(
            f"the recording leaves out {conversation.missed} transactions, so that a test of it would fail: record the part that matters "
            "with tape.recording()"
        )
    entries = [entry for entry in conversation.entries if _is_kept(entry, code is None)]
    if not any(isinstance(entry, Transaction) for entry in entries):
        raise ValueError("there is nothing to test: the recording has no transactions but those of watchers")
    body, asynchronous, clock = _function_body(_WORD_BY_WORD if code is None else f"ol = overlay\n{code}")
    words = sorted({entry.operation if isinstance(entry, Transaction) else _kind(entry) for entry in entries})
    pool = "" if conversation.pool is None else f", pool=({conversation.pool[0]:#x}, {conversation.pool[1]:#x})"
    call = "asyncio.run(conversation(overlay))" if asynchronous else "conversation(overlay)"
    recorded = "\n".join(f"    {_call(entry)},{_remark(entry, conversation)}" for entry in entries)
    imports = [
        "import asyncio" if asynchronous else "",
        "from contextlib import nullcontext" if code is None else "",
        "from pathlib import Path",
        "",
        "import pytest",
        "",
        f"from pynq_widgets import {'MMIO, ' if code is None else ''}Device, Overlay, SimulatedDevice, VirtualClock",
        "from pynq_widgets.device import Conversation, ReplayDevice",
        "from pynq_widgets.device.comparison import assert_same",
        f"from pynq_widgets.device.conversation import {', '.join(words)}",
    ]
    head = "\n".join(line for at, line in enumerate(imports) if line or at in (3, 5))
    title = _plain(conversation.design) or "a design"
    text = f'''"""What {title} said on the {_plain(conversation.kind) or "device"} {_plain(conversation.tag)!r}, as it was recorded."""

{head}

DESIGN = {design}

# What is read from these registers may differ from run to run: addresses, or names such as "ip.REGISTER". It is not compared on a device.
VOLATILE = ()

RECORDED = [
{recorded}
]


{"async " if asynchronous else ""}def conversation(overlay):
{body}


@pytest.fixture(autouse=True)
def nobody_else():
    """Whatever is made without naming a device, such as a buffer, is made on the one of the test."""
    yield
    Device.active_device = None


def test_as_recorded():
    """On the recording: stops at the first access that differs from it."""
    recording = Conversation(tuple(RECORDED), loaded={conversation.loaded}{pool})
    device = Device.active_device = ReplayDevice(recording, strict=True, clock={clock})
    overlay = Overlay(DESIGN, device=device)
    {call}
    device.finish()


def test_on_a_device():
    """On a device, whose tape is compared with the recording. For a board, take Device.active_device for `device`."""
    device = Device.active_device = SimulatedDevice("test", clock={clock})
    overlay = Overlay(DESIGN, device=device)
    with overlay.tape.recording({_size(entries)}) as heard:
        {call}
    assert_same(RECORDED, heard, ignore=VOLATILE)
'''
    try:
        compile(text, "<test>", "exec", dont_inherit=True)
    except SyntaxError as error:
        # What Python takes at the top of a cell, and not in a function: import *, a __future__.
        raise ValueError(f"the code for the test cannot stand in a function: {error.msg}") from None
    return text


def _is_kept(entry: Entry, by_words: bool) -> bool:
    if isinstance(entry, Transaction):
        return not is_watcher(entry.who) and not (by_words and entry.who == INTERRUPT)
    return isinstance(entry, (Interruption, Download)) and not by_words


def _kind(entry: Entry) -> str:
    return entry.event if isinstance(entry, Interruption) else "download"


def _call(entry: Entry) -> str:
    if isinstance(entry, Transaction):
        arguments = [f"{entry.address:#010x}", *(f"{word:#x}" for word in entry.words)]
        if entry.who != USER:
            arguments.append(f"who={entry.who!r}")
        if entry.error:
            arguments.append(f"error={entry.error!r}")
        if entry.error and entry.operation == "read" and entry.count != 1:
            arguments.append(f"count={entry.count}")
        return f"{entry.operation}({', '.join(arguments)})"
    if isinstance(entry, Interruption):
        return f"{entry.event}({entry.line!r})"
    assert isinstance(entry, Download)
    return f"download({entry.generation})"


def _remark(entry: Entry, conversation: Conversation) -> str:
    name = conversation.name_of(entry.address) if isinstance(entry, Transaction) else ""
    return f"  # {_plain(name)}" if name else ""


def _size(entries: list[Entry]) -> int:
    # Room for more than was recorded: what came in addition is a difference, not a gap.
    return max(16_384, 2 * len(entries))


def _plain(text: str) -> str:
    """A stranger's name, for a comment or a docstring."""
    return "".join(char if char.isprintable() and char not in _QUOTES else "_" for char in text)


def _place(design: str | os.PathLike[str] | None, path: Path) -> str:
    if design is None:
        raise ValueError("no design is known to load in the test: to_pytest(path, design='file.hwh')")
    try:
        beside = os.path.relpath(Path(design).resolve(), path.parent.resolve())
    except ValueError:  # another drive
        return f"Path({os.fspath(design)!r})"
    return f"Path(__file__).parent / {Path(beside).as_posix()!r}"


def _function_body(code: str) -> tuple[str, bool, str]:
    """`code` as the body of a function, whether that has to be asynchronous, and the clock for it."""
    code = code.replace("\r\n", "\n").replace("\r", "\n").rstrip() + "\n"
    try:
        tree = compile(code, "<code>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        hint = "; magics (% and !) are no Python" if any(text.lstrip().startswith(("%", "!")) for text in code.splitlines()) else ""
        where = f", line {line - 1}" if line and line > 1 else ""
        raise ValueError(f"the code for the test is no Python{where}: {getattr(error, 'msg', error)}{hint}") from None
    # The lines within a text must stay as they are.
    inside = set()
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))
        if is_text and isinstance(node, ast.expr) and node.end_lineno is not None:
            inside |= set(range(node.lineno + 1, node.end_lineno + 1))
    # Python's lines end with a line feed alone: a form feed, or a separator within a text, ends none.
    lines = [line if not line.strip() or at in inside else f"    {line}" for at, line in enumerate(code.removesuffix("\n").split("\n"), 1)]
    # Where something is awaited nobody sleeps on the clock, and it must go by itself.
    clock = "following" if any(isinstance(node, ast.Await) for node in ast.walk(tree)) else "autojump"
    return "\n".join(lines), any(_at_top(tree)), f"VirtualClock({clock}=True)"


def _at_top(node: ast.AST) -> Iterator[bool]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            yield True
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _at_top(child)
