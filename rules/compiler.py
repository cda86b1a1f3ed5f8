"""How do rules run on durable-rules without its traps? A fenced subset, compiled and driven by us.

The only file that knows the library. Each rule becomes equalities on one flat fact record, begins with an
anchor and gets its priority from its place; a sentinel rule that always matches must fire last, which proves
that evaluation completed. Each record has a number of its own, its state is deleted after it, and one lock
guards the extension, which is not safe by itself. After a failure the handles are built anew and the failed
state is left alone.
"""

from __future__ import annotations

import ctypes
import json
import weakref
from collections.abc import Iterator, Mapping
from itertools import count
from threading import Lock
from typing import Any, Final

import durable_rules_engine

from rules.errors import EvaluatorBroken
from rules.model import Rule, Table
from rules.vocabulary import WORDS
from rules.words.word import Value

COMPILER_ID: Final = "durable-rules 2.0.28, compiler 1"
"""Part of the hash of a rule set: another compiler makes another rule set of the same files."""

MAX_RULES: Final = 48
MAX_ALTERNATIVES: Final = 300
ANCHOR: Final = "wsk"
RESERVED: Final = frozenset({"id", "sid", ANCHOR})
"""Names that the library, or this compiler, uses itself."""

_SENTINEL: Final = "sentinel"
_LAST: Final = 60000
_engine: Any = durable_rules_engine
_numbers: Final = count(1)
_lock: Final = Lock()
_tuned: Final[list[bool]] = []


def fnv1a(name: str) -> int:
    """The 32-bit hash by which the library tells names apart; two names must not share one."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


class DurableEvaluator:
    """Finds the rules of one table that match, by durable-rules."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reads = tuple((name, _encoded(name)) for name in table.reads)
        self._chunks = [(offset, _compiled(rules)) for offset, rules in _chunks(table.ordered())]
        self._handles: list[int] = []
        self._finalizer: weakref.finalize[..., Any] | None = None
        with _lock:
            self._build()

    def matches(self, facts: Mapping[str, Value]) -> list[int]:
        """The numbers of the matching rules, counted in the order of `Table.ordered`."""
        record = "".join([values[facts[name]] for name, values in self._reads])
        found: list[int] = []
        with _lock:
            for (offset, _), handle in zip(self._chunks, self._handles, strict=True):
                try:
                    fired = _run(handle, record, limit=MAX_RULES + 1)
                except Exception as error:
                    self._build()
                    raise EvaluatorBroken(f"table {self._table.name}: durable-rules: {error}") from error
                found.extend(offset + number for number in fired)
        return found

    def _build(self) -> None:
        """Makes the handles; those of before a failure are left alone, since freeing them may crash."""
        if self._finalizer is not None:
            self._finalizer.detach()
        _tune_memory()
        self._handles = [
            int(_engine.create_ruleset(f"{self._table.name}_{next(_numbers)}", definition))
            for _, definition in self._chunks
        ]
        self._finalizer = weakref.finalize(self, _forget, tuple(self._handles))
        self._finalizer.atexit = False


def _run(handle: int, record: str, *, limit: int) -> list[int]:
    """One record through one ruleset: the numbers of the rules that fired before the sentinel."""
    number = next(_numbers)
    status, state = _engine.assert_fact(handle, f'{{"sid":"{number}","id":"{number}","{ANCHOR}":1{record}}}')
    if status:
        raise EvaluatorBroken(f"the record was not taken (status {status})")
    fired: list[int] = []
    started = _engine.start_action_for_state(handle, state)
    messages = started[1] if started else None
    while messages is not None:
        name = messages[2 : messages.index('"', 2)]
        messages = _engine.complete_and_start_action(handle, state)
        if name == _SENTINEL:
            if messages is not None:
                raise EvaluatorBroken("a rule fired after the sentinel")
            _engine.delete_state(handle, str(number))
            return fired
        fired.append(int(name[1:]))
        if len(fired) > limit:
            raise EvaluatorBroken(f"more than {limit} rules fired")
    raise EvaluatorBroken("the sentinel did not fire")


def _chunks(rules: tuple[Rule, ...]) -> Iterator[tuple[int, tuple[Rule, ...]]]:
    """The rules in portions that the library can hold, each with the number of its first rule."""
    start, alternatives = 0, 0
    for number, rule in enumerate(rules):
        width = sum(len(each.values) for each in rule.when)
        if number > start and (number - start >= MAX_RULES or alternatives + width > MAX_ALTERNATIVES):
            yield start, rules[start:number]
            start, alternatives = number, 0
        alternatives += width
    yield start, rules[start:]


def _compiled(rules: tuple[Rule, ...]) -> str:
    definition: dict[str, object] = {
        f"r{number}": {"all": [{"m": _pattern(rule)}], "pri": number + 1} for number, rule in enumerate(rules)
    }
    definition[_SENTINEL] = {"all": [{"m": {"$and": [{ANCHOR: 1}]}}], "pri": _LAST}
    return json.dumps(definition)


def _pattern(rule: Rule) -> dict[str, object]:
    tests: list[dict[str, object]] = [{ANCHOR: 1}]
    for condition in rule.when:
        equalities: list[dict[str, object]] = [{condition.fact: _word(value)} for value in condition.values]
        tests.append(equalities[0] if len(equalities) == 1 else {"$or": equalities})
    return {"$and": tests}


def _encoded(name: str) -> dict[Value, str]:
    return {value: f',"{name}":{json.dumps(_word(value))}' for value in WORDS[name].values}


def _word(value: Value) -> str:
    """Booleans travel as words: the library takes true for 1 and for "true"."""
    return str(value).lower() if isinstance(value, bool) else value


def _forget(handles: tuple[int, ...]) -> None:
    for handle in handles:
        _engine.delete_ruleset(handle)


def _tune_memory() -> None:
    """Keeps what each evaluation allocates and frees in the process: 150 us become 23 us with glibc."""
    if _tuned:
        return
    _tuned.append(True)
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        for parameter, size in ((-1, 256 << 20), (-2, 16 << 20), (-3, 32 << 20)):
            tune(parameter, size)
