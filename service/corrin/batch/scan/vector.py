"""Thirty-two bytes at a time: what numba has no word for, as LLVM instructions.

Addresses are plain integers. Whoever calls sees to it that :data:`WIDTH` bytes can be read (or
written) there: buffers have that much beyond their end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

WIDTH = 32
_BYTE, _LANES, _MASK, _LONG = ir.IntType(8), ir.VectorType(ir.IntType(8), 32), ir.IntType(32), 64
_INT = ir.IntType(_LONG)


def _at(builder: Any, address: Any, kind: Any) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


def _load(builder: Any, address: Any, kind: Any) -> Any:
    found = builder.load(_at(builder, address, kind))
    found.align = 1
    return found


def _all(value: int) -> Any:
    return ir.Constant(_LANES, [value] * WIDTH)


def _first(builder: Any, lanes: Any) -> Any:
    """The number of the first lane that is set; 32 where none is."""
    mask = builder.zext(builder.bitcast(lanes, _MASK), _INT)
    mask = builder.or_(mask, ir.Constant(_INT, 1 << WIDTH))
    return builder.cttz(mask, ir.Constant(ir.IntType(1), 1))


def _of_one(function: Callable[..., Any]) -> Callable[[int], int]:
    return cast("Callable[[int], int]", intrinsic(function))


def _of_two(function: Callable[..., Any]) -> Callable[[int, int], int]:
    return cast("Callable[[int, int], int]", intrinsic(function))


def _intrinsic(signature: Any, code: Any) -> tuple[Any, Any]:
    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return code(builder, *args)

    return signature, generate


@_of_one
def byte(typingctx: Any, address: Any) -> Any:
    """The byte at an address, 0 to 255."""

    def code(builder: Any, where: Any) -> Any:
        return builder.zext(_load(builder, where, _BYTE), _INT)

    return _intrinsic(types.int64(types.int64), code)


@_of_one
def word(typingctx: Any, address: Any) -> Any:
    """The eight bytes at an address as a signed number, the first the lowest."""

    def code(builder: Any, where: Any) -> Any:
        return _load(builder, where, _INT)

    return _intrinsic(types.int64(types.int64), code)


@_of_one
def plain(typingctx: Any, address: Any) -> Any:
    """How many of 32 bytes come before one that means something in a JSON string.

    That is a quote, a backslash, a control character, or a byte beyond ASCII.
    """

    def code(builder: Any, where: Any) -> Any:
        lanes = _load(builder, where, _LANES)
        found = builder.icmp_signed("<", lanes, _all(0x20))
        found = builder.or_(found, builder.icmp_unsigned("==", lanes, _all(0x22)))
        found = builder.or_(found, builder.icmp_unsigned("==", lanes, _all(0x5C)))
        return _first(builder, found)

    return _intrinsic(types.int64(types.int64), code)


@_of_one
def in_line(typingctx: Any, address: Any) -> Any:
    """How many of 32 bytes come before a line feed."""

    def code(builder: Any, where: Any) -> Any:
        lanes = _load(builder, where, _LANES)
        return _first(builder, builder.icmp_unsigned("==", lanes, _all(0x0A)))

    return _intrinsic(types.int64(types.int64), code)


@_of_two
def alike(typingctx: Any, one: Any, other: Any) -> Any:
    """How many of 32 bytes at two addresses are the same, from the first on."""

    def code(builder: Any, left: Any, right: Any) -> Any:
        lanes = _load(builder, left, _LANES), _load(builder, right, _LANES)
        return _first(builder, builder.icmp_unsigned("!=", *lanes))

    return _intrinsic(types.int64(types.int64, types.int64), code)


@_of_two
def copy(typingctx: Any, to: Any, of: Any) -> Any:
    """Copy 32 bytes."""

    def code(builder: Any, there: Any, here: Any) -> Any:
        builder.store(_load(builder, here, _LANES), _at(builder, there, _LANES), align=1)
        return ir.Constant(_INT, WIDTH)

    return _intrinsic(types.int64(types.int64, types.int64), code)


@_of_two
def put(typingctx: Any, to: Any, value: Any) -> Any:
    """Write one byte."""

    def code(builder: Any, there: Any, value_: Any) -> Any:
        builder.store(builder.trunc(value_, _BYTE), _at(builder, there, _BYTE))
        return ir.Constant(_INT, 1)

    return _intrinsic(types.int64(types.int64, types.int64), code)
