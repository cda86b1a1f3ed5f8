"""How is a rule file read? As plain YAML with a place for everything in it, and none of YAML's surprises.

Refused with file, line and column: tags, anchors and aliases, duplicate keys, several documents, implicit
booleans (`yes`, `off`), nulls, numbers (`1.10` would lose its zero), what is too large or nested too deeply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rules.errors import Position, RuleFileRefused
from rules.words.word import Value

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 8
_SURPRISING: Final = re.compile(
    r"(?i:yes|no|on|off|y|n|null|~)|True|TRUE|False|FALSE|[-+.]?\d.*|(?i:[-+]?\.inf|\.nan)"
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word or a text."""

    text: str
    quoted: bool
    position: Position

    @property
    def value(self) -> Value:
        """True and false as such, everything else as text."""
        if not self.quoted and self.text in {"true", "false"}:
            return self.text == "true"
        return self.text


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with what they hold, in the order in which they were written."""

    entries: tuple[tuple[Scalar, Node], ...]
    position: Position


Node = Scalar | Sequence | Mapping


def read_source(file: str, text: str) -> Node:
    """The one document of a file; whatever is not plain is refused at its place."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise RuleFileRefused(
            Position(file, 1, 1),
            f"the file has {size} bytes, more than {MAX_BYTES}.",
            fix="Split it or leave something out.",
        )
    try:
        return _Reader(file, text).document()
    except YAMLError as error:
        raise _not_yaml(file, error) from error


def _not_yaml(file: str, error: Any) -> RuleFileRefused:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)
    what = getattr(error, "problem", None) or getattr(error, "context", None) or " ".join(str(error).split())
    return RuleFileRefused(place, f"this is not YAML: {what}.", fix="Correct the syntax.")


@dataclass(frozen=True, slots=True)
class _Event:
    """A parse event of the YAML library, reduced to what is looked at here."""

    kind: str
    position: Position
    text: str = ""
    quoted: bool = False
    extra: str = ""


def _event(file: str, event: Any) -> _Event:
    mark = event.start_mark
    extra = ""
    if getattr(event, "anchor", None) is not None:
        extra = "alias (*)" if type(event).__name__ == "AliasEvent" else "anchor (&)"
    elif getattr(event, "tag", None) is not None:
        extra = "tag (!)"
    elif getattr(event, "version", None) is not None or getattr(event, "tags", None):
        extra = "directive (%)"
    return _Event(
        kind=type(event).__name__.removesuffix("Event"),
        position=Position(file, mark.line + 1, mark.column + 1),
        text=str(getattr(event, "value", "")),
        quoted=bool(getattr(event, "style", None)),
        extra=extra,
    )


class _Reader:
    """Builds nodes from parse events, so that nothing of YAML's object construction ever runs."""

    def __init__(self, file: str, text: str) -> None:
        parser: Any = YAML(typ="safe", pure=True)
        self._events: Iterator[_Event] = (_event(file, event) for event in parser.parse(text))

    def document(self) -> Node:
        self._next()
        opening = self._next()
        if opening.kind == "StreamEnd":
            raise _refused(opening, "the file is empty.", fix="Write `tables:` and at least one table.")
        node = self._node(self._next(), depth=1)
        self._next()
        closing = self._next()
        if closing.kind != "StreamEnd":
            raise _refused(closing, "there is a second document.", fix="Keep one document per file.")
        return node

    def _next(self) -> _Event:
        event = next(self._events)
        if event.extra:
            raise _refused(event, f"a YAML {event.extra} is not allowed.", fix="Write the value out.")
        return event

    def _node(self, event: _Event, *, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _refused(event, f"this is nested deeper than {MAX_DEPTH}.", fix="Write it flat.")
        if event.kind == "SequenceStart":
            return self._sequence(event, depth)
        if event.kind == "MappingStart":
            return self._mapping(event, depth)
        return _scalar(event)

    def _sequence(self, start: _Event, depth: int) -> Sequence:
        items: list[Node] = []
        while (event := self._next()).kind != "SequenceEnd":
            items.append(self._node(event, depth=depth + 1))
        return Sequence(tuple(items), start.position)

    def _mapping(self, start: _Event, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, Position] = {}
        while (event := self._next()).kind != "MappingEnd":
            key = self._node(event, depth=depth + 1)
            if not isinstance(key, Scalar):
                raise _refused(event, "a key must be a single word.", fix="Write a word before the colon.")
            if key.text in seen:
                raise _refused(
                    event,
                    f"the key {key.text!r} was given before, in line {seen[key.text].line}.",
                    fix="Remove one of the two.",
                )
            seen[key.text] = key.position
            held = self._next()
            if held.kind == "Scalar" and not held.text and not held.quoted:
                raise _refused(event, f"nothing is written after {key.text!r}.", fix="Write a value.")
            entries.append((key, self._node(held, depth=depth + 1)))
        return Mapping(tuple(entries), start.position)


def _scalar(event: _Event) -> Scalar:
    if not event.quoted and not event.text:
        raise _refused(event, "nothing is written here.", fix="Write a value.")
    if not event.quoted and _SURPRISING.fullmatch(event.text):
        raise _refused(
            event,
            f"{event.text!r} does not mean the same to everybody who reads YAML.",
            fix=f'Write "{event.text}" in quotes if you mean the text; booleans are true and false.',
        )
    return Scalar(event.text, event.quoted, event.position)


def _refused(event: _Event, problem: str, *, fix: str) -> RuleFileRefused:
    return RuleFileRefused(event.position, problem, fix=fix)
