"""PYNQ's dictionaries, key by key."""

from __future__ import annotations

from collections.abc import Callable

from pynq_widgets.design import Design

Small = Callable[..., Design]

IP_KEYS = {
    "type", "mem_id", "memtype", "gpio", "interrupts", "parameters", "registers", "driver", "device", "state", "bdtype", "phys_addr",
    "addr_range", "fullpath",
}  # fmt: skip


def test_an_ip_has_pynqs_keys_and_its_ranges(small: Small) -> None:
    entry = small().ip_dict["io/buttons"]
    assert set(entry) == IP_KEYS | {"ranges"}
    assert (entry["type"], entry["phys_addr"], entry["addr_range"], entry["mem_id"], entry["memtype"], entry["fullpath"]) == (
        "xilinx.com:ip:axi_gpio:2.0",
        0x41200000,
        0x10000,
        "S_AXI",
        "REGISTER",
        "io/buttons",
    )
    assert entry["ranges"] == [{"interface": "S_AXI", "block": "Reg", "base": 0x41200000, "size": 0x10000, "kind": "register"}]


def test_parameters_are_the_cores_and_its_interfaces(small: Small) -> None:
    assert small().ip_dict["io/buttons"]["parameters"] == {"C_GPIO_WIDTH": "4", "FREQ_HZ": "100000000"}


def test_registers(small: Small) -> None:
    assert small().ip_dict["io/buttons"]["registers"] == {
        "GPIO DATA": {"address_offset": 0, "size": 4, "access": "read-write", "description": "data", "fields": {}},
        "IP_ISR": {
            "address_offset": 288,
            "size": 2,
            "access": "read-write",
            "description": "status",
            "fields": {
                "Channel-1 status": {"access": "read-write", "bit_offset": 0, "bit_width": 1, "description": "of channel 1"},
                "Channel-2 status": {"access": "read-only", "bit_offset": 1, "bit_width": 1, "description": "of channel 2"},
            },
        },
    }


def test_a_core_with_registers_and_memory_is_both(small: Small) -> None:
    design = small()
    both = [("s_axi_control", "register"), ("s_axi_table", "memory")]
    assert [(r["interface"], r["kind"]) for r in design.ip_dict["scale"]["ranges"]] == both
    assert [(r["interface"], r["kind"]) for r in design.mem_dict["scale"]["ranges"]] == both
    assert design.ip_dict["scale"]["phys_addr"] == 0x43C00000
    assert design.mem_dict["scale"]["phys_addr"] == 0x43C10000


def test_memories(small: Small) -> None:
    design = small()
    assert "bram" not in design.ip_dict
    entry = design.mem_dict["bram"]
    assert set(entry) == (IP_KEYS - {"driver", "device"}) | {"ranges", "used"}
    assert (entry["type"], entry["phys_addr"], entry["addr_range"], entry["used"]) == ("BRAM", 0x40000000, 0x2000, 1)


def test_the_processing_system_and_what_leaves_the_design(small: Small) -> None:
    ips = small().ip_dict
    assert ips["ps"]["type"] == "xilinx.com:ip:processing_system7:5.5"
    assert "phys_addr" not in ips["ps"]
    assert (ips["M_OUT"]["type"], ips["M_OUT"]["phys_addr"]) == ("xilinx.com:interface:aximm:1.0", 0x60000000)


def test_hierarchies(small: Small) -> None:
    hierarchies = small().hierarchy_dict
    assert list(hierarchies) == ["io"]
    assert set(hierarchies["io"]) == {"ip", "memories", "hierarchies", "interrupts", "gpio", "fullpath", "driver", "device", "overlay"}
    assert list(hierarchies["io"]["ip"]) == ["buttons", "intc"]


def test_nested_hierarchies_are_shared_with_the_top(small: Small) -> None:
    hierarchies = small(('FULLNAME="/io/buttons"', 'FULLNAME="/a/b/c/buttons"')).hierarchy_dict
    assert list(hierarchies) == ["a", "a/b", "a/b/c", "io"]
    assert hierarchies["a"]["hierarchies"]["b"]["hierarchies"]["c"] is hierarchies["a/b/c"]
    assert list(hierarchies["a/b/c"]["ip"]) == ["buttons"]


def test_clocks(small: Small) -> None:
    clocks = small().clock_dict
    assert list(clocks) == [0, 1, 2, 3]
    assert clocks[0] == {"enable": 1, "frequency": 100.0, "divisor0": 5, "divisor1": 2, "src_sel": "IO PLL"}
    assert clocks[3] == {"enable": 0, "frequency": None, "divisor0": None, "divisor1": None, "src_sel": None}


def test_each_call_is_the_callers_own(small: Small) -> None:
    design = small()
    ips = design.ip_dict
    ips["scale"]["ranges"].clear()
    ips["scale"]["parameters"]["x"] = "y"
    ips["scale"]["registers"].clear()
    ips["scale"]["interrupts"]["interrupt"]["index"] = 99
    assert design.ip_dict != ips
    assert design.ip_dict["scale"]["registers"]
    assert design.interrupt_pins["scale/interrupt"]["index"] == 3


def test_a_design_without_host_shows_what_its_boundary_reaches(small: Small) -> None:
    design = small(
        ('MODTYPE="processing_system7"', 'MODTYPE="other"'),
        (
            '<BUSINTERFACE BUSNAME="b_out" NAME="M_OUT" TYPE="INITIATOR"/>',
            '<BUSINTERFACE BUSNAME="b_in" NAME="S_IN" TYPE="TARGET"><MEMORYMAP><MEMRANGE ADDRESSBLOCK="Reg" BASEVALUE="0x0"'
            ' HIGHVALUE="0xFFF" INSTANCE="scale" MASTERBUSINTERFACE="S_IN" MEMTYPE="REGISTER" SLAVEBUSINTERFACE="s_axi_control"/>'
            "</MEMORYMAP></BUSINTERFACE>",
        ),
    )
    assert design.address_map == ()
    assert list(design.ip_dict) == ["scale"]
    assert (design.ip_dict["scale"]["phys_addr"], design.ip_dict["scale"]["addr_range"]) == (0, 0x1000)
