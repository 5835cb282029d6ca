"""Whole overlays: snapshots, their configuration saved and restored, and watches over several IPs, with no driver made for any of it."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from pynq_widgets import DefaultIP, Overlay, SimulatedDevice, StaleOverlayError, VirtualClock
from pynq_widgets.access.planner import Guards
from pynq_widgets.device.contract import Device
from pynq_widgets.live import Sampler, StateError
from pynq_widgets.overlay.mirrors import mirror_of, mirrors

CORE = "me.org:test:core:1.0"
BASE = 0x43C0_0000
PATIENCE = 20


@pytest.fixture
def overlay(small, device):
    return Overlay(small, device=device)


def test_a_snapshot_of_all_and_of_some(overlay, device):
    whole = overlay.snapshot()
    assert whole.to_dict() == {path: {"CTRL": 0, "STATUS": 0} for path in ("core", "hier/core", "hier/other")}
    assert whole.name == "small"
    assert whole.types["hier/other"] == "me.org:test:other:2.1"
    assert device.bus == [("read", BASE), ("read", BASE + 0x1_0000), ("read", BASE + 0x2_0000)]
    device.log.clear()
    assert list(overlay.snapshot("hier")) == ["hier/core", "hier/other"]
    assert list(overlay.hier.snapshot()) == ["hier/core", "hier/other"]
    assert list(overlay.snapshot("hier/other", "core")) == ["core", "hier/other"]
    assert len(device.bus) == 6
    with pytest.raises(KeyError, match="did you mean 'core'"):
        overlay.snapshot("cor")


def test_no_driver_is_made_and_the_driver_made_later_has_the_same_mirror(small, device):
    made = []

    class Careful(DefaultIP):
        bindto = [CORE]
        guards = {"STATUS": "reading it starts the motor"}

        def __init__(self, description):
            super().__init__(description)
            made.append(self)

    overlay = Overlay(small, device=device)
    before = overlay.snapshot()
    assert made == []
    assert before.left_out["core"] == {"STATUS": "reading it starts the motor"}
    assert BASE + 4 not in [entry[1] for entry in device.bus]
    mirror = mirror_of(overlay._get_tree().descriptions.ip("core"))
    assert overlay.core.registers is mirror
    assert mirror["CTRL"].state == "read"


def test_what_changed(overlay):
    before = overlay.snapshot()
    overlay.hier.core.write(0, 0x11)
    assert (overlay.snapshot() - before).to_dict() == {"hier/core": {"CTRL": {"before": 0, "after": 0x11, "fields": {}}}}


def test_one_that_has_gone(overlay, small, device):
    before = overlay.snapshot()
    Overlay(small, device=device)
    for touch in (
        overlay.snapshot,
        lambda: overlay.save("state.yaml"),
        lambda: overlay.restore(before),
        lambda: overlay.watch("core.CTRL"),
    ):
        with pytest.raises(StaleOverlayError, match="loaded again as another Overlay object"):
            touch()


def test_saved_and_restored(overlay, device, tmp_path):
    overlay.core.write(0, 0x11)
    overlay.hier.other.write(0, 0x22)
    saved = overlay.save(tmp_path / "state.yaml")
    assert saved.registers == 3
    assert saved.left_out == {path: {"STATUS": "it is read-only"} for path in ("core", "hier/core", "hier/other")}
    overlay.core.write(0, 0)
    overlay.hier.other.write(0, 0)
    device.log.clear()
    planned = overlay.restore(str(tmp_path / "state.yaml"), dry_run=True)
    assert [write.path for write in planned.written] == ["core", "hier/other"]
    assert [entry for entry in device.bus if entry[0] == "write"] == []
    report = overlay.restore(tmp_path / "state.yaml")
    assert [entry for entry in device.bus if entry[0] == "write"] == [
        ("write", BASE, b"\x11\x00\x00\x00"),
        ("write", BASE + 0x2_0000, b"\x22\x00\x00\x00"),
    ]
    assert report.complete


def test_a_driver_states_what_is_configuration_and_in_which_order(small, device, tmp_path):
    class First(DefaultIP):
        bindto = [CORE]

        @classmethod
        def configuration(cls, description):
            return {"CTRL": description["fullpath"] == "core"}

    overlay = Overlay(small, device=device)
    saved = overlay.save(tmp_path / "state.yaml")
    assert list(saved.state.values) == ["core", "hier/other"]
    assert saved.left_out["hier/core"]["CTRL"] == "its driver says that it is not configuration"


def test_another_design_is_refused(overlay, write_design, device, tmp_path):
    overlay.save(tmp_path / "state.yaml")
    other = Overlay(write_design({"motor": "me.org:test:motor:1.0"}, "motors"), device=device)
    device.log.clear()
    with pytest.raises(StateError) as caught:
        other.restore(tmp_path / "state.yaml")
    assert "it is of design small, and no IP of it is in motors: core: motors has no IP 'core' with registers (it has motor)" in str(
        caught.value
    )
    assert device.bus == []


def test_an_ip_of_another_type_is_left_out(overlay, write_design, device, tmp_path):
    overlay.core.write(0, 5)
    overlay.hier.other.write(0, 6)
    before = overlay.snapshot()
    again = Overlay(write_design({"core": "me.org:test:else:1.0", "hier/other": "me.org:test:other:3.0"}, "next"), device=device)
    device.words.clear()
    report = again.restore(before)
    assert report.left_out["core"]["CTRL"] == "it is a me.org:test:else:1.0 here, and was a me.org:test:core:1.0"
    assert [(write.path, write.register, write.after) for write in report.written] == [("hier/other", "CTRL", 6)]


@pytest.mark.parametrize("source", [3, None, {}])
def test_only_files_and_snapshots_are_restored(overlay, source):
    with pytest.raises(TypeError, match=r"restore takes a file that save\(\) wrote, or a snapshot, not the"):
        overlay.restore(source)


# Several IPs in one tick.


@pytest.fixture
def timed(small):
    class Timed(Device):
        capabilities = {"REGISTER_RW": True}
        words: dict[int, int] = {}
        log: list[int] = []
        failing: set[int] = set()

        def download(self, bitstream, parser=None):
            pass

        def read_registers(self, address, length):
            self.log.append(address)
            if address in self.failing:
                raise OSError("the cable is out")
            return b"".join(self.words.get(at, 0).to_bytes(4, "little") for at in range(address, address + length, 4))

        def write_registers(self, address, data):
            self.words[address] = int.from_bytes(data, "little")

    device = Timed("timed")
    device.words, device.log, device.failing = {}, [], set()
    device.__dict__["_clock"] = VirtualClock()
    return Overlay(small, device=device)


@pytest.fixture
def sampled(timed):
    """The sampler of that device, without a thread: the test calls ``run_due``."""
    sampler = Sampler.of(timed.device)
    sampler._thread = threading.current_thread()
    return sampler


def test_a_watch_over_several_ips_is_one_tick(timed, sampled):
    told = []
    device = timed.device
    watch = timed.watch("core.CTRL", "hier/core.STATUS", "hier.other.CTRL", rate=10, handler=told.append)
    sampled.run_due()
    assert told == [{"core.CTRL": 0, "hier/core.STATUS": 0, "hier.other.CTRL": 0}]
    assert device.log == [BASE, BASE + 0x1_0004, BASE + 0x2_0000]
    device.words[BASE + 0x1_0004] = 7
    device.failing.add(BASE)
    device.clock.advance(0.1)
    sampled.run_due()
    assert told[1:] == [{"core.CTRL": None, "hier/core.STATUS": 7, "hier.other.CTRL": 0}]
    assert (watch.errors, watch.closed) == (1, False)
    device.failing.clear()
    device.clock.advance(0.1)
    sampled.run_due()
    assert told[2]["core.CTRL"] == 0
    assert timed._get_tree().objects == {}
    watch.close()
    assert sampled.subscriptions == ()


def test_fields_and_errors_of_a_watch(demo_design):
    device = SimulatedDevice("fields", clock=VirtualClock())
    overlay = Overlay(demo_design, device=device)
    sampler = Sampler.of(device)
    sampler._thread = threading.current_thread()
    told = []
    overlay.watch("timer.TCSR0.ARHT0", "timer.TCSR0", handler=told.append)
    mirrors(overlay)["timer"]["TCSR0"].write(0x10)
    sampler.run_due()
    assert told == [{"timer.TCSR0.ARHT0": 1, "timer.TCSR0": 0x10}]
    with pytest.raises(ValueError, match="register CTRL cannot be watched: it is not read unasked"):
        overlay.watch("filter/fir.CTRL")
    with pytest.raises(KeyError, match="has no field 'ARHT1'"):
        overlay.watch("timer.TCSR0.ARHT1")
    with pytest.raises(ValueError, match="nothing to watch"):
        overlay.watch()
    with pytest.raises(TypeError, match="handler must be a function of a dictionary, not the int 3"):
        overlay.watch("timer.TCSR0", handler=3)
    sampler.close()


def test_loading_another_overlay_closes_the_watch(timed, sampled, small):
    errors = []
    watch = timed.watch("core.CTRL", on_error=errors.append)
    sampled.run_due()
    Overlay(small, device=timed.device)
    timed.device.clock.advance(1)
    sampled.run_due()
    assert watch.closed
    assert [type(error) for error in errors] == [StaleOverlayError]


# Real designs.


class Counting(Device):
    """Registers that keep what is written; counts the words that are read."""

    capabilities = {"REGISTER_RW": True}

    def __init__(self):
        super().__init__("counting")
        self.read, self.words = Counter(), {}

    def download(self, bitstream, parser=None):
        pass

    def read_registers(self, address, length):
        self.read.update(range(address, address + length, 4))
        return b"".join(self.words.get(at, 0).to_bytes(4, "little") for at in range(address, address + length, 4))

    def write_registers(self, address, data):
        for at in range(0, len(data), 4):
            self.words[address + at] = int.from_bytes(data[at : at + 4], "little")


def test_no_guarded_word_of_a_real_design_is_read_or_written(hwh_folder, tmp_path):
    seen = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        device = Counting()
        try:
            overlay = Overlay(path, device=device)
        except Exception:
            continue  # those that are no designs have tests of their own
        before = overlay.snapshot()
        saved = overlay.save(tmp_path / "state.yaml")
        held = dict(device.words)
        if saved.registers:
            assert overlay.restore(tmp_path / "state.yaml").written == ()
        for ip, values in saved.state.values.items():
            # Every bit the other way round, and back: what is configuration takes any value, and nothing else changes.
            mirror = mirrors(overlay)[ip]
            for name, value in values.items():
                info = mirror[name].info
                bits = value.bits if value.bits >= 0 else (1 << info.width) - 1
                for half in range(0, info.width, 32):
                    device.words[mirror.port.base + info.offset + half // 8] = bits >> half & 0xFFFF_FFFF
        if saved.registers:
            report = overlay.restore(tmp_path / "state.yaml")
            assert report.complete, report
            assert {at: word for at, word in device.words.items() if word} == {at: word for at, word in held.items() if word}
        for mirror in mirrors(overlay).values():
            infos = [handle.info for handle in mirror.registers.values()]
            guards = Guards(infos)
            for info in infos:
                if guards.why(info) is not None:
                    first = mirror.port.base + info.offset // 4 * 4
                    assert not any(device.read[at] for at in range(first, first + max(4, min(info.width, 1 << 20) // 8), 4)), info
                seen += 1
        assert overlay.snapshot() == before
    assert seen > 1000


def test_the_drivers_state_what_only_they_know():
    drivers = pytest.importorskip("pynq_drivers.axi_dma.driver")
    from pynq_drivers.axi_gpio.driver import AxiGPIO
    from pynq_widgets.live.configuration import stated

    said = stated(drivers.AxiDMA).configuration
    assert said["MM2S_LENGTH"] is said["S2MM_DA"] is said["S2MM_TAILDESC"] is False
    assert "MM2S_DMACR" not in said
    assert stated(AxiGPIO, {"parameters": {"C_ALL_INPUTS": "1"}}).configuration == {"GPIO_DATA": False}
    assert stated(AxiGPIO, {"parameters": {"C_ALL_INPUTS_2": "1"}}).configuration == {"GPIO2_DATA": False}
    assert stated(AxiGPIO, {}).configuration == {}
