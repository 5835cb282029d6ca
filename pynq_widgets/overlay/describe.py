"""The generated docstrings: what an overlay, a hierarchy or an IP has in this design. No hardware is read for them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .branch import Branch
    from .ip import DefaultIP


def document_branch(branch: Branch, text: str, kind: str, name: str) -> str:
    """PYNQ's generated docstring of an overlay or hierarchy; `text` is what its class says."""
    from .binding import full_name

    tree = branch._tree()
    children = branch._children()
    by_item = branch._by_item_only()

    def driver(path: str) -> str:
        return full_name(tree.choice(path).driver)

    def rows(*kinds: str) -> Iterable[tuple[str, str]]:
        for child_name, child in children.items():
            if child.kind in kinds:
                note = f"   (by item: {child_name!r}; {by_item[child_name]})" if child_name in by_item else ""
                yield child_name, driver(child.path) + note

    lines = [f"Default documentation for {kind} {name}. The following", f"attributes are available on this {kind}:", ""]
    lines += _section("IP Blocks", rows("ip"))
    lines += _section("Hierarchies", rows("hierarchy"))
    lines += _section("Interrupts", ((i, "pynq_widgets.access.Interrupt") for i in branch._interrupts))
    lines += _section("GPIO Outputs", ((g, "pynq_widgets.access.GPIO") for g in branch._gpio))
    lines += _section("Memories", rows("memory"))
    quiet = {name: tree.quiet[child.path] for name, child in children.items() if child.kind == "part" and child.path in tree.quiet}
    parts = [row for row in rows("part") if row[0] not in quiet]
    if parts:
        lines += _section("Blocks without an address", parts)
    if quiet:
        count = "1 block" if len(quiet) == 1 else f"{len(quiet)} blocks"
        lines += [f"Quiet: {count} that software has no use for, by item: {', '.join(quiet)}", ""]
    return _joined(text, lines)


def document_ip(ip: DefaultIP, text: str) -> str:
    """What the design says of one IP; `text` is what its class says."""
    described = ip._described
    lines = [f"{ip._where()}: {described.get('type') or 'no type in the design'}", ""]
    lines += _section(
        "Address ranges",
        ((f"{r['interface']}/{r['block']}".strip("/"), f"{r['base']:#010x}, {r['size']:#x} bytes, {r['kind']}") for r in ip.ranges),
    )
    lines += _section("Interrupts", ((i, "pynq_widgets.access.Interrupt") for i in ip._interrupts))
    lines += _section("GPIO Outputs", ((g, "pynq_widgets.access.GPIO") for g in ip._gpio))
    page = _attributes(ip)
    if page:
        title = "Registers, fields and arguments, as attributes"
        lines += [title, "-" * len(title), *page, ""]
    else:
        lines += _section("Registers", ((name, _register(r)) for name, r in (ip._registers or {}).items()))
    return _joined(text, lines)


def _attributes(ip: DefaultIP) -> list[str]:
    """The register page of an IP that has hardware attributes; empty where it has none, or where they cannot be reached any more."""
    from pynq_widgets.access.errors import StaleOverlayError

    from .traits.asked import stated_by
    from .traits.page import trait_page

    found = ip._from_design
    if found is None and not stated_by(type(ip)):
        return []
    try:
        lines = trait_page(ip).splitlines()
    except (StaleOverlayError, AttributeError):
        return []
    how = [
        "Getting one reads its word, assigning writes it; where reading does something, getting gives what is known and its age,",
        "and ip.registers['NAME'].read() reads. observe, link, ip.watch('name') and ip.transaction() work with each of them.",
    ]
    taken = ", ".join(f"{name} is {attribute}" for name, attribute in (found.renamed if found is not None else {}).items())
    return [*how, *([f"Names that are taken: {taken}."] if taken else []), "", *lines]


def _register(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('address_offset', 0):#06x}  {entry.get('access', ''):<10}  {_first(entry.get('description'))}"


def _first(text: str | None) -> str:
    line = (text or "").strip().partition("\n")[0]
    return line if len(line) <= 80 else line[:77] + "..."


def _section(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    pairs = list(rows)
    width = max([20, *(len(name) for name, _ in pairs)])
    listed = [f"{name:<{width}} : {what}".rstrip() for name, what in pairs]
    return [title, "-" * len(title), *(listed or ["None"]), ""]


def _joined(text: str, lines: list[str]) -> str:
    generated = "\n".join(lines)
    return f"{inspect.cleandoc(text)}\n\n{generated}" if text else generated
