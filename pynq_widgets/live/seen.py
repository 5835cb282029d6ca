"""What a condition saw: the parts of ``lambda: leds.value == 5`` with the values that they had when it was asked.

The expression is taken from the source of the lambda and evaluated once, with its parts noted on the way: hardware is not read again
for the sake of the explanation, and what ``and`` and ``or`` leave out is left out.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import reprlib
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

_INNER = ("<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>", "<lambda>")
_NOTE = "__seen_by_pynq_widgets__"
_words = reprlib.Repr()
_words.maxstring = _words.maxother = 120


class Condition:
    """A function without arguments, asked again and again.

    `text` is its expression, or its name where it is no lambda whose source can be found; `seen` the parts of it and their values (as
    texts) when it was asked last.
    """

    def __init__(self, function: Callable[[], Any]) -> None:
        self.seen: dict[str, str] = {}
        self._function = function
        text = _source(function)
        self.text = _name(function) if text is None else text
        self._code = None if text is None else _noting(text)

    def __call__(self) -> Any:
        """Asks once. Raises what the condition raises."""
        self.seen = seen = {}
        if self._code is None:
            value = self._function()
            if not isinstance(value, bool):
                seen[self.text] = _words.repr(value)
            return value

        def note(text: str, value: Any) -> Any:
            seen[text] = _words.repr(value)
            return value

        function: Any = self._function
        outer = {}
        # Taken anew each time: what they hold may be assigned while the condition is asked again and again.
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # not assigned yet
                outer[name] = cell.cell_contents
        return eval(self._code, {**function.__globals__, **outer, _NOTE: note})


def _name(function: Callable[[], Any]) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return "the condition" if name == "<lambda>" else f"{name}()"


def _source(function: Any) -> str | None:
    """The expression of a lambda, as it was written, on one line; None for all else, and where it cannot be told which lambda it is."""
    if not isinstance(function, types.FunctionType) or function.__name__ != "<lambda>" or function.__defaults__ or function.__kwdefaults__:
        return None
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename))
    bodies = [node.body for node in _lambdas(text, code) if node.lineno == code.co_firstlineno and _is_same(node, code)]
    # Two alike on one line are alike in what they say, too.
    if len({ast.dump(body) for body in bodies}) != 1 or any(isinstance(node, ast.NamedExpr) for node in ast.walk(bodies[0])):
        return None
    written = " ".join((ast.get_source_segment(text, bodies[0]) or "").split())
    try:
        # A comment between its lines, or a string over several of them, does not live through being put on one.
        if ast.dump(ast.parse(written, mode="eval").body) == ast.dump(bodies[0]):
            return written
    except SyntaxError:
        pass
    return ast.unparse(bodies[0])


def _lambdas(text: str, code: types.CodeType) -> Iterator[ast.Lambda]:
    """Those of the file or cell that `code` comes from."""
    try:
        tree: Any = compile(text, code.co_filename, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Lambda))


def _is_same(node: ast.Lambda, code: types.CodeType) -> bool:
    """Whether `node` is the source of `code`, and not another lambda on that line or what the file has become since."""
    alone = compile(ast.fix_missing_locations(ast.Expression(body=node)), code.co_filename, "eval")
    made = next(const for const in alone.co_consts if isinstance(const, types.CodeType))
    # Names of an enclosing function are its names when it is compiled alone.
    return set(made.co_names) <= {*code.co_names, *code.co_freevars} and _plain(made) == _plain(code)


def _plain(code: types.CodeType) -> list[Any]:
    """What stands in the code as it does in the source: without the code of inner functions and, in Python 3.10, their names."""
    consts = [const for const in code.co_consts if const is not None and not isinstance(const, types.CodeType)]
    return [(type(const), const) for const in consts if not (isinstance(const, str) and const.endswith(_INNER))]


def _noting(text: str) -> types.CodeType:
    """`text`, an expression, with its parts noted on the way."""
    body = ast.parse(text, mode="eval").body
    tree = ast.Expression(body=_noted(body, text))
    return compile(ast.fix_missing_locations(tree), f"<{textwrap.shorten(text, 60)}>", "eval")


def _noted(node: ast.expr, text: str) -> ast.expr:
    """`node` with its parts noted: the sides of comparisons, the operands of ``and``, ``or`` and ``not``, else itself."""
    if isinstance(node, ast.BoolOp):
        node.values = [_noted(value, text) for value in node.values]
        return node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node.operand = _noted(node.operand, text)
        return node
    if isinstance(node, ast.Compare):
        node.left = _leaf(node.left, text)
        node.comparators = [_leaf(side, text) for side in node.comparators]
        return node
    return _leaf(node, text)


def _leaf(node: ast.expr, text: str) -> ast.expr:
    if _is_plain(node):
        return node
    written = ast.get_source_segment(text, node) or ast.unparse(node)
    return ast.Call(func=ast.Name(_NOTE, ast.Load()), args=[ast.Constant(written), node], keywords=[])


def _is_plain(node: ast.expr) -> bool:
    """Whether the value stands in the source already."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(map(_is_plain, node.elts))
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
