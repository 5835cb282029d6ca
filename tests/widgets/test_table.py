"""The kernel's side of the register table: what it reads, what it sends, what it answers."""

from __future__ import annotations

import struct
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynq_widgets.access import Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.access.mmio import MMIO
from pynq_widgets.widgets import RegisterTable

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
        for head, low, high in struct.iter_unpack("<3I", buffers[0]) if buffers else ():
            rows[head & 0xFFFFFF] = low | high << 32 if head >> 31 else None
        self.sent.append((content, rows))

    def say(self, **content: Any) -> None:
        self.table._handle_custom_msg(content, [])

    def look(self, rows: Any = (0, 1, 2, 3, 4, 5), view: str = "v", **more: Any) -> None:
        self.say(kind="beat", view=view, visible=True, rows=list(rows), **more)

    def write(self, row: int, text: str, field: str | None = None) -> Any:
        self.sent.clear()
        self.say(kind="write", row=row, field=field, text=text, tag="t")
        return next(content for content, _ in self.sent if content["kind"] == "ack")

    def taken(self) -> list[tuple[dict[str, Any], dict[int, int | None]]]:
        sent, self.sent = self.sent, []
        return sent


@pytest.fixture
def desk(bus_spy: Any, sampler: Any, now: Any) -> Any:
    mirror = Mirror(MMIO(BASE, 0x100, device=bus_spy), REGISTERS)
    desk = Desk(RegisterTable(mirror, title="demo", sampler=sampler, now=now), bus_spy, sampler, now)
    yield desk
    desk.table.close()


def test_making_and_opening_a_table_touches_no_hardware(desk: Desk) -> None:
    desk.say(kind="hello", view="v", rows=[0, 1])
    assert desk.spy.log == []
    content, rows = desk.taken()[0]
    assert rows == dict.fromkeys(range(6))
    assert (content["kind"], content["live"], content["stride"]) == ("frame", False, 3)


def test_rows_tell_what_the_page_needs(desk: Desk) -> None:
    rows = desk.table.registers
    assert [row["name"] for row in rows] == ["CTRL", "STATUS", "FIFO", "KEY", "WIDE", "<b>&"]
    assert rows[0]["address"] == "0x40000000"
    assert [field["name"] for field in rows[0]["fields"]] == ["EN", "MODE"]
    assert (rows[2]["guard"], rows[3]["guard"]) == ("reading changes DATA", "write-only")


def test_only_what_is_looked_at_is_read_and_never_a_guarded_word(desk: Desk) -> None:
    desk.look([1, 2, 3])
    desk.sampler.turn()
    assert desk.spy.taken() == [("read", 4, 4)]
    desk.look()
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
    assert answer == {"kind": "ack", "tag": "t", "error": None, "said": "CTRL was written: 0x15"}
    assert desk.spy.taken() == [("write", 0, 0x15)]
    kinds = [content["kind"] for content, _ in desk.sent]
    assert kinds[-1] == "ack", "what is in the mirror is sent before it is said to be done"
    assert desk.sent[-2][1] == {0: 0x15}


def test_a_field_that_is_typed_leaves_the_others(desk: Desk) -> None:
    desk.spy.put(0, 0x71)
    assert desk.write(0, "0b010", "MODE")["error"] is None
    assert desk.spy.taken() == [("read", 0, 4), ("write", 0, 0x21)]


@pytest.mark.parametrize(
    ("row", "text", "field", "error"),
    [
        (0, "abc", None, "ValueError: 'abc' is not a number; expected decimal, 0x… or 0b…, as in 26, 0x1A, 0b1_1010"),
        (0, "0x1_0000_0000", None, "ValueError: CTRL expected 0 to 0xffffffff (32 bits), got 4294967296: nothing was written"),
        (0, "8", "MODE", "ValueError: CTRL.MODE expected 0 to 0x7 (3 bits), got 8: nothing was written"),
        (0, "1", "MOED", "KeyError: register CTRL has no field 'MOED' (did you mean 'MODE'?)"),
        (1, "1", None, "AttributeError: register STATUS is read-only: 0x1 was not written"),
        (99, "1", None, "ValueError: this table has no row 99"),
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
    desk.say(kind="read", row=2, tag="r")
    assert desk.spy.taken() == [("read", 8, 4)]
    assert desk.sent[-1][0] == {"kind": "ack", "tag": "r", "error": None, "said": "FIFO is 0xab"}


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
    assert desk.sent[-2][1] == {4: 0x0123_4567_89AB_CDEF}


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
    st.dictionaries(st.sampled_from(["kind", "view", "visible", "rows", "seen", "row", "field", "text", "tag"]), _anything),
    st.sampled_from(["beat", "hello", "bye", "write", "read", "other"]),
)
def test_no_message_harms_the_table(desk: Desk, content: dict[str, Any], kind: str) -> None:
    desk.table._handle_custom_msg({**content, "kind": kind}, [])
    desk.table._handle_custom_msg(content, [])
    desk.now.pass_(0.1)
    desk.sampler.turn()


def test_frames_leave_one_at_a_time_whoever_changes(desk: Desk) -> None:
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
    desk.write_plain = lambda n, value: desk.table._handle_custom_msg({"kind": "write", "row": 0, "text": str(value), "tag": f"{n}"}, [])  # type: ignore[attr-defined]
    for thread in threads:
        thread.start()
    for _ in range(50):
        desk.sampler.turn()
    for thread in threads:
        thread.join()
    assert clashes == []


@pytest.mark.parametrize("rate", [-1, 0.01, 1000, float("nan")])
def test_a_rate_out_of_range_is_refused(desk: Desk, rate: float) -> None:
    with pytest.raises(ValueError, match=r"^RegisterTable expected a rate of 0.1 to 200 reads a second \(or 0 for none unasked\), not "):
        RegisterTable(desk.table.mirror, rate=rate)


def test_another_source_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^RegisterTable expected a Mirror, a RegisterMap or an IP with registers, not int: 3$"):
        RegisterTable(3)
