from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pynq_widgets.design import DesignError, read_design

Pack = Callable[..., Path]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """``pack({name: content}, name='x.xsa')`` writes an archive."""

    def write(members: dict[str, str | bytes], name: str = "box_wrapper.xsa") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path

    return write


def cause(path: Path) -> str:
    with pytest.raises(DesignError) as caught:
        read_design(path)
    assert str(path) in caught.value.path
    return caught.value.cause


@pytest.mark.parametrize("name", ["box.xsa", "box.hdf", "BOX.XSA"])
def test_the_only_handoff(pack: Pack, small_text: str, name: str) -> None:
    design = read_design(pack({"small.hwh": small_text, "ps7_init.c": "int main;"}, name))
    assert (design.name, Path(design.path).name) == ("small", name)


def named(text: str, name: str) -> str:
    return text.replace('NAME="small"', f'NAME="{name}"')


@pytest.mark.parametrize("name", ["sysdef.xml", "hwdef.xml"])
def test_the_one_that_the_index_names(pack: Pack, small_text: str, name: str) -> None:
    index = (
        '<?xml version="1.0"?><Project><File Type="HW_HANDOFF" Name="a.hwh" BD_TYPE="SUB_CORE"/>'
        '<File Type="HW_HANDOFF" Name="b.hwh" BD_TYPE="DEFAULT_BD"/></Project>'
    )
    assert read_design(pack({"a.hwh": named(small_text, "a"), "b.hwh": named(small_text, "b"), name: index})).name == "b"


def test_the_one_that_the_json_names(pack: Pack, small_text: str) -> None:
    index = json.dumps({"files": [{"name": "bd/b.bd", "type": "TOP_BD"}, {"name": "bd/a.bd", "type": "BD"}, 7]})
    assert read_design(pack({"a.hwh": named(small_text, "a"), "b.hwh": named(small_text, "b"), "xsa.json": index})).name == "b"


@pytest.mark.parametrize("index", [{"sysdef.xml": "<broken"}, {"xsa.json": "["}, {"xsa.json": "[]"}, {"xsa.json": '{"files": 3}'}, {}])
def test_the_one_named_as_the_archive(pack: Pack, small_text: str, index: dict[str, str]) -> None:
    assert read_design(pack({"a.hwh": named(small_text, "a"), "box.hwh": named(small_text, "box"), **index})).name == "box"


def test_the_one_whose_name_begins_all_names(pack: Pack, small_text: str) -> None:
    members = {name: named(small_text, name[:-4]) for name in ("sys_smc_0.hwh", "sys.hwh", "sys_noc_0.hwh")}
    assert read_design(pack(members)).name == "sys"


def test_the_only_one_with_a_processing_system(pack: Pack, small_text: str) -> None:
    other = named(small_text, "part").replace("processing_system7", "other")
    assert read_design(pack({"a.hwh": other, "b.hwh": small_text})).name == "small"


def test_several_that_nothing_tells_apart(pack: Pack, small_text: str) -> None:
    assert (
        cause(pack({"a.hwh": small_text, "b.hwh": small_text}))
        == "the archive holds several designs and does not say which is the top one: a.hwh, b.hwh"
    )


def test_none(pack: Pack) -> None:
    assert (
        cause(pack({"a.txt": "a"})) == "the archive holds no .hwh (hardware handoff); export the platform from Vivado with its block design"
    )


@pytest.mark.parametrize("name", ["../small.hwh", "a/../../small.hwh", "/etc/small.hwh", "..\\small.hwh", "C:\\small.hwh"])
def test_paths_that_climb(pack: Pack, small_text: str, name: str, tmp_path: Path) -> None:
    path = pack({name: small_text})
    assert cause(path) == f"the archive has a member that climbs out of it: {name!r}"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_bomb(pack: Pack) -> None:
    path = pack({"a.hwh": b"\0" * (65 << 20)})
    assert path.stat().st_size < 1 << 20
    assert cause(path) == "'a.hwh' claims 68157440 bytes, at most 67108864 are read"


def test_a_bomb_that_lies_about_its_size(pack: Pack) -> None:
    path = pack({"a.hwh": b"\0" * (65 << 20)})
    data = path.read_bytes()
    honest, lie = struct.pack("<L", 65 << 20), struct.pack("<L", 100)
    path.write_bytes(data.replace(honest, lie))
    assert cause(path)


def test_a_claim_of_two_gigabytes(pack: Pack, small_text: str) -> None:
    path = pack({"a.hwh": small_text})
    size = struct.pack("<L", len(small_text))
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<L", 2 << 30)))
    assert cause(path) == "'a.hwh' claims 2147483648 bytes, at most 67108864 are read"


def test_damaged(pack: Pack, small_text: str) -> None:
    path = pack({"a.hwh": small_text})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    assert cause(path).startswith("'a.hwh' cannot be unpacked: ")
    path.write_bytes(data[: len(data) // 2])
    assert cause(path) == "this is not a sound .xsa archive: File is not a zip file"


def test_an_entity_bomb_in_the_index(pack: Pack, small_text: str) -> None:
    assert cause(pack({"a.hwh": small_text, "b.hwh": small_text, "sysdef.xml": "<!DOCTYPE x><x/>"})) == (
        "sysdef.xml in the archive declares a document type or entity"
    )


def test_an_error_inside_names_the_member_and_the_line(pack: Pack, small_text: str) -> None:
    path = pack({"a.hwh": small_text.replace('SIZE" VALUE="4"', 'SIZE" VALUE="four"')})
    with pytest.raises(DesignError) as caught:
        read_design(path)
    line = next(n for n, text in enumerate(small_text.splitlines(), 1) if "GPIO DATA" in text)
    assert str(caught.value) == f"{path}!a.hwh, line {line}: SIZE of register 'GPIO DATA' is 'four', not a number"


def test_a_file_that_is_not_there(tmp_path: Path, small_text: str) -> None:
    (tmp_path / "base.hwh").write_text(small_text)
    assert cause(tmp_path / "bse.hwh") == "there is no such file; near it there is base.hwh"
    assert cause(tmp_path / "unlike.xsa") == "there is no such file"


def test_what_is_no_design(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    assert cause(tmp_path) == "this is a directory, not a design file"
    assert cause(tmp_path / "a.txt") == "'.txt' is not a design; known are .hwh, .xsa, .hdf, and .bit, .bin or .pdi beside a .hwh"
    with pytest.raises(TypeError, match=r"^the path of a design must be a str or a path, not bytes b'a'$"):
        read_design(b"a")  # type: ignore[arg-type]
