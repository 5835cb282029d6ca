"""Rails and sensors, from a made-up ``/sys/class/hwmon``."""

from __future__ import annotations

import os

import pytest

from pynq_widgets.access import hwmon, pmbus, ps
from pynq_widgets.access.pmbus import DerivedPowerSensor, MultiSensor, Rail, Sensor, SysFSSensor, get_rails
from pynq_widgets.device import ReplayDevice, SimulatedDevice


class Machine:
    """A root folder with sensors; a chip is a folder that links to where it is on its bus."""

    def __init__(self, root):
        self.root = root
        (root / "sys/class/hwmon").mkdir(parents=True)
        self.count = 0

    def chip(self, kind, where, **files):
        place = self.root / "sys/devices" / where
        folder = self.root / "sys/class/hwmon" / f"hwmon{self.count}"
        self.count += 1
        folder.mkdir()
        if where:
            place.mkdir(parents=True)
            os.symlink(place, folder / "device")
        (folder / "name").write_text(kind + "\n")
        for name, text in files.items():
            (folder / name).write_text(f"{text}\n")
        return folder

    def adapter(self, number, name):
        folder = self.root / f"sys/class/i2c-adapter/i2c-{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(name + "\n")

    def configure(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Zynq UltraScale+ on which no device is chosen."""
    monkeypatch.setattr(hwmon, "ROOT", str(tmp_path))
    monkeypatch.setattr(ps, "CPU_ARCH", ps.ZU_ARCH)
    monkeypatch.setattr(ps, "_OF_XILINX", True)
    return Machine(tmp_path)


def test_rails_have_the_names_of_the_configuration(machine):
    machine.adapter(9, "i2c-1-mux (chan_id 2)")
    machine.chip("irps5401", "9-0043", in1_input=12000, in2_input=850, curr2_input=1500, power2_input=1_275_000, temp1_input=40000)
    machine.chip("ina226", "9-0040", in0_input=5, in1_input=12100, curr1_input=500, power1_average=6_050_000)
    machine.configure(
        "etc/sensors.d/board.conf",
        """bus "i2c-4" "i2c-1-mux (chan_id 2)"
           chip "*-i2c-4-43"
             ignore in1
             label in2 "INT"
             label curr2 "INT"
             label power2 "INT"
           chip "*-i2c-4-40"
             ignore in0
             label in1 "12V"
             label curr1 "12V"
             label power1 "12V"
             compute curr1 @*2, @/2
        """,
    )
    rails = get_rails()
    assert list(rails) == ["INT", "12V"]
    rail = rails["INT"]
    assert (rail.name, rail.voltage.name, rail.current.name, rail.power.name) == ("INT", "INT_voltage", "INT_current", "INT_power")
    assert (rail.voltage.value, rail.current.value, rail.power.value) == (0.85, 1.5, 1.275)
    assert (rails["12V"].current.value, rails["12V"].power.value) == (1.0, 6.05)
    assert repr(rail) == (
        "Rail {name=INT, voltage=Sensor {name=INT_voltage, value=0.85V}, current=Sensor {name=INT_current, value=1.5A}, "
        "power=Sensor {name=INT_power, value=1.275W}}"
    )
    with pytest.raises(KeyError, match=r"there is no rail 'int' \(did you mean 'INT'\?\)"):
        rails["int"]


def test_labels_of_the_kernel_and_names_of_features(machine):
    machine.chip("xadc", "f8007100.adc", in1_input=1000, in1_label="vccint", curr1_input=200, curr1_label="vccint")
    machine.chip("ina219", "0-0041", in1_input=5000)
    machine.chip("ina219", "0-0044", in1_input=3300)
    machine.chip("dac", "spi1.2", in3_input=1)
    machine.chip("meter", "meter.17", in4_input=1)
    machine.chip("battery", "", in0_input=3700)
    machine.chip("acpitz", "", temp1_input=30000)
    rails = get_rails()
    assert list(rails) == ["vccint", "in1", "in1 (ina219-i2c-0-44)", "in3", "in4", "in0"]
    assert isinstance(rails["vccint"].power, DerivedPowerSensor)
    assert rails["vccint"].power.value == pytest.approx(0.2)
    assert rails["in1"].power is None
    assert rails["in1 (ina219-i2c-0-44)"].voltage.value == 3.3
    assert [chip.name for chip in hwmon.chips(pmbus_configuration())] == [
        "xadc-isa-0000",
        "ina219-i2c-0-41",
        "ina219-i2c-0-44",
        "dac-spi-1-2",
        "meter-isa-0011",
        "battery-virtual-0",
    ]


def pmbus_configuration():
    from pynq_widgets.access.sensors_conf import Configuration

    return Configuration()


def test_old_kernels_have_their_files_below_the_device(machine):
    folder = machine.chip("", "3-0048")
    (folder / "name").unlink()
    (folder / "device" / "name").write_text("ltc2978\n")
    (folder / "device" / "in1_input").write_text("900\n")
    assert get_rails()["in1"].voltage.value == 0.9


def test_a_configuration_of_ones_own(machine, tmp_path):
    machine.chip("ina226", "0-0040", in1_input=1000)
    machine.configure("etc/sensors3.conf", 'chip "*"\n label in1 "system"')
    own = tmp_path / "own.conf"
    own.write_text('chip "*"\n label in1 "own"')
    assert (list(get_rails()), list(get_rails(own)), list(get_rails(str(own)))) == (["system"], ["own"], ["own"])
    own.write_text("what?")
    with pytest.raises(ValueError, match=r"own\.conf, line 1: '\?' is not understood"):
        get_rails(own)
    with pytest.raises(FileNotFoundError):
        get_rails(tmp_path / "none.conf")
    machine.configure("etc/sensors.d/broken", "what?")
    machine.configure("etc/sensors.d/.hidden", "what?")
    with pytest.warns(UserWarning, match=r"^names of rails are not taken from there: .*broken, line 1: "):
        assert list(get_rails()) == ["system"]


def test_a_machine_without_sensors_says_so(machine):
    with pytest.raises(KeyError, match="there is no rail 'INT': Linux shows no sensor of voltage, current or power below /sys/class/hwmon"):
        get_rails()["INT"]


def test_a_simulated_device_has_no_rails(machine, active_device, tmp_path):
    machine.chip("ina226", "0-0040", in1_input=1000)
    device = active_device(SimulatedDevice("here"))
    rails = get_rails()
    assert rails == {}
    with pytest.raises(KeyError, match="there is no rail 'INT': device 'here' is simulated, and its power is not"):
        rails["INT"]
    device.get_rails = lambda: {"core": Rail("core")}
    assert list(get_rails()) == ["core"]
    with pytest.raises(KeyError, match=r"there is no rail 'INT' \(it has core\)"):
        get_rails()["INT"]


def test_whose_rails(machine, bus_spy, monkeypatch):
    machine.chip("ina226", "0-0040", in1_input=1000)
    assert list(get_rails(device=bus_spy)) == ["in1"]
    bus_spy.capabilities = {"REMOTE": True}
    assert get_rails(device=bus_spy).reason.startswith("device 'bus spy' is another machine, and does not tell its rails")
    bus_spy.kind = "replay"
    assert get_rails(device=bus_spy).reason == "device 'bus spy' is a recording, and its power is not"
    assert ReplayDevice.kind == "replay"
    monkeypatch.setattr(ps, "CPU_ARCH", "x86_64")
    assert "is simulated" in get_rails().reason, "the sensors of somebody's laptop are not the board's"


def test_a_sensor_that_fails(machine):
    folder = machine.chip("ina226", "0-0040", in1_input=1000, curr1_input=1)
    own = machine.configure("own.conf", 'chip "*"\n compute in1 @/(@-1), @\n compute curr1 in1 + in9, @')
    rails = get_rails(own)
    with pytest.raises(ValueError, match="the formula of in1 of ina226-i2c-0-40 has no result for 1: float division by zero"):
        rails["in1"].voltage.value
    assert repr(rails["in1"].voltage).startswith("Sensor {name=in1_voltage, value=unknown: the formula")
    (folder / "in1_input").write_text("3000\n")
    assert rails["in1"].voltage.value == 1.5
    with pytest.raises(ValueError, match=r"ina226-i2c-0-40 has no feature 'in9' \(it has curr1, in1\)"):
        rails["curr1"].current.value
    (folder / "in1_input").unlink()
    with pytest.raises(FileNotFoundError):
        rails["in1"].voltage.value


def test_a_formula_that_needs_itself(machine):
    machine.chip("ina226", "0-0040", in1_input=1000, curr1_input=1)
    own = machine.configure("own.conf", 'chip "*"\n compute in1 curr1*2, @\n compute curr1 in1, @')
    with pytest.raises(ValueError, match="the formula of in1 of ina226-i2c-0-40 needs its own value: in1 → curr1 → in1"):
        get_rails(own)["in1"].voltage.value


def test_sensors_of_files(tmp_path):
    path = tmp_path / "power1_input"
    path.write_text("2500000\n")
    sensor = SysFSSensor(str(path), "W", "all", 0.000001)
    assert (sensor.value, sensor.get_value(), sensor.get_value([]), sensor.name, sensor.unit, sensor.parents) == (
        2.5,
        2.5,
        2.5,
        "all",
        "W",
        (),
    )
    assert repr(sensor) == "Sensor {name=all, value=2.5W}"
    path.unlink()
    assert repr(sensor).startswith("Sensor {name=all, value=unknown: ")


def test_several_at_once_read_what_they_share_once(tmp_path):
    class Counted(Sensor):
        reads = 0

        def get_value(self, parents=None):
            type(self).reads += 1
            return 2.0

    voltage = Counted(None, "in1", "V", "v")
    power = DerivedPowerSensor("p", voltage, voltage)
    assert MultiSensor([voltage, power, power]).get_values() == (2.0, 4.0, 4.0)
    assert Counted.reads == 1
    assert power.value == 4.0
    assert power.unit == "W"
    assert repr(power) == "Sensor {name=p, value=4.0W}"


def test_the_public_names_are_pynqs():
    assert {"DataRecorder", "DerivedPowerSensor", "MultiSensor", "Rail", "Sensor", "SysFSSensor", "get_rails"} <= set(pmbus.__all__)
