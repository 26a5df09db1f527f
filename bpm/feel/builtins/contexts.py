"""Contexts (DMN 1.5, table 78)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpm.feel.builtins.registry import builtin, context, listed, string
from bpm.feel.values import Fault, Value

if TYPE_CHECKING:
    from bpm.feel.evaluate import Evaluation


@builtin("get value", "m, key", "context, key", "context, keys", lists=(1,))
def get_value(ev: Evaluation, whole: Value, key: Value) -> Value:
    if isinstance(key, list):
        if not key:
            raise Fault("keys: none given")
        value: Value = context(whole)
        for part in key:
            value = context(value).get(string(part, "key"))
        return value
    found = context(whole)
    name = string(key, "key")
    if name not in found:
        raise Fault(f"the context has no entry {name!r}")
    return found[name]


@builtin("get entries", "m", "context")
def get_entries(ev: Evaluation, whole: Value) -> Value:
    return [{"key": key, "value": value} for key, value in context(whole).items()]


@builtin("context", "entries", lists=(0,))
def make_context(ev: Evaluation, entries: Value) -> Value:
    result: dict[str, Value] = {}
    for entry in listed(entries, "entries"):
        ev.budget.spend(1)
        pair = context(entry, "entries")
        if "key" not in pair or "value" not in pair:
            raise Fault("entries: key and value expected")
        name = string(pair["key"], "key")
        if name in result:
            raise Fault(f"entries: {name!r} twice")
        result[name] = pair["value"]
    return result


@builtin("context put", "context, key, value", "context, keys, value", lists=(1, 2))
def context_put(ev: Evaluation, whole: Value, key: Value, value: Value) -> Value:
    keys = key if isinstance(key, list) else [key]
    if not keys or any(not isinstance(part, str) for part in keys):
        raise Fault("key: a string or a list of strings expected")
    if len(keys) > 100:
        raise Fault("keys: too many")
    return _put(context(whole), keys, value)


def _put(whole: dict[str, Value], keys: list[str], value: Value) -> dict[str, Value]:
    if len(keys) == 1:
        return {**whole, keys[0]: value}
    return {**whole, keys[0]: _put(context(whole.get(keys[0])), keys[1:], value)}


@builtin("context merge", "contexts", lists=(0,))
def context_merge(ev: Evaluation, contexts: Value) -> Value:
    result: dict[str, Value] = {}
    for part in listed(contexts, "contexts"):
        ev.budget.spend(1)
        result.update(context(part, "contexts"))
    return result
