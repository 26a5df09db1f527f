"""The machine that runs compiled FEEL on columns of case data: a stack of (type, number) pairs, compiled by Numba.

`bpm.feel.columns` makes the instructions. Strings are numbers of an ordered list, so equality and order are those of
the texts. Arithmetic is binary floating point (the reference evaluator is decimal): fine for guards of a simulation,
where a tie in the 16th digit has no meaning. Null is what FEEL says: comparing with it gives null, only true is true.
"""

from __future__ import annotations

import math

from bpm.feel.compiling import njit

NULL, BOOLEAN, NUMBER, STRING = range(4)
(STOP, PUSH_NUMBER, PUSH_STRING, PUSH_BOOLEAN, PUSH_NULL, LOAD, STORE, ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, NEGATE,
 EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, AND, OR, NOT, JUMP, JUMP_UNLESS_TRUE, AGREE, ABS, FLOOR,
 CEILING, IS_TRUE) = range(29)  # fmt: skip
DEPTH = 64
FAILED = -1


@njit(cache=True, nogil=True)
def _arithmetic(operation, a, b):  # type: ignore[no-untyped-def]
    if operation == ADD:
        return a + b
    if operation == SUBTRACT:
        return a - b
    if operation == MULTIPLY:
        return a * b
    if operation == DIVIDE:
        return a / b if b != 0.0 else math.nan
    if a < 0.0 and b != math.floor(b):
        return math.nan
    return a**b if a != 0.0 or b >= 0.0 else math.nan


@njit(cache=True, nogil=True)
def _compare(operation, ta, a, tb, b):  # type: ignore[no-untyped-def]
    """1 true, 0 false, -1 null."""
    if operation in (EQUAL, UNEQUAL):
        if ta == NULL or tb == NULL:
            same = ta == tb
        elif ta != tb:
            return -1
        else:
            same = a == b
        return int(same) if operation == EQUAL else int(not same)
    if ta != tb or (ta != NUMBER and ta != STRING):
        return -1
    if operation == LESS:
        return int(a < b)
    if operation == LESS_EQUAL:
        return int(a <= b)
    if operation == GREATER:
        return int(a > b)
    return int(a >= b)


@njit(cache=True, nogil=True)
def _logic(operation, ta, a, tb, b):  # type: ignore[no-untyped-def]
    """Ternary and/or of two stack values; what is not a boolean counts as null."""
    decisive = 0.0 if operation == AND else 1.0
    if (ta == BOOLEAN and a == decisive) or (tb == BOOLEAN and b == decisive):
        return int(decisive)
    if ta == BOOLEAN and tb == BOOLEAN:
        return 1 - int(decisive)
    return -1


@njit(cache=True, nogil=True)
def run(code, constants, start, data, types, vm_types, vm_values):  # type: ignore[no-untyped-def]
    """Run from `start` to STOP on one row of `data`/`types`; the row's columns change by STORE.

    Returns the type of the value on top (its number is in `vm_values[0]`), NULL if the stack is empty, FAILED if two
    rules that had to agree did not.
    """
    top = 0
    at = start
    while True:
        operation, argument = code[at, 0], code[at, 1]
        at += 1
        if operation == STOP:
            return vm_types[0] if top > 0 else NULL
        if operation <= PUSH_NULL:
            vm_types[top] = (
                NUMBER if operation == PUSH_NUMBER else STRING if operation == PUSH_STRING
                else BOOLEAN if operation == PUSH_BOOLEAN else NULL
            )  # fmt: skip
            vm_values[top] = constants[argument] if operation == PUSH_NUMBER else float(argument)
            top += 1
        elif operation == LOAD:
            vm_types[top], vm_values[top] = types[argument], data[argument]
            top += 1
        elif operation == STORE:
            top -= 1
            types[argument], data[argument] = vm_types[top], vm_values[top]
        elif operation <= POWER:
            top -= 1
            if vm_types[top] == NUMBER and vm_types[top - 1] == NUMBER:
                vm_values[top - 1] = _arithmetic(operation, vm_values[top - 1], vm_values[top])
            else:
                vm_values[top - 1] = math.nan
            vm_types[top - 1] = NUMBER if math.isfinite(vm_values[top - 1]) else NULL
        elif operation == NEGATE:
            vm_values[top - 1] = -vm_values[top - 1]
            vm_types[top - 1] = NUMBER if vm_types[top - 1] == NUMBER else NULL
        elif operation <= OR:
            top -= 1
            ta, a, tb, b = vm_types[top - 1], vm_values[top - 1], vm_types[top], vm_values[top]
            result = _compare(operation, ta, a, tb, b) if operation < AND else _logic(operation, ta, a, tb, b)
            vm_types[top - 1] = NULL if result < 0 else BOOLEAN
            vm_values[top - 1] = float(result)
        elif operation == NOT:
            vm_values[top - 1] = 1.0 - vm_values[top - 1]
            vm_types[top - 1] = BOOLEAN if vm_types[top - 1] == BOOLEAN else NULL
        elif operation == IS_TRUE:
            vm_values[top - 1] = 1.0 if vm_types[top - 1] == BOOLEAN and vm_values[top - 1] == 1.0 else 0.0
            vm_types[top - 1] = BOOLEAN
        elif operation == JUMP:
            at = argument
        elif operation == JUMP_UNLESS_TRUE:
            top -= 1
            if vm_types[top] != BOOLEAN or vm_values[top] != 1.0:
                at = argument
        elif operation == AGREE:  # value and the value kept in a column must be the same
            top -= 1
            if vm_types[top] != types[argument] or (vm_types[top] != NULL and vm_values[top] != data[argument]):
                return FAILED
        else:
            v = vm_values[top - 1]
            if operation == ABS:
                v = abs(v)
            elif operation == FLOOR:
                v = math.floor(v)
            else:
                v = math.ceil(v)
            vm_values[top - 1] = v
            if vm_types[top - 1] != NUMBER:
                vm_types[top - 1] = NULL


@njit(cache=True, nogil=True)
def holds(code, constants, start, data, types, vm_types, vm_values):  # type: ignore[no-untyped-def]
    """Whether the expression at `start` is true (null and other values are not)."""
    kind = run(code, constants, start, data, types, vm_types, vm_values)
    return kind == BOOLEAN and vm_values[0] == 1.0
