"""YAML from a stranger: plain data or a clear error, in time and memory that the size of the text bounds."""

from __future__ import annotations

from typing import Any


def document(text: str, where: str) -> Any:
    """The one document that `text` holds.

    PyYAML's safe loader, without what such a file has no need of: aliases and merge keys (by which a short text means any number of
    registers), and keys that stand twice, of which it would keep the last without a word. Raises :class:`.state.StateError`.
    """
    import yaml

    from .state import StateError

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML brings no types
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                event = self.peek_event()
                raise yaml.composer.ComposerError(None, None, f"aliases (*{event.anchor}) have no place in a state file", event.start_mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(None, None, "merge keys (<<) have no place in a state file", key.start_mark)
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
                    seen.add(key.value)
            made: dict[Any, Any] = super().construct_mapping(node, deep)
            return made

        def flatten_mapping(self, node: Any) -> None:
            """Nothing to do: there are no merge keys."""

    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise StateError(where, f"no YAML that can be used: {problem}", None if mark is None else mark.line + 1) from None
    except RecursionError:
        raise StateError(where, "nested too deeply") from None
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        # Numbers of too many digits, dates that are none, keys that cannot be one.
        raise StateError(where, f"a value that cannot be read: {str(error)[:120]}") from None
