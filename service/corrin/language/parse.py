"""Text of a condition → tree. Errors say the column and what was expected."""

from __future__ import annotations

from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any as AnyType

from corrin.language import tree

DEEPEST = 50
_MOST_KEPT = 4096  # conditions; trees are immutable and hold content only


class ConditionError(ValueError):
    """A condition that cannot be read; ``column`` counts from 1."""

    def __init__(self, why: str, column: int = 0) -> None:
        super().__init__(f"column {column}: {why}" if column else why)
        self.why, self.column = why, column


@lru_cache(maxsize=_MOST_KEPT)
def parse(text: str) -> tree.Expression:
    """Read one condition; a text that is met again (once per analyte of a rule) is read once.

    Raises:
        ConditionError: the text is not in the language.
    """
    from lark import exceptions

    try:
        parsed: tree.Expression = _builder().transform(_parser().parse(text))
    except exceptions.UnexpectedInput as error:
        if getattr(getattr(error, "token", None), "type", "") == "$END":
            raise ConditionError("the condition ends too early", len(text) + 1) from error
        rest = text[error.pos_in_stream :].split()
        word = rest[0] if rest else "the end"
        raise ConditionError(f"{word!r} is not expected here", int(error.column)) from error
    except exceptions.VisitError as error:
        deep = isinstance(error.orig_exc, RecursionError)
        why = "it is nested too deep" if deep else str(error.orig_exc)
        raise ConditionError(why) from error
    except RecursionError as error:
        raise ConditionError("it is nested too deep") from error
    if _is_deep(parsed):
        raise ConditionError(f"it is nested deeper than {DEEPEST}; name a part as a definition")
    return parsed


def _is_deep(node: tree.Expression) -> bool:
    """Whether a condition is nested so deep that whoever walks it could not come back."""
    level: list[tree.Expression] = [node]
    for _ in range(DEEPEST):
        level = [part for one in level for part in tree.parts_of(one)]
        if not level:
            return False
    return True


@cache
def _parser() -> AnyType:
    from lark import Lark

    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


def _unquote(token: AnyType) -> str:
    return str(token)[1:-1]


@cache
def _builder() -> AnyType:
    from lark import Transformer

    class Build(Transformer[AnyType, AnyType]):
        """One method per alternative of the grammar."""

        def any_of(self, items: list[AnyType]) -> tree.Expression:
            return tree.Any(tuple(items))

        def all_of(self, items: list[AnyType]) -> tree.Expression:
            return tree.All(tuple(items))

        def negation(self, items: list[AnyType]) -> tree.Expression:
            return tree.Not(items[0])

        def always(self, _items: list[AnyType]) -> tree.Expression:
            return tree.Always()

        def group_is(self, items: list[AnyType]) -> tree.Expression:
            return tree.Is(items[0], str(items[1]) == "true")

        def group_is_not(self, items: list[AnyType]) -> tree.Expression:
            return tree.Is(items[0], str(items[1]) == "true", negated=True)

        def at_least(self, items: list[AnyType]) -> tree.Expression:
            count = Decimal(items[0])
            if count != int(count) or not 1 <= count <= len(items) - 1:
                raise ConditionError("the number of 'at least' is 1 to as many as it has terms")
            return tree.AtLeast(int(count), tuple(items[1:]))

        def named(self, items: list[AnyType]) -> tree.Expression:
            return tree.Truth(str(items[0]))

        def named_is(self, items: list[AnyType]) -> tree.Expression:
            return tree.Is(tree.Truth(str(items[0])), str(items[1]) == "true")

        def named_is_not(self, items: list[AnyType]) -> tree.Expression:
            return tree.Is(tree.Truth(str(items[0])), str(items[1]) == "true", negated=True)

        def is_null(self, items: list[AnyType]) -> tree.Expression:
            return tree.IsNull(str(items[0]))

        def is_null_because(self, items: list[AnyType]) -> tree.Expression:
            return tree.IsNull(str(items[0]), reasons=tuple(_unquote(t) for t in items[1:]))

        def is_not_null(self, items: list[AnyType]) -> tree.Expression:
            return tree.IsNull(str(items[0]), negated=True)

        def flagged(self, items: list[AnyType]) -> tree.Expression:
            return tree.Flagged(str(items[0]), tuple(_unquote(t) for t in items[1:]))

        def compare(self, items: list[AnyType]) -> tree.Expression:
            return tree.Compare(str(items[0]), str(items[1]), items[2])  # type: ignore[arg-type]

        def compare_text(self, items: list[AnyType]) -> tree.Expression:
            if str(items[1]) not in ("=", "!="):
                raise ConditionError("a text is compared with = or != only")
            return tree.CompareText(str(items[0]), str(items[1]), _unquote(items[2]))  # type: ignore[arg-type]

        def between(self, items: list[AnyType]) -> tree.Expression:
            return tree.Between(str(items[0]), items[1], items[2])

        def within_before(self, items: list[AnyType]) -> tree.Expression:
            return tree.Within(str(items[0]), Decimal(items[1]), "before", str(items[2]))

        def within_after(self, items: list[AnyType]) -> tree.Expression:
            return tree.Within(str(items[0]), Decimal(items[1]), "after", str(items[2]))

        def operand_name(self, items: list[AnyType]) -> tree.Operand:
            return tree.Name(str(items[0]))

        def quantity(self, items: list[AnyType]) -> tree.Operand:
            return tree.Quantity(Decimal(items[0]), _unquote(items[1]))

    return Build()
