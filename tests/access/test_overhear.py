"""A mirror hears of what others put on the bus through the same MMIO, while somebody wants it."""

import threading

import pytest

from pynq_widgets.access import MMIO, Mirror, RegisterMap
from pynq_widgets.access.describe import FieldInfo, RegisterInfo

ACTING = (FieldInfo("DONE", 0, 1, write_action="oneToClear"), FieldInfo("EN", 4, 1))
REGISTERS = [
    RegisterInfo("CTRL", 0, fields=(FieldInfo("EN", 0, 1), FieldInfo("MODE", 4, 4))),
    RegisterInfo("DATA", 4),
    RegisterInfo("WIDE", 8, 64),
    RegisterInfo("STATUS", 16, fields=ACTING),
    RegisterInfo("FIFO", 20, reads_destroy=True),
]
ENTRIES = {
    info.name: {
        "address_offset": info.offset,
        "size": info.width,
        "access": info.access,
        "description": "",
        "fields": {
            f.name: {"bit_offset": f.bit_offset, "bit_width": f.bit_width, "access": f.access, "description": ""} for f in info.fields
        },
    }
    for info in REGISTERS
}


@pytest.fixture
def setting(any_spy):
    mmio = MMIO(0x4000_0000, 0x100, device=any_spy)
    mirror = Mirror(mmio, REGISTERS)
    told = []
    mirror.observe(lambda names: told.append(sorted(names)))
    return mmio, mirror, told


def test_words_and_blocks_of_others_are_known_and_told_once(setting):
    mmio, mirror, told = setting
    undo = mirror.overhear()
    mmio.write(4, 7)
    assert (mirror.DATA.value, mirror.DATA.state) == (7, "written")
    assert mmio.read(4) == 7
    assert (mirror.DATA.value, mirror.DATA.state) == (7, "read")
    mmio.write(8, (1 << 40 | 5).to_bytes(8, "little"))
    assert mirror.WIDE.value == 1 << 40 | 5
    assert told == [["DATA"], ["DATA"], ["WIDE"]]
    undo()
    undo()
    mmio.write(4, 9)
    assert mirror.DATA.value == 7
    assert told == [["DATA"], ["DATA"], ["WIDE"]]


def test_a_part_of_a_wide_register_leaves_what_is_known_of_it_stale(setting):
    mmio, mirror, told = setting
    mirror.WIDE.write(3)
    mirror.overhear()
    mmio.write(12, 1)
    assert (mirror.WIDE.value, mirror.WIDE.state, mirror.WIDE.reason) == (3, "stale", "a part of it was written")
    assert told == [["WIDE"], ["WIDE"]]


def test_a_field_of_a_register_map_is_told_after_the_lock_is_free(setting):
    mmio, mirror, told = setting
    registers = RegisterMap.create_subclass("Map", ENTRIES)(mmio)
    free = []

    def look(names):
        taker = threading.Thread(target=lambda: free.append(mmio._port.lock.acquire(timeout=5) and (mmio._port.lock.release() or True)))
        taker.start()
        taker.join()

    mirror.observe(look)
    mirror.overhear()
    registers.CTRL.MODE = 3
    assert (mirror.CTRL.value, told, free) == (0x30, [["CTRL"]], [True])
    registers.CTRL[7:4] = 5
    assert (mirror.CTRL.value, told, free) == (0x50, [["CTRL"], ["CTRL"]], [True, True])


def test_under_a_lock_of_the_callers_the_news_waits_for_the_next_access(setting):
    mmio, mirror, told = setting
    mirror.overhear()
    with mmio._port.lock:
        mmio.write(0, 1)
        mmio.write(4, 2)
        assert told == []
        assert mirror.DATA.value == 2
    mmio.read(4)
    assert told == [["CTRL", "DATA"]]


def test_what_a_read_took_is_kept(setting):
    mmio, mirror, _ = setting
    mirror.overhear()
    mmio.write(20, 0x55)
    taken = mmio.read(20)
    assert (mirror.FIFO.value, mirror.FIFO.state) == (taken, "read")


def test_the_mirrors_own_accesses_are_told_once_and_cost_no_more(setting, any_spy):
    _, mirror, told = setting
    mirror.overhear()
    mirror.DATA.write(5)
    mirror.refresh(["DATA"])
    mirror.CTRL.write_field("EN", 1)
    assert told == [["DATA"], ["DATA"], ["CTRL"]]


def test_an_acting_bit_that_others_write_is_worked_out(setting):
    mmio, mirror, _ = setting
    mirror.STATUS.write(0x10)
    mirror.overhear()
    mmio.write(16, 0x11)
    assert mirror.STATUS.value == 0x10


def test_two_ears_and_an_end(setting):
    mmio, mirror, told = setting
    other = Mirror(mmio, REGISTERS)
    heard = []
    other.observe(lambda names: heard.append(sorted(names)))
    first, second = mirror.overhear(), other.overhear()
    third = mirror.overhear()
    mmio.write(0, 1)
    assert (told, heard) == ([["CTRL"]], [["CTRL"]])
    first()
    mmio.write(0, 2)
    assert (len(told), len(heard)) == (2, 2)
    third()
    mmio.write(0, 3)
    assert (len(told), len(heard)) == (2, 3)
    second()


def test_what_has_gone_has_gone_for_both(setting):
    mmio, mirror, _ = setting
    mirror.overhear()
    mmio.invalidate("it was freed")
    for access in (lambda: mmio.read(0), lambda: mirror.DATA.read(), lambda: mirror.refresh()):
        with pytest.raises(RuntimeError, match="has gone: it was freed"):
            access()


def test_hearing_no_more_does_not_revive_what_has_gone(setting):
    mmio, mirror, _ = setting
    undo = mirror.overhear()
    mmio.invalidate("it was freed")
    undo()
    with pytest.raises(RuntimeError, match="has gone: it was freed"):
        mmio.read(0)
