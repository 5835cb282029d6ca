"""A design is the same whether its file is cut into sections or parsed as a whole."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.design import Design, DesignError, read_design
from pynq_widgets.design.document import Document
from pynq_widgets.design.sections import Section, cut

from .conftest import DETAILS, FACTS, SMALL, VIEWS
from .test_expected import FOLDER, NAMES
from .test_fuzz import mutate, mutations, relaxed

Small = Callable[..., Design]


def facts(design: Design) -> dict[str, Any]:
    """All that a design knows. Modules are compared by what they show, since those of two designs are never the same."""
    found: dict[str, Any] = {name: repr(getattr(design, name)) for name in (*FACTS, "name", "part", "family", "board", "tool_version")}
    found |= {name: getattr(design, name) for name in VIEWS}
    found |= {name: dict(getattr(design, name)) for name in ("ports", "buses", "nets")}
    for path, module in design.modules.items():
        found[path] = [repr(module), *(getattr(module, name) for name in DETAILS), module.is_hard, module.is_processor]
    return found


def design_of(data: bytes, whole: bool) -> Design:
    document = Document("a.hwh", data, whole=whole)
    assert whole is not any(isinstance(module, Section) for module in document.modules or ())
    return Design(document, "a", "a.hwh")


def same(data: bytes) -> None:
    cut_up, whole = facts(design_of(data, False)), facts(design_of(data, True))
    for name in whole:
        assert cut_up[name] == whole[name], name
    assert list(cut_up) == list(whole)
    assert list(cut_up["nets"]) == list(whole["nets"])


def test_the_small_design() -> None:
    same(SMALL.encode())
    same(SMALL.replace("\n", "\r\n").encode("utf-8-sig"))


def test_the_demonstration_design(demo_design: Path) -> None:
    same(demo_design.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_each_public_design(name: str) -> None:
    same((FOLDER / f"{name}.hwh").read_bytes())


@settings(relaxed, max_examples=200)
@given(changes=mutations())
def test_a_mutated_design_is_the_same_or_wrong_in_both_ways(changes: list[tuple[str, float, float, bytes]]) -> None:
    data = mutate(SMALL.encode(), changes)
    outcomes: list[object] = []
    for whole in (False, True):
        try:
            document = Document("a.hwh", data, whole=whole)
            outcomes.append(facts(Design(document, "a", "a.hwh")))
        except DesignError as error:
            outcomes.append((error.cause, error.line))
    assert outcomes[0] == outcomes[1]


def test_only_what_is_asked_for_is_parsed(small: Small) -> None:
    design = small()

    def parsed(path: str) -> set[str]:
        section = design.modules[path].element
        assert isinstance(section, Section)
        return {element.tag for _, _, element in section.parsed()}

    assert parsed("scale") == {"PORTS"}  # it has an interrupt
    assert parsed("bram") == set()
    assert design.modules["scale"].blocks
    assert parsed("scale") == {"PORTS", "ADDRESSBLOCKS"}


HIDDEN = '<MODULE INSTANCE="no"><PORTS/></MODULE></MODULES>'


@pytest.mark.parametrize(
    "put",
    [f"<!-- {HIDDEN} -->", f"<![CDATA[{HIDDEN}]]>", f"<?note {HIDDEN}?>", '<x:y xmlns:x="urn:x"/>', "<!---->"],
    ids=["comment", "CDATA", "instruction", "namespace", "empty comment"],
)
@pytest.mark.parametrize("place", ["<MODULES>", '<PARAMETER NAME="C_GPIO_WIDTH" VALUE="4"/>'])
def test_what_could_hide_tags_changes_nothing(small: Small, put: str, place: str) -> None:
    design = small((place, place + put))
    if "x:y" in put:
        assert list(design.modules) == list(small().modules)
        return
    assert not isinstance(design.modules["ps"].element, Section)
    assert facts(design) == facts(small())


def test_a_module_may_have_its_ports_in_two_groups(small: Small) -> None:
    place = '<PORT DIR="O" NAME="Dout" SIGIS="undef" SIGNAME="n_low"/>'
    same(SMALL.replace(place, f"</PORTS><PORTS>{place}").encode())
    assert small((place, f"</PORTS><PORTS>{place}")).gpio == small().gpio


def test_groups_inside_one_another_are_read_all_the_same(small: Small) -> None:
    design = small(("<PORTS>", "<PORTS><PORTS><PORT NAME='x'/></PORTS>"))
    assert not isinstance(design.modules["ps"].element, Section)
    assert facts(design) == facts(small())


def test_an_error_in_a_file_with_a_comment_names_the_line_too(small: Small, line_of: Callable[[str], int]) -> None:
    with pytest.raises(DesignError, match="overlaps") as caught:
        small(("<MODULES>", "<!-- -->\n<MODULES>"), ("0x43C10000", "0x41200000"), ("0x43C11FFF", "0x4120FFFF"))
    assert caught.value.line == line_of('ADDRESSBLOCK="Mem0" BASEVALUE="0x43C10000"') + 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_with_any_line_ends(tmp_path: Path, line_of: Callable[[str], int], end: str) -> None:
    path = tmp_path / "small.hwh"
    path.write_bytes(SMALL.replace("0x43C10000", "0x41200000").replace("0x43C11FFF", "0x4120FFFF").replace("\n", end).encode())
    with pytest.raises(DesignError, match="overlaps") as caught:
        read_design(path)
    assert caught.value.line == line_of('ADDRESSBLOCK="Mem0" BASEVALUE="0x43C10000"')


NAMES_IN_USE = st.sampled_from(["MODULES", "MODULE", "PORTS", "PORT", "PORTSX", "A"])
ATTRIBUTES = st.sampled_from(["", ' A="1"', " A='>'", ' A="/>" B = "&lt;&#10;"', '\n\tA="</PORTS>"'.replace("<", "&lt;"), " "])


@st.composite
def elements(draw: st.DrawFn, depth: int = 4) -> str:
    name, attributes = draw(NAMES_IN_USE), draw(ATTRIBUTES)
    children = draw(st.lists(elements(depth - 1) | st.sampled_from(["text > ", "\n"]), max_size=3)) if depth else []
    inside = "".join(children)
    if not inside and draw(st.booleans()):
        return f"<{name}{attributes}/>"
    return f"<{name}{attributes}>{inside}</{name}{draw(st.sampled_from(['', ' ', chr(10)]))}>"


@relaxed
@given(children=st.lists(elements(), max_size=4))
def test_elements_of_one_name_inside_one_another(children: list[str]) -> None:
    text = f"<EDKSYSTEM X='1'>{''.join(children)}</EDKSYSTEM>"
    tree = ElementTree.fromstring(text)
    found = cut(text.encode(), 0)
    nested = [group for group in tree if group.tag != "MODULES"]
    nested += [inner for group in tree.findall("MODULES") for inner in group if inner.tag != "MODULE"]
    nested += [group for module in tree.findall("MODULES/MODULE") for group in module]
    if found is None:
        assert any(element.find(f".//{element.tag}") is not None for element in nested)
        return
    root, modules = found
    assert root.attrib == tree.attrib
    assert (modules is None) == (tree.find("MODULES") is None)
    pairs = list(zip(modules or [], tree.findall("MODULES/MODULE"), strict=True))
    assert [section.attrib for section, _ in pairs] == [element.attrib for _, element in pairs]
    for section, element in [(root, tree), *pairs]:
        for name in {child.tag for child in element} - ({"MODULES"} if section is root else set()):
            assert [_flat(found) for found in section.iterfind(name)] == [_flat(found) for found in element.iterfind(name)]


def _flat(element: ElementTree.Element) -> list[tuple[str, dict[str, str]]]:
    return [(inner.tag, inner.attrib) for inner in element.iter()]


def test_threads_get_the_same_elements(small: Small) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(20):
                section = small().modules["io/buttons"].element
                found = list(pool.map(lambda _, section=section: section.find("ADDRESSBLOCKS"), range(16)))
                assert found[0] is not None
                assert all(element is found[0] for element in found)
    finally:
        sys.setswitchinterval(interval)
