"""The kernel's side of the register table: what it reads, what it sends, what it answers."""

from __future__ import annotations

import json
import struct
import threading
from types import SimpleNamespace
from typing import Any

import pytest
import traitlets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynq_widgets.access import Mirror, RegisterMap
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.access.mmio import MMIO
from pynq_widgets.widgets import RegisterTable
from pynq_widgets.widgets.outbox import Outbox

BASE = 0x4000_0000
REGISTERS = (
    RegisterInfo("CTRL", 0, 32, "read-write", (FieldInfo("EN", 0, 1), FieldInfo("MODE", 4, 3)), 0),
    RegisterInfo("STATUS", 4, 32, "read-only"),
    RegisterInfo("FIFO", 8, 32, "read-only", (FieldInfo("DATA", 0, 32, "read-only", read_action="modify"),)),
    RegisterInfo("KEY", 12, 32, "write-only"),
    RegisterInfo("WIDE", 16, 64, "read-write"),
    RegisterInfo("<b>&", 24, 32, "read-write"),
)


class Desk:
    """A table with its messages: `sent` holds (content, rows by number)."""

    def __init__(self, table: RegisterTable, spy: Any, sampler: Any, now: Any) -> None:
        self.table, self.spy, self.sampler, self.now = table, spy, sampler, now
        self.sent: list[tuple[dict[str, Any], dict[int, int | None]]] = []
        table.send = self._send  # type: ignore[method-assign]

    def _send(self, content: dict[str, Any], buffers: Any = None) -> None:
        assert "id" not in content, "ipykernel keeps messages with an id for ever"
        rows: dict[int, int | None] = {}
        assert content == json.loads(json.dumps(content, allow_nan=False))
        for head, *words in struct.iter_unpack(f"<{self.table._stride}I", buffers[0]) if buffers else ():
            rows[head & 0xFFFFFF] = sum(word << 32 * at for at, word in enumerate(words)) if head >> 31 else None
        self.sent.append((content, rows))

    def say(self, **content: Any) -> None:
        self.table._handle_custom_msg(content, [])

    def look(self, rows: Any = (0, 1, 2, 3, 4, 5), view: str = "v", **more: Any) -> None:
        self.say(kind="beat", view=view, visible=True, rows=list(rows), **more)

    def ask(self, kind: str, **content: Any) -> dict[str, Any]:
        """What is answered to a message of that kind."""
        self.sent.clear()
        self.say(kind=kind, tag="t", **content)
        return next(content for content, _ in self.sent if content["kind"] == kind)

    def write(self, row: int, text: str, field: str | None = None, **more: Any) -> dict[str, Any]:
        return self.ask("do", act="write", row=row, field=field, text=text, **more)

    def toggle(self, row: int, bit: int, to: int) -> dict[str, Any]:
        return self.ask("do", act="toggle", row=row, bit=bit, to=to)

    def facts(self) -> dict[str, Any]:
        return dict(json.loads(self.table.sheet))

    def taken(self) -> list[tuple[dict[str, Any], dict[int, int | None]]]:
        sent, self.sent = self.sent, []
        return sent


@pytest.fixture
def desk(bus_spy: Any, sampler: Any, now: Any) -> Any:
    mirror = Mirror(MMIO(BASE, 0x100, device=bus_spy), REGISTERS, clock=SimpleNamespace(now=now))
    desk = Desk(RegisterTable(mirror, title="demo", sampler=sampler, now=now), bus_spy, sampler, now)
    yield desk
    desk.table.close()


def test_making_and_opening_a_table_touches_no_hardware(desk: Desk) -> None:
    desk.say(kind="hello", view="v", rows=[0, 1])
    assert desk.spy.log == []
    content, rows = desk.taken()[0]
    assert rows == {}
    assert (content["kind"], content["live"], content["stride"]) == ("frame", False, 3)


def test_a_view_that_comes_later_gets_all_that_is_known_with_its_age(bus_spy: Any, sampler: Any, now: Any) -> None:
    mirror = Mirror(MMIO(BASE, 0x100, device=bus_spy), REGISTERS, clock=SimpleNamespace(now=now))
    table = RegisterTable(mirror, sampler=sampler, now=now)
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    table.send = lambda content, buffers=None: sent.append((content, buffers))  # type: ignore[method-assign]
    mirror["STATUS"].read()
    now.pass_(7)
    mirror["CTRL"].write(3)
    table._handle_custom_msg({"kind": "hello", "view": "late", "rows": []}, [])
    _, buffers = sent[0]
    assert struct.unpack("<6I", buffers[0]) == (0 | 2 << 24 | 1 << 31, 3, 0, 1 | 1 << 24 | 1 << 31, 0, 0)
    assert struct.unpack("<2f", buffers[1]) == (0, 7)
    table.close()


def test_the_sheet_tells_what_the_page_needs(desk: Desk) -> None:
    facts = desk.facts()
    columns = facts["columns"]
    assert columns["name"] == ["CTRL", "STATUS", "FIFO", "KEY", "WIDE", "<b>&"]
    assert (facts["base"], columns["offset"], columns["access"]) == (BASE, [0, 4, 8, 12, 16, 24], ["RW", "R", "R", "W", "RW", "RW"])
    assert [field[0] for field in facts["layouts"][columns["layout"][0]]] == ["EN", "MODE"]
    assert [facts["guards"][guard] if guard >= 0 else "" for guard in columns["guard"]] == [
        "",
        "",
        "reading changes DATA",
        "write-only",
        "",
        "",
    ]


def test_only_what_is_looked_at_is_read_and_never_a_guarded_word(desk: Desk) -> None:
    desk.look([1, 2, 3])
    desk.sampler.turn()
    assert desk.spy.taken() == [("read", 4, 4)]
    desk.look()
    desk.now.pass_(0.1)
    desk.sampler.turn()
    assert desk.spy.taken() == [("read", 0, 8), ("read", 16, 12)]


def test_a_frame_holds_only_what_changed(desk: Desk) -> None:
    desk.look()
    desk.sampler.turn()
    desk.taken()
    desk.now.pass_(0.1)
    desk.sampler.turn()
    assert desk.taken() == []
    desk.spy.put(4, 7)
    desk.now.pass_(0.1)
    desk.sampler.turn()
    assert [rows for _, rows in desk.taken()] == [{1: 7}]


def test_rows_that_come_into_sight_are_told_as_fresh_with_the_next_tick(desk: Desk) -> None:
    desk.look([0, 1])
    desk.sampler.turn()
    desk.look([1])
    desk.now.pass_(0.1)
    desk.sampler.turn()
    desk.taken()
    desk.look([0, 1])
    desk.now.pass_(0.1)
    desk.sampler.turn()
    [(content, rows)] = desk.taken()
    assert rows == {}, "they hold what they held"
    assert content["sampled"] == [[0, 2]]


def test_a_rate_that_was_lowered_is_told_beside_the_one_that_was_asked_for(desk: Desk) -> None:
    desk.look()
    desk.table._subscription.rate = 0.64
    desk.taken()
    desk.now.pass_(1.1)
    desk.sampler.turn()
    content, _ = desk.taken()[-1]
    assert (content["rate"], content["asked"]) == (0.6, 10.0)


def test_a_page_hears_of_the_kernel_each_second(desk: Desk) -> None:
    desk.look()
    desk.sampler.turn()
    desk.taken()
    for _ in range(10):
        desk.now.pass_(0.1001)
        desk.sampler.turn()
    assert [rows for _, rows in desk.taken()] == [{}]


def test_reading_ends_with_the_last_view_and_begins_again(desk: Desk) -> None:
    desk.look(view="a")
    desk.look(view="b")
    assert len(desk.sampler.polls) == 1
    desk.say(kind="bye", view="a")
    desk.say(kind="beat", view="b", visible=False)
    assert (desk.sampler.polls, desk.table.live) == ([], False)
    assert desk.taken()[-1][0]["live"] is False
    desk.look(view="b")
    assert desk.table.live
    desk.table.close()
    assert desk.sampler.polls == []
    desk.look(view="b")
    assert desk.sampler.polls == []


def test_a_view_that_falls_silent_ends_the_reading(desk: Desk) -> None:
    desk.look()
    desk.now.pass_(4)
    desk.sampler.turn()
    assert desk.sampler.polls == []
    assert desk.spy.taken() == []


def test_what_python_writes_is_on_the_page_at_once(desk: Desk) -> None:
    desk.look()
    desk.taken()
    desk.now.pass_(1)
    desk.table.mirror["CTRL"].write(5)
    assert [rows for _, rows in desk.taken()] == [{0: 5}]


def test_a_fast_loop_in_python_does_not_flood_the_page(desk: Desk) -> None:
    desk.look()
    desk.taken()
    for value in range(10_000):
        desk.table.mirror["CTRL"].write(value)
    assert len(desk.taken()) <= 1
    desk.now.pass_(0.2)
    desk.sampler.turn()
    assert desk.taken()[-1][1][0] == 9999


def test_a_page_that_does_not_keep_up_gets_one_frame_when_it_answers(desk: Desk) -> None:
    desk.look(seen=1)
    desk.taken()
    for value in range(200):
        desk.spy.put(4, value + 1)
        desk.now.pass_(0.1)
        if value % 10 == 0:
            desk.look(seen=1)
        desk.sampler.turn()
    assert len(desk.taken()) < 80
    desk.look(seen=desk.table._frame)
    assert desk.table._frame
    desk.now.pass_(0.1)
    desk.sampler.turn()
    assert desk.taken()[-1][1][1] == 200


def test_a_value_that_is_typed_takes_the_path_of_python(desk: Desk) -> None:
    answer = desk.write(0, "0x1_5")
    said = {"said": "CTRL was written: 0x15", "line": "registers.CTRL.write(0x15)"}
    assert answer == {"kind": "do", "tag": "t", "error": None, **said}
    assert desk.spy.taken() == [("write", 0, 0x15)]
    kinds = [content["kind"] for content, _ in desk.sent]
    assert kinds == ["frame", "do"], "what is in the mirror is sent before it is said to be done"
    assert desk.sent[0][1] == {0: 0x15}


def test_a_field_that_is_typed_leaves_the_others(desk: Desk) -> None:
    desk.spy.put(0, 0x71)
    assert desk.write(0, "0b010", "MODE")["error"] is None
    assert desk.spy.taken() == [("read", 0, 4), ("write", 0, 0x21)]


@pytest.mark.parametrize(
    ("row", "text", "field", "error"),
    [
        (0, "abc", None, "'abc' is not a number; expected decimal, 0x… or 0b…, as in 26, 0x1A, 0b1_1010"),
        (0, "0x1_0000_0000", None, "CTRL expected 0 to 0xffffffff (32 bits), got 4294967296: nothing was written"),
        (0, "8", "MODE", "CTRL.MODE expected 0 to 0x7 (3 bits), got 8: nothing was written"),
        (0, "1", "MOED", "KeyError: register CTRL has no field 'MOED' (did you mean 'MODE'?)"),
        (1, "1", None, "register STATUS is read-only: 0x1 was not written"),
        (99, "1", None, "this table has no row 99"),
    ],
)
def test_what_is_refused_is_said_and_nothing_is_written(desk: Desk, row: int, text: str, field: str | None, error: str) -> None:
    assert desk.write(row, text, field)["error"] == error
    assert desk.spy.taken() == []


def test_a_bus_that_fails_is_told_at_the_cell_and_the_mirror_stays(desk: Desk) -> None:
    desk.table.mirror["CTRL"].write(1)
    desk.spy.failing.add(BASE)
    assert desk.write(0, "2")["error"] == "OSError: bus error at 0x40000000"
    assert (desk.table.mirror["CTRL"].value, desk.table.mirror["CTRL"].state) == (1, "written")


def test_a_guarded_word_is_read_when_asked_for_and_once(desk: Desk) -> None:
    desk.spy.put(8, 0xAB)
    answer = desk.ask("do", act="read", row=2)
    assert desk.spy.taken() == [("read", 8, 4)]
    assert (answer["error"], answer["said"], answer["line"]) == (None, "FIFO is 0xab", "registers.FIFO.read()")


def test_a_poll_that_fails_is_shown_and_goes_on(desk: Desk) -> None:
    desk.look()
    desk.sampler.turn()
    desk.spy.failing.add(BASE + 4)
    desk.taken()
    desk.now.pass_(0.1)
    desk.sampler.turn()
    content = desk.taken()[-1][0]
    assert content["problem"] == "OSError: bus error at 0x40000004"
    assert [row for row, _ in content["reasons"]] == [0, 1]
    desk.spy.failing.clear()
    desk.now.pass_(0.1)
    desk.sampler.turn()
    content, rows = desk.taken()[-1]
    assert (content["problem"], sorted(rows)) == ("", [0, 1])


def test_64_bits_arrive_whole(desk: Desk) -> None:
    assert desk.write(4, "0x0123_4567_89AB_CDEF")["error"] is None
    assert desk.sent[0][1] == {4: 0x0123_4567_89AB_CDEF}


def test_one_mirror_may_have_two_tables(desk: Desk, sampler: Any, now: Any) -> None:
    other = Desk(RegisterTable(desk.table.mirror, sampler=sampler, now=now), desk.spy, sampler, now)
    other.look()
    other.taken()
    now.pass_(1)
    desk.write(0, "3")
    assert other.taken()[-1][1] == {0: 3}
    other.table.close()


_anything = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3), max_leaves=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["kind", "act", "view", "visible", "rows", "seen", "all", "row", "field", "text", "radix", "bit", "to", "index", "tag"]
        ),
        _anything | st.just(float("nan")) | st.sampled_from(["write", "toggle", "read"]),
    ),
    st.sampled_from(["beat", "hello", "bye", "do", "preview", "line", "text", "find", "other"]),
)
def test_no_message_harms_the_table(desk: Desk, content: dict[str, Any], kind: str) -> None:
    desk.table.send = lambda content, buffers=None: None
    desk.table._handle_custom_msg({**content, "kind": kind}, [])
    desk.table._handle_custom_msg(content, [])
    desk.table.set_state(
        {name: content.get("text") for name in ("radix", "radices", "columns", "starred", "verify", "ruler", "read_only", "sheet")}
    )
    assert not desk.table.read_only
    desk.now.pass_(0.1)
    desk.sampler.turn()


def test_frames_leave_one_at_a_time_whoever_changes(desk: Desk) -> None:
    desk.table._outbox = Outbox()
    desk.look()
    inside = threading.Lock()
    clashes: list[str] = []

    def send(content: dict[str, Any], buffers: Any = None) -> None:
        if not inside.acquire(blocking=False):
            clashes.append(content["kind"])
            return
        desk.now.pass_(0.2)
        inside.release()

    desk.table.send = send
    threads = [threading.Thread(target=lambda n=n: [desk.write_plain(n, value) for value in range(50)]) for n in range(3)]  # type: ignore[misc]
    desk.write_plain = lambda n, value: desk.table._handle_custom_msg(
        {"kind": "do", "act": "write", "row": 0, "text": str(value), "tag": f"{n}"}, []
    )  # type: ignore[attr-defined]
    for thread in threads:
        thread.start()
    for _ in range(50):
        desk.sampler.turn()
    for thread in threads:
        thread.join()
    assert desk.table._outbox.drain(10)
    assert desk.table._outbox.close(10)
    assert clashes == []


@pytest.mark.parametrize("rate", [-1, 0.01, 1000, float("nan")])
def test_a_rate_out_of_range_is_refused(desk: Desk, rate: float) -> None:
    with pytest.raises(ValueError, match=r"^RegisterTable expected a rate of 0.1 to 200 reads a second \(or 0 for none unasked\), not "):
        RegisterTable(desk.table.mirror, rate=rate)


def test_another_source_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^RegisterTable expected a Mirror, a RegisterMap or an IP with registers, not int: 3$"):
        RegisterTable(3)


# Actions.


def test_what_a_write_would_put_on_the_bus_is_told_and_not_done(desk: Desk) -> None:
    answer = desk.ask("preview", act="write", row=0, text="0x81")
    assert answer["steps"] == [["write", "0x0", "0x81", "0x0"]]
    answer = desk.ask("preview", act="write", row=0, field="MODE", text="2")
    assert [step[:2] for step in answer["steps"]] == [["read", "0x0"], ["write", "0x0"]]
    assert (answer["steps"][1][2:], answer["line"]) == (["0x20", "0xffffff8f"], "registers.CTRL.write_field('MODE', 2)")
    desk.table.verify = True
    assert desk.ask("preview", act="write", row=0, text="1")["steps"] == [["write", "0x0", "0x1", "0x0"], ["read", "0x0", None, "0x0"]]
    assert desk.ask("preview", act="write", row=0, text="nine")["error"].startswith("'nine' is not a number")
    assert desk.spy.log == []


def test_a_verified_write_is_read_back_and_a_difference_is_a_state(desk: Desk) -> None:
    desk.table.verify = True
    assert desk.write(0, "5")["line"] == "registers.CTRL.write(5, verify=True)"
    assert desk.spy.taken() == [("write", 0, 5), ("read", 0, 4)]
    desk.spy.on_read = lambda address: desk.spy.put(0, 0)
    assert desk.write(0, "7")["error"].startswith("VerifyError: register CTRL holds 0x0 after 0x7 was written")
    assert desk.table.mirror["CTRL"].state == "mismatch"
    assert desk.sent[0][0]["reasons"] == [[0, desk.table.mirror["CTRL"].reason]]


TOGGLED = (
    RegisterInfo(
        "MIX", 0, 32, "read-write", (FieldInfo("EN", 0, 1), FieldInfo("MODE", 4, 3), FieldInfo("IRQ", 8, 2, write_action="oneToClear"))
    ),
    RegisterInfo("PLAIN", 4),
    RegisterInfo("LOW", 8, 32, "read-write", (FieldInfo("ACK", 0, 2, write_action="zeroToClear"), FieldInfo("RO", 4, 1, "read-only"))),
)


@pytest.fixture
def bits(bus_spy: Any, sampler: Any, now: Any) -> Any:
    desk = Desk(RegisterTable(Mirror(MMIO(BASE, 0x100, device=bus_spy), TOGGLED), sampler=sampler, now=now), bus_spy, sampler, now)
    desk.table.mirror.refresh()
    desk.spy.taken()
    yield desk
    desk.table.close()


@pytest.mark.parametrize(
    ("row", "bit", "to", "held", "log"),
    [
        (0, 0, 1, 0x300, [("read", 0, 4), ("write", 0, 1)]),
        (0, 5, 1, 0x310, [("read", 0, 4), ("write", 0, 0x30)]),
        (0, 9, 0, 0x300, [("read", 0, 4), ("write", 0, 0x200)]),
        (1, 31, 1, 1, [("write", 4, 0x8000_0001)]),
        (2, 1, 0, 3, [("read", 8, 4), ("write", 8, 1)]),
    ],
)
def test_a_bit_is_toggled_and_no_other(bits: Desk, row: int, bit: int, to: int, held: int, log: Any) -> None:
    bits.spy.put(4 * row, held)
    bits.table.mirror.refresh()
    bits.spy.taken()
    assert bits.toggle(row, bit, to)["error"] is None
    assert bits.spy.taken() == log


@pytest.mark.parametrize(
    ("row", "bit", "to", "error"),
    [
        (0, 20, 1, "bit 20 of MIX belongs to no field: nothing was written"),
        (0, 32, 1, "MIX has the bits 0 to 31, each 0 or 1; there is no bit 32 to make 1"),
        (0, 0, 2, "MIX has the bits 0 to 31, each 0 or 1; there is no bit 0 to make 2"),
        (2, 4, 1, "field LOW.RO is read-only: bit 4 was not written"),
    ],
)
def test_a_bit_that_cannot_be_written_says_why(bits: Desk, row: int, bit: int, to: int, error: str) -> None:
    assert bits.toggle(row, bit, to)["error"] == error
    assert bits.spy.taken() == []


def test_a_bit_among_others_that_are_not_known_is_not_guessed(bus_spy: Any, sampler: Any, now: Any) -> None:
    desk = Desk(RegisterTable(Mirror(MMIO(BASE, 0x100, device=bus_spy), TOGGLED), sampler=sampler, now=now), bus_spy, sampler, now)
    told = "PLAIN is not known yet, and its other bits would be written too: read it first, or type the whole value"
    assert desk.toggle(1, 3, 1)["error"] == f"{told}"
    assert bus_spy.taken() == []
    desk.table.close()


def test_a_table_that_only_shows_changes_nothing_whatever_a_page_says(desk: Desk) -> None:
    desk.table.read_only = True
    told = "this table only shows (read_only): CTRL was not written"
    assert desk.write(0, "1")["error"] == told
    assert desk.toggle(0, 0, 1)["error"] == told.replace("CTRL", "CTRL.EN")
    told = "this table only shows (read_only), and reading changes DATA: FIFO was not read"
    assert desk.ask("do", act="read", row=2)["error"] == told
    desk.table.set_state({"read_only": False})
    assert desk.table.read_only
    assert desk.spy.taken() == []
    assert desk.ask("do", act="read", row=1)["error"] is None


def test_what_a_page_sets_wrongly_stays_as_it_was_and_the_page_is_told(desk: Desk) -> None:
    told: list[str] = []
    desk.table.send_state = told.append  # type: ignore[method-assign]
    desk.table.set_state({"radix": "octal", "columns": ["name", 3], "starred": ["NOPE"], "radices": {"CTRL.NOPE": "dec"}, "verify": "yes"})
    assert told == ["radix", "columns", "starred", "radices", "verify"]
    assert (desk.table.radix, desk.table.starred, desk.table.radices, desk.table.verify) == ("hex", [], {}, False)
    desk.table.set_state({"radix": "bin", "columns": ["state", "name"], "starred": ["STATUS"], "radices": {"CTRL.MODE": "dec"}})
    assert (desk.table.columns, desk.table.starred) == (["name", "value", "state"], ["STATUS"])


def test_what_python_sets_wrongly_says_what_is_near(desk: Desk) -> None:
    with pytest.raises(traitlets.TraitError, match=r"^no register 'STATSU' \(did you mean 'STATUS'\?\)$"):
        desk.table.starred = ["STATSU"]
    with pytest.raises(traitlets.TraitError, match=r"^radices: register CTRL has no field 'MOED'$"):
        desk.table.radices = {"CTRL.MOED": "dec"}


@pytest.mark.parametrize(
    ("radix", "text", "value", "literal"),
    [
        ("signed", "-2", 0xFFFF_FFFE, "4294967294"),
        ("float", "1.5", 0x3FC0_0000, "0x3fc00000"),
        ("bin", "12", 12, "0b1100"),
        ("dec", "0x10", 16, "16"),
    ],
)
def test_a_value_is_typed_in_the_way_it_is_shown(desk: Desk, radix: str, text: str, value: int, literal: str) -> None:
    assert desk.write(0, text, radix=radix)["line"] == f"registers.CTRL.write({literal})"
    assert desk.spy.word(0) == value


def test_a_filter_by_change_reads_all_once_a_second(desk: Desk) -> None:
    desk.look([1], all=True)
    desk.sampler.turn()
    assert desk.spy.taken() == [("read", 0, 8), ("read", 16, 12)]
    desk.now.pass_(0.1)
    desk.sampler.turn()
    assert desk.spy.taken() == [("read", 4, 4)]
    desk.now.pass_(1)
    desk.sampler.turn()
    assert desk.spy.taken() == [("read", 0, 8), ("read", 16, 12)]
    desk.look([1])
    desk.now.pass_(1)
    desk.sampler.turn()
    assert desk.spy.taken() == [("read", 4, 4)]


def test_an_absurd_beat_is_cut(desk: Desk) -> None:
    desk.say(kind="beat", view="v", visible=True, rows=[1] * 1_000_000, seen=10**30)
    desk.sampler.turn()
    assert desk.spy.taken() == [("read", 4, 4)]


# The line of Python.


class Notes:
    """An IP with notes, as far as a table looks."""

    def __init__(self, mirror: Mirror, path: str) -> None:
        self.registers = mirror
        self.description = {"fullpath": path}

    def register_notes(self) -> Any:
        labels = {0: "off", 1: "slow", 5: "fast"}
        note = SimpleNamespace(trait="mode", unit="", scale=None, format="enum", labels=labels)
        return {
            "CTRL": {"MODE": note},
            "STATUS": {"": SimpleNamespace(unit="°C", scale=0.5, format="signed", labels={})},
            "GONE": {"": note},
        }


@pytest.mark.parametrize(
    ("path", "expression", "line"),
    [
        ("hier/ip", None, "ol.hier.ip.registers.CTRL.write_field('EN', 1)"),
        ("hier/2nd", None, "ol['hier/2nd'].registers.CTRL.write_field('EN', 1)"),
        ("hier/ip", "ip", "ip.registers.CTRL.write_field('EN', 1)"),
    ],
)
def test_the_line_names_the_ip(desk: Desk, path: str, expression: str | None, line: str) -> None:
    other = Desk(
        RegisterTable(Notes(desk.table.mirror, path), sampler=desk.sampler, now=desk.now, expression=expression),
        desk.spy,
        desk.sampler,
        desk.now,
    )
    assert other.ask("line", act="write", row=0, field="EN", text="1")["line"] == line
    assert other.ask("line", act="read", row=5)["line"] == line.partition(".registers")[0] + ".registers['<b>&'].read()"
    assert desk.spy.log == []
    other.table.close()


def test_notes_of_the_driver_are_in_the_sheet_and_labels_can_be_typed(desk: Desk) -> None:
    other = Desk(RegisterTable(Notes(desk.table.mirror, "ip"), sampler=desk.sampler, now=desk.now), desk.spy, desk.sampler, desk.now)
    assert other.facts()["notes"] == [
        [0, "MODE", {"trait": "mode", "format": "enum", "labels": [[0, "off"], [1, "slow"], [5, "fast"]]}],
        [1, "", {"unit": "°C", "format": "signed", "scale": 0.5}],
    ]
    assert other.write(0, "Fast", "MODE", radix="enum")["error"] is None
    assert desk.spy.word(0) == 0x50
    told = "'fats' is no label and no number; expected 'fast', … or a number"
    assert other.write(0, "fats", "MODE", radix="enum")["error"] == told
    other.table.close()


def test_a_register_map_is_written_in_pynqs_way(bus_spy: Any, sampler: Any, now: Any) -> None:
    registers = {"CR": {"address_offset": 0, "size": 32, "access": "read-write", "description": "", "fields": {}}}
    source = RegisterMap.create_subclass("demo", registers)(MMIO(BASE, 0x100, device=bus_spy))
    desk = Desk(RegisterTable(source, sampler=sampler, now=now, expression="rm"), bus_spy, sampler, now)
    line = desk.ask("line", act="write", row=0, text="0x12")["line"]
    assert (line, desk.ask("line", act="read", row=0)["line"]) == ("rm.CR[:] = 0x12", "rm.CR[:]")
    exec(line, {"rm": source})
    assert bus_spy.word(0) == 0x12
    desk.table.close()


def test_a_driver_whose_notes_fail_has_a_table_all_the_same(desk: Desk, caplog: Any) -> None:
    source = Notes(desk.table.mirror, "ip")
    source.register_notes = lambda: 1 / 0  # type: ignore[method-assign]
    RegisterTable(source, sampler=desk.sampler).close()
    assert "Notes.register_notes() failed" in caplog.text
