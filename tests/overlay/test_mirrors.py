from __future__ import annotations

import pytest

from pynq_widgets import DefaultIP, Overlay, StaleOverlayError
from pynq_widgets.overlay.mirrors import mirror_of, mirrors, place

CORE = "me.org:test:core:1.0"


@pytest.fixture
def overlay(small, device):
    return Overlay(small, device=device)


def description(overlay, path):
    return overlay._get_tree().descriptions.ip(path)


def test_a_mirror_is_made_without_the_driver_and_touches_nothing(small, device):
    class Careful(DefaultIP):
        bindto = [CORE]
        guards = {"STATUS": "reading it starts the motor"}

        def __init__(self, description):
            super().__init__(description)
            raise AssertionError("nobody asked for a driver")

    overlay = Overlay(small, device=device)
    mirror = mirror_of(description(overlay, "core"))
    assert mirror["STATUS"].guard == "reading it starts the motor"
    assert mirror["CTRL"].guard is None
    assert mirror.port.base == 0x43C0_0000
    assert device.bus == []


def test_it_is_the_same_one_each_time(overlay):
    mirror = mirror_of(description(overlay, "hier/core"))
    assert mirror_of(description(overlay, "hier/core")) is mirror
    assert mirrors(overlay)["hier/core"] is mirror
    assert mirror_of(description(overlay, "core")) is not mirror


def test_a_mapped_range_is_shared(overlay):
    mmio = overlay.core.mmio
    mirror = mirror_of(overlay.core.description, DefaultIP, mmio)
    assert mirror.mmio is mmio
    assert mirror.port is mmio._port


def test_a_driver_that_works_elsewhere_has_its_own(overlay):
    kept = mirror_of(overlay.core.description)
    other = mirror_of(overlay.core.description, DefaultIP, overlay.hier.core.mmio)
    assert other is not kept
    assert other.port.base == overlay.hier.core.mmio.base_addr
    assert mirror_of(overlay.core.description) is kept


def test_a_description_made_by_hand_has_one_of_its_own(overlay):
    by_hand = dict(description(overlay, "core"))
    assert mirror_of(by_hand) is not mirror_of(by_hand)


def test_all_of_an_overlay_by_address(overlay):
    assert list(mirrors(overlay)) == ["core", "hier/core", "hier/other"]
    assert list(mirrors(overlay, ["hier"])) == ["hier/core", "hier/other"]
    assert list(mirrors(overlay, ["hier/other", "core", "hier/other/"])) == ["core", "hier/other"]


def test_no_path_given_is_all_but_an_empty_list_of_names_below_is_not(overlay):
    assert list(mirrors(overlay, iter(()))) == ["core", "hier/core", "hier/other"]


def test_an_unknown_path_teaches(overlay):
    with pytest.raises(KeyError, match=r"overlay small has no IP, hierarchy or memory 'hier/cor' \(did you mean 'hier/core', 'hier/other'"):
        mirrors(overlay, ["hier/cor"])
    with pytest.raises(TypeError, match="takes the paths of IPs and hierarchies, not the int 3"):
        mirrors(overlay, [3])


def test_loading_again_makes_them_anew(overlay):
    before = mirror_of(description(overlay, "core"))
    overlay.download()
    after = mirror_of(description(overlay, "core"))
    assert after is not before
    assert after["CTRL"].state == "never"


def test_one_of_an_overlay_that_has_gone_says_so(overlay, small, device):
    mirror = mirror_of(description(overlay, "core"))
    Overlay(small, device=device)
    with pytest.raises(StaleOverlayError, match=r"small\.hwh was loaded again as another Overlay object"):
        mirror["CTRL"].read()
    with pytest.raises(StaleOverlayError, match=r"small\.hwh was loaded again"):
        mirrors(overlay)


@pytest.mark.parametrize("name", ["hier/core.CTRL", "hier.core.CTRL", "/hier/core.CTRL"])
def test_a_place_by_name(overlay, name):
    found = place(overlay, name)
    assert (found.path, found.register, found.field) == ("hier/core", "CTRL", "")
    assert found.mirror is mirror_of(description(overlay, "hier/core"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hier/cro.CTRL", "no IP, hierarchy or memory 'hier/cro' (did you mean"),
        ("core.CTRLL", "core has no register 'CTRLL' (did you mean 'CTRL'?)"),
        ("core.CTRL.GO", "register core.CTRL has no field 'GO' (it has none)"),
        ("core", "'core' names no register: write 'core.REGISTER' (it has CTRL, STATUS)"),
        ("core.", "'core.' names no register: write 'core.REGISTER' (it has CTRL, STATUS)"),
        ("hier", "hier is a hierarchy, which has no registers: name one of an IP in it, as in 'hier/ip.REGISTER'"),
        ("", "no IP, hierarchy or memory ''"),
    ],
)
def test_a_place_that_is_not_there_teaches(overlay, name, told):
    with pytest.raises(KeyError) as caught:
        place(overlay, name)
    assert told in caught.value.args[0]


def test_a_field_by_the_name_that_attributes_show(demo_design):
    from pynq_widgets import SimulatedDevice

    overlay = Overlay(demo_design, device=SimulatedDevice("places"))
    found = [
        place(overlay, f"{path}.{register}.{field}")
        for path, mirror in mirrors(overlay).items()
        for register, handle in mirror.registers.items()
        for field in handle.fields
    ]
    assert found
    assert all(spot.field for spot in found)
