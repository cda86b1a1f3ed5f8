"""What may happen next to a thing in this state? One table per lifecycle, one answer for preview and writing.

The `transitions` library moves a throw-away carrier through one shared synchronous machine that has no
callbacks, no models and no queue; a plain dictionary of the same rows names the arrow independently. `step`
asks both.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Generic

from transitions import EventData, MachineError
from transitions import Machine as LibraryMachine

from machines.errors import (
    EnginesDisagree,
    GuardNotAnswered,
    IllegalTransition,
    InconsistentMachine,
    UnknownWord,
)
from machines.row import START, Arrow, E, Row, S, Start, Step, Word, arrows
from machines.validation import answers_to, asked, find_faults

NO_GUARDS: Final[Mapping[str, bool]] = MappingProxyType({})


class _Carrier:
    """What the library moves: made for one step and thrown away."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class _Answer:
    """A condition of the library that reads the caller's answer to one guard."""

    __slots__ = ("guard",)

    def __init__(self, guard: str) -> None:
        self.guard = guard

    def __call__(self, event: EventData) -> bool:
        return bool(event.kwargs["guards"][self.guard])


class Machine(Generic[S, E]):
    """A lifecycle: consistent once it exists, the same for every thread, and without side effects."""

    def __init__(
        self,
        name: str,
        *,
        about: str,
        states: type[S],
        events: type[E],
        final: tuple[S, ...],
        rows: tuple[Row[S, E], ...],
        guards: type[Word] | None = None,
    ) -> None:
        self.name: Final = name
        self.about: Final = about
        self.states: Final[tuple[S, ...]] = tuple(states)
        self.events: Final[tuple[E, ...]] = tuple(events)
        self.guards: Final[tuple[Word, ...]] = tuple(guards or ())
        self.initial: Final = START
        self.final: Final = final
        self.rows: Final = rows
        self.validate()
        self._asked: Final = asked(rows)
        self._cells: Final = self._tabulate()
        self._library: Final[Any] = self._build()

    def validate(self) -> None:
        """Raise InconsistentMachine with every fault of the table; called when the machine is made."""
        faults = find_faults(
            states=self.states,
            events=self.events,
            guards=self.guards,
            final=self.final,
            rows=self.rows,
        )
        if faults:
            raise InconsistentMachine(self.name, faults=faults)

    def step(self, state: str, event: str, guards: Mapping[str, bool] = NO_GUARDS) -> Step[S, E]:
        """The move that the event makes in this state, or IllegalTransition with the events that may happen.

        Every guard that the arrow depends on must be answered; answers to others are ignored.
        """
        source = self._known_state(state)
        happened = self._known_event(event)
        row = self.lookup(source, happened, guards)
        carrier = _Carrier(source.value)
        try:
            moved = self._library.events[happened.value].trigger(carrier, guards=guards)
        except MachineError:
            moved = False
        if moved != (row is not None) or (row is not None and carrier.state != row.dest):
            table = row.dest if row else "nothing"
            raise EnginesDisagree(self.name, state=source, event=happened, library=carrier.state, table=table)
        if row is None:
            raise IllegalTransition(self.name, state=source, event=happened, allowed=self.allowed(source))
        return Step(source, happened, row.dest, row.effects)

    def lookup(self, state: str, event: str, guards: Mapping[str, bool] = NO_GUARDS) -> Row[S, E] | None:
        """The row that applies by the plain table alone, None when there is none."""
        questions = self._asked.get((state, event))
        if questions is None:
            return None
        missing = [name for name in questions if name not in guards]
        if missing:
            raise GuardNotAnswered(self.name, state=state, event=event, guards=missing)
        return self._cells[state, event, tuple(guards[name] for name in questions)]

    def allowed(self, state: str) -> tuple[E, ...]:
        """The events that may happen in this state; guards choose where they lead, never whether they may."""
        source = self._known_state(state)
        return tuple(event for event in self.events if (source, event) in self._asked)

    def asks(self, state: str, event: str) -> tuple[str, ...]:
        """The guards that must be answered for this event in this state."""
        return self._asked.get((state, event), ())

    def arrows(self) -> tuple[Arrow, ...]:
        """Every arrow of the diagram, in the order of the table."""
        return tuple(arrows(self.rows))

    def _known_state(self, word: str) -> S | Start:
        known: tuple[S | Start, ...] = (self.initial, *self.states)
        for state in known:
            if state == word:
                return state
        raise UnknownWord(self.name, kind="state", word=word, known=known)

    def _known_event(self, word: str) -> E:
        for event in self.events:
            if event == word:
                return event
        raise UnknownWord(self.name, kind="event", word=word, known=self.events)

    def _tabulate(self) -> dict[tuple[str, str, tuple[bool, ...]], Row[S, E]]:
        cells: dict[tuple[str, str, tuple[bool, ...]], Row[S, E]] = {}
        for (source, event), questions in self._asked.items():
            for answers in answers_to(questions):
                for row in self.rows:
                    if row.event == event and source in row.sources and row.holds(answers):
                        cells[source, event, tuple(answers.values())] = row
        return cells

    def _build(self) -> LibraryMachine:
        library = LibraryMachine(
            model=None,
            states=[self.initial.value, *(state.value for state in self.states)],
            initial=self.initial.value,
            auto_transitions=False,
            queued=False,
            send_event=True,
        )
        for row in self.rows:
            library.add_transition(
                trigger=row.event.value,
                source=[source.value for source in row.sources],
                dest=row.dest.value,
                conditions=[_Answer(name) for name in row.guard],
                unless=[_Answer(name) for name in row.unless],
            )
        return library


__all__ = ["NO_GUARDS", "START", "Arrow", "Machine", "Row", "Start", "Step", "Word"]
