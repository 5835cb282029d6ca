"""What an overlay and a hierarchy have in common: the names below them are attributes and items."""

from __future__ import annotations

from collections.abc import Iterator
from keyword import iskeyword
from typing import Any

from pynq_widgets.access.errors import near_names

from .teaching import defined_by_class, failed_property, teach
from .tree import Node, Tree, attribute_name


class Branch:
    """Names below are reached as attributes (``x.name``) and as items (``x['name']``, ``x['sub/name']``), the same object both ways.

    A name that is no identifier, or that the class itself uses, is reached by item only.
    """

    # The subclass says where the names are.

    def _tree(self) -> Tree:
        raise NotImplementedError

    def _below(self) -> str:
        """Path of this branch, empty for the overlay."""
        raise NotImplementedError

    def _who(self) -> str:
        raise NotImplementedError

    def _check_alive(self, key: str) -> None:
        """Raise :class:`StaleAttributeError` where the overlay has gone."""
        raise NotImplementedError

    def _check_place(self, key: str) -> None:
        """Raise :class:`StaleAttributeError` where this branch itself has gone from the overlay."""

    def _own_accessor(self, key: str) -> Any:
        """An interrupt or GPIO of this branch itself; ``KeyError`` where there is none."""
        raise KeyError(key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not self._is_ready():
            raise self._not_ready(name)
        if defined_by_class(self, name):
            raise failed_property(self, name)
        if not name.startswith("_"):
            self._check_place(name)
        tree = self._tree()
        node = tree.find(self._below(), name)
        if node is None:
            try:
                value = self._own_accessor(name)
            except KeyError:
                # Private names that do not exist are asked for by every display; they are nobody's mistake.
                if name.startswith("_"):
                    raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}") from None
                names = [n for n in self.__dir__() if not n.startswith("_")]
                hint = self._deeper(name) or near_names(name, names) or self._without_driver()
                raise teach(self, f"{self._who()} has no attribute {name!r}{hint}") from None
        else:
            self._check_alive(name)
            value = tree.get(node.path)
            self._check_alive(name)  # making a driver takes time, in which another overlay may be loaded
        # From now on an attribute like any other.
        self.__dict__[name] = value
        self.__dict__.setdefault("_looked_up", set()).add(name)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # A number put where a block is would hide the block and reach no hardware. Objects are let through: a class may put a driver
        # of its own in the place of a block.
        plain = isinstance(value, (int, float, str, bytes)) and not name.startswith("_")
        if plain and self._is_ready() and self._has(name) and name not in self._by_item_only():
            raise AttributeError(
                f"{name!r} is a block of {self._who()}: {value!r} was not written. "
                f"Write a register of it, as in .{name}.write(offset, value) or .{name}.register_map.REGISTER = value"
            )
        super().__setattr__(name, value)

    def _without_driver(self) -> str:
        """That no driver makes this one more than its parts, in brackets, where that is so."""
        return ""

    def _deeper(self, name: str) -> str:
        """Where `name` stands further down, if it does: the usual slip is to leave out the hierarchy."""
        start = f"{self._below()}/" if self._below() else ""
        below = [path[len(start) :].split("/") for path in self._tree().nodes if path.startswith(start)]
        found = [".".join(path) for path in sorted(below, key=len) if path[-1] == name and all(part.isidentifier() for part in path)]
        return f" (did you mean {', '.join(map(repr, found[:3]))}?)" if found else ""

    def _let_go(self) -> None:
        """Forget the attributes that were looked up, so that they are looked up again."""
        for name in self.__dict__.pop("_looked_up", ()):
            self.__dict__.pop(name, None)

    # PYNQ's overlays and hierarchies have no items: a class that is mixed in after ours and has some keeps its own.

    def __getitem__(self, key: str) -> Any:
        mixed_in = getattr(super(), "__getitem__", None)
        return self._item(key) if mixed_in is None else mixed_in(key)

    def _item(self, key: str) -> Any:
        if not isinstance(key, str):
            raise TypeError(f"{self._who()}[...] takes a name such as 'hierarchy/ip', not the {type(key).__name__} {key!r}")
        if not self._is_ready():
            raise self._not_ready(key)
        self._check_place(key)
        tree = self._tree()
        node = tree.find(self._below(), key.strip("/"))
        if node is not None and node.path:
            self._check_alive(key)
            return tree.get(node.path)
        try:
            return self._own_accessor(key)
        except KeyError:
            pass
        above, _, pin = key.strip("/").rpartition("/")
        if above and (parent := tree.find(self._below(), above)) is not None and parent.path:
            return self._item(above)[pin]
        raise KeyError(tree.missing(self._below(), key, self._who()))

    def __contains__(self, key: object) -> bool:
        mixed_in = getattr(super(), "__contains__", None)
        return self._has(key) if mixed_in is None else bool(mixed_in(key))

    def _has(self, key: object) -> bool:
        return isinstance(key, str) and self._is_ready() and bool(key) and self._tree().find(self._below(), key) is not None

    def __iter__(self) -> Iterator[str]:
        mixed_in = getattr(super(), "__iter__", None)
        return iter(self._children()) if mixed_in is None else mixed_in()

    def __dir__(self) -> list[str]:
        names = set(super().__dir__())
        if self._is_ready():
            quiet = self._tree().quiet
            names.update(_shown_name(child) for child in self._children().values() if child.path not in quiet)
        return sorted(name for name in names if name.isidentifier() and not iskeyword(name))

    def _ipython_key_completions_(self) -> list[str]:
        start = f"{self._below()}/" if self._below() else ""
        quiet = self._tree().quiet
        paths = [path for path in self._tree().nodes if path and path.startswith(start)]
        return [path[len(start) :] for path in sorted(paths, key=lambda path: path in quiet)]

    def _children(self) -> dict[str, Node]:
        node = self._tree().nodes.get(self._below()) if self._is_ready() else None
        return {} if node is None else node.children

    def _by_item_only(self) -> dict[str, str]:
        """Names below that are no attributes, with the reason."""
        reasons = {}
        for name, child in self._children().items():
            shown = _shown_name(child)
            if not shown.isidentifier() or iskeyword(shown):
                reasons[name] = "not a Python name"
            elif defined_by_class(self, shown) or shown in self._reserved:
                reasons[name] = f"{shown} is the class' own"
        return reasons

    _reserved: frozenset[str] = frozenset()

    def _is_ready(self) -> bool:
        raise NotImplementedError

    def _not_ready(self, name: str) -> AttributeError:
        return AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _shown_name(node: Node) -> str:
    return attribute_name(node.name) if node.kind == "memory" else node.name
