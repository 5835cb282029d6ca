"""Address blocks, registers and fields of one module (element ``ADDRESSBLOCKS``).

The side effects of reads stand in the file, field by field (READ_ACTION). They are believed as they are: HLS marks more fields
than change (UG1399, "S_AXILITE Control Register Map"), which a driver may correct, but a guard that is missing destroys state.
Two that files leave out are added: ``ap_done`` and the ``*_ap_vld`` flags of HLS cores are cleared by a read.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from .document import Document
from .model import Access, AddressBlock, Field, Register
from .sections import Node, Section
from .values import ADDRESS_END, number, to_int

MAX_FIELD_BITS = 4096
MAX_BITS = 1 << 40
_LARGEST_WORD = 64


# Whatever is not as Vivado writes it with numbers within their limits. What does not vary stands first: the search for it is what costs.
_UNUSUAL = (
    re.compile(rb"""<REGISTER(?!S|[^<>]*>\s*(?:<PROPERTY NAME="DESCRIPTION"[^<]*)?<PROPERTY NAME="ADDRESS_OFFSET" )"""),
    re.compile(
        rb"""NAME="(?:ADDRESS_OFFSET"(?! VALUE="(?:0x[0-9A-Fa-f]{1,16}|[0-9]{1,19})")"""
        rb"""|SIZE"(?! VALUE="(?:0x[0-9A-Fa-f]{1,9}|[0-9]{1,12})")"""
        rb"""|BIT_(?:OFFSET|WIDTH)"(?! VALUE="(?:0x[0-9A-Fa-f]{1,3}|[0-9]{1,3})"))"""
    ),
    re.compile(rb"""RANGE(?!="(?:0x[0-9A-Fa-f]{1,15}|[0-9]{1,19})?")"""),
)


def are_plain(module: Node) -> bool:
    """Whether a look at the bytes of a module's registers finds every number in order, so that reading them can wait.

    ``False`` says only that they must be read to know.
    """
    if not isinstance(module, Section):
        return False
    spans = module.spans("ADDRESSBLOCKS")
    return not any(unusual.search(module.data, start, end) for start, end in spans for unusual in _UNUSUAL)


def read_blocks(document: Document, module: Node, is_hls: bool) -> tuple[AddressBlock, ...]:
    blocks = module.find("ADDRESSBLOCKS")
    if blocks is None:
        return ()
    return tuple(_read_block(document, block, is_hls) for block in blocks.iterfind("ADDRESSBLOCK"))


def _read_block(document: Document, block: Element, is_hls: bool) -> AddressBlock:
    name = block.get("NAME", "")
    registers = [_read_register(document, register, is_hls) for register in block.iterfind("REGISTERS/REGISTER") if _is_enabled(register)]
    registers.sort(key=lambda register: register.offset)
    return AddressBlock(
        name=name,
        interface=block.get("INTERFACE", ""),
        size=number(document, block, f"RANGE of address block {name!r}", block.get("RANGE"), 0, ADDRESS_END),
        usage=block.get("USAGE", ""),
        access=block.get("ACCESS", ""),
        registers=tuple(registers),
    )


def _is_enabled(register: Element) -> bool:
    for entry in register:
        if entry.tag == "PROPERTY" and entry.get("NAME") == "IS_ENABLED":
            return (entry.get("VALUE") or "").strip().lower() not in ("false", "0")
    return True


def _properties(element: Element) -> dict[str, str]:
    return {entry.get("NAME", ""): entry.get("VALUE", "") for entry in element if entry.tag == "PROPERTY"}


def _access(text: str | None) -> Access:
    # IP-XACT (IEEE 1685) has writeOnce and read-writeOnce besides; where nothing is said a register is read and written.
    lowered = (text or "").strip().lower()
    if lowered in ("read-only", "readonly"):
        return "read-only"
    if lowered in ("write-only", "writeonly", "writeonce"):
        return "write-only"
    return "read-write"


def _read_register(document: Document, element: Element, is_hls: bool) -> Register:
    name = element.get("NAME", "")
    properties = _properties(element)
    offset = number(document, element, f"ADDRESS_OFFSET of register {name!r}", properties.get("ADDRESS_OFFSET"), None, ADDRESS_END - 1)
    size = number(document, element, f"SIZE of register {name!r}", properties.get("SIZE"), 32, MAX_BITS)
    access = _access(properties.get("ACCESS"))
    fields = tuple(
        _read_field(document, field, name, access, is_hls) for parent in element.iterfind("FIELDS") for field in parent.iterfind("FIELD")
    )
    # The SIZE of an array in an HLS core is in bytes, of everything else in bits.
    is_memory = not fields and (size > _LARGEST_WORD or (is_hls and name.startswith("Memory_")))
    width = size * 8 if is_memory else max([size, *(field.bit_offset + field.bit_width for field in fields)])
    return Register(
        name=name,
        offset=offset,
        width=width,
        access=access,
        reset_value=to_int(properties.get("RESET_VALUE")),
        description=properties.get("DESCRIPTION", ""),
        fields=fields,
        reads_destroy=any(field.read_action is not None for field in fields) or (is_hls and name in ("CTRL", "AP_CTRL") and not fields),
        is_memory=is_memory,
    )


def _read_field(document: Document, element: Element, register: str, inherited: Access, is_hls: bool) -> Field:
    name = element.get("NAME", "")
    properties = _properties(element)
    what = f"field {name!r} of register {register!r}"
    access = _access(properties["ACCESS"]) if properties.get("ACCESS") else inherited
    read_action = properties.get("READ_ACTION") or None
    if read_action is None and is_hls and (name.upper() == "AP_DONE" or (name.lower().endswith("_ap_vld") and access == "read-only")):
        read_action = "clear"
    return Field(
        name=name,
        bit_offset=number(document, element, f"BIT_OFFSET of {what}", properties.get("BIT_OFFSET"), 0, MAX_FIELD_BITS),
        bit_width=max(1, number(document, element, f"BIT_WIDTH of {what}", properties.get("BIT_WIDTH"), 1, MAX_FIELD_BITS)),
        access=access,
        description=properties.get("DESCRIPTION", ""),
        read_action=read_action,
        write_action=properties.get("MODIFIED_READ_VALUES") or None,  # despite its name what a write does
    )
