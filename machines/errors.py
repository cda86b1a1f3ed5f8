"""What a state machine refuses, each refusal under its own name.

MachineRefusal
├── IllegalTransition      the event is not an arrow out of this state
├── GuardNotAnswered       the arrow depends on a question that the caller did not answer
├── UnknownWord            a state, event or guard that this machine does not have
├── UnreachableState       no true story leads from the known state to the one that was seen
├── EnginesDisagree        the library and the plain table name different arrows (never expected)
└── InconsistentMachine    the table itself is wrong; raised when it is imported
"""

from collections.abc import Sequence


class MachineRefusal(Exception):
    """Every refusal of a state machine; carries the machine's name."""

    def __init__(self, machine: str, message: str) -> None:
        super().__init__(message)
        self.machine = machine


class IllegalTransition(MachineRefusal):
    """The event may not happen in this state; `allowed` holds those that may."""

    def __init__(self, machine: str, *, state: str, event: str, allowed: Sequence[str]) -> None:
        choice = f"allowed are {', '.join(allowed)}" if allowed else "nothing is allowed, it is final"
        super().__init__(machine, f"{machine}: {event} cannot happen in state {state}; {choice}.")
        self.state = state
        self.event = event
        self.allowed = tuple(allowed)


class GuardNotAnswered(MachineRefusal):
    """The arrow depends on `guards`, and the caller gave no answer to them."""

    def __init__(self, machine: str, *, state: str, event: str, guards: Sequence[str]) -> None:
        questions = ", ".join(guards)
        super().__init__(
            machine, f"{machine}: {event} in state {state} depends on {questions}: not answered."
        )
        self.state = state
        self.event = event
        self.guards = tuple(guards)


class UnknownWord(MachineRefusal):
    """A state, event or guard that the machine does not declare."""

    def __init__(self, machine: str, *, kind: str, word: str, known: Sequence[str]) -> None:
        super().__init__(machine, f"{machine}: there is no {kind} {word!r}; known are {', '.join(known)}.")
        self.kind = kind
        self.word = word


class UnreachableState(MachineRefusal):
    """What was seen cannot follow from what is known, whatever was missed between the two."""

    def __init__(self, machine: str, *, state: str, target: str) -> None:
        super().__init__(machine, f"{machine}: {state} never becomes {target}.")
        self.state = state
        self.target = target


class EnginesDisagree(MachineRefusal):
    """The library moved to another state than the plain table says."""

    def __init__(self, machine: str, *, state: str, event: str, library: str, table: str) -> None:
        super().__init__(
            machine, f"{machine}: {event} in {state} gives {library} by library, {table} by table."
        )


class InconsistentMachine(MachineRefusal):
    """The table contradicts itself; `faults` says where, one sentence each."""

    def __init__(self, machine: str, *, faults: Sequence[str]) -> None:
        super().__init__(machine, f"{machine} is inconsistent: {'; '.join(faults)}.")
        self.faults = tuple(faults)
