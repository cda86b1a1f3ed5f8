"""Some code is refused wherever it stands: other clocks, fractions of money, text that becomes code."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.sources import ROOMS, Source, refuse, source, sources

READS_A_CLOCK = frozenset(
    {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.time",
        "time.time_ns",
        "time.gmtime",
        "time.localtime",
    }
)
OTHER_CLOCKS = {
    "engine/clock.py": "the one place that reads a clock",
    "engine/sandbox/folders.py": "compares with the age of a folder, which the file system tells",
    "engine/sandbox/twin/": "a Stripe of its own, with a live time of its own",
}
DECIDES = (
    "rules/",
    "machines/",
    "engine/money.py",
    "engine/pricing/",
    "engine/ledger/",
    "engine/attach/context.py",
    "engine/attach/facts.py",
    "engine/attach/decision.py",
    "engine/attach/planning/",
)
"""What decides is told the time."""
MONEY = ("engine/money.py", "engine/pricing/", "engine/ledger/")
TEXT_BECOMES_CODE = frozenset({"eval", "exec", "compile", "__import__"})
READ_BECOMES_CODE = frozenset({"pickle", "marshal", "shelve", "dill", "cloudpickle"})
UNSAFE_YAML = frozenset({"yaml.load", "yaml.full_load", "yaml.unsafe_load", "yaml.load_all"})


def _foreign_clocks(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if file.path.startswith(tuple(OTHER_CLOCKS)):
            continue
        for node in file.nodes:
            if isinstance(node, ast.Attribute) and _dotted(node) in READS_A_CLOCK:
                yield f"{file.path}:{node.lineno}: {_dotted(node)}"
            elif isinstance(node, ast.ImportFrom) and node.module == "time":
                yield from (f"{file.path}:{node.lineno}: time.time" for n in node.names if n.name == "time")


def _clocks_in_decisions(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if file.path.startswith(DECIDES):
            names = (node for node in file.nodes if isinstance(node, ast.alias | ast.Attribute))
            found = [n for n in names if "wall_time" in {getattr(n, "name", ""), getattr(n, "attr", "")}]
            yield from (f"{file.path}:{node.lineno}: wall_time" for node in found)


def _fractions(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if not file.path.startswith(MONEY):
            continue
        for node in file.nodes:
            match node:
                case ast.Constant(value=float(value)):
                    yield f"{file.path}:{node.lineno}: {value}"
                case ast.Call(func=ast.Name(id="float")):
                    yield f"{file.path}:{node.lineno}: float()"
                case _:
                    pass


def _becoming_code(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        for node in file.nodes:
            if isinstance(node, ast.Call | ast.Import | ast.ImportFrom | ast.Attribute | ast.keyword):
                yield from (f"{file.path}:{line}: {what}" for line, what in _code_made_by(node))


def _code_made_by(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in TEXT_BECOMES_CODE:
            yield node.lineno, name
        case ast.Import(names=names):
            yield from ((node.lineno, n.name) for n in names if n.name.split(".")[0] in READ_BECOMES_CODE)
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] in READ_BECOMES_CODE:
            yield node.lineno, module
        case ast.Attribute() if _dotted(node) in UNSAFE_YAML:
            yield node.lineno, _dotted(node)
        case ast.keyword(arg="typ", value=ast.Constant(value="unsafe")):
            yield node.value.lineno, "YAML(typ='unsafe')"
        case _:
            pass


def _dotted(node: ast.Attribute) -> str:
    """The last two names of `a.b.c`: however a module was imported, the end of the path tells."""
    match node.value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return f"{name}.{node.attr}"
        case _:
            return node.attr


def test_only_the_clock_reads_a_clock() -> None:
    refuse(_foreign_clocks(sources(*ROOMS)))


def test_what_decides_is_told_the_time() -> None:
    refuse(_clocks_in_decisions(sources(*ROOMS)))


def test_money_has_no_fractions() -> None:
    refuse(_fractions(sources("engine")))


def test_no_text_becomes_code() -> None:
    refuse(_becoming_code(sources(*ROOMS, "tests")))


@pytest.mark.parametrize("path", sorted(OTHER_CLOCKS))
def test_each_exception_is_there(path: str) -> None:
    assert [file for file in sources(*ROOMS) if file.path.startswith(path)]


@pytest.mark.parametrize(
    "planted",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "from time import time",
        "field(default_factory=datetime.now)",
    ],
)
def test_a_planted_clock_is_found(planted: str) -> None:
    assert len(list(_foreign_clocks([source("engine/access/check.py", planted)]))) == 1


@pytest.mark.parametrize("harmless", ["time.monotonic()", "time.perf_counter()", "clock.now", "when.time()"])
def test_measuring_is_no_clock(harmless: str) -> None:
    assert list(_foreign_clocks([source("engine/access/check.py", harmless)])) == []


@pytest.mark.parametrize("planted", ["from engine.clock import wall_time", "clock.wall_time()"])
def test_a_planted_clock_in_a_decision_is_found(planted: str) -> None:
    assert len(list(_clocks_in_decisions([source("engine/pricing/lines.py", planted)]))) == 1


@pytest.mark.parametrize("planted", ["rate = 0.5", "share = float(left) / length", "f(1e-2)"])
def test_a_planted_fraction_is_found(planted: str) -> None:
    assert len(list(_fractions([source("engine/pricing/lines.py", planted)]))) == 1


@pytest.mark.parametrize("harmless", ["share = Fraction(1, 2)", 'text = "0.5"', "cents = 50"])
def test_whole_numbers_are_no_fractions(harmless: str) -> None:
    assert list(_fractions([source("engine/money.py", harmless)])) == []


@pytest.mark.parametrize(
    "planted",
    [
        "eval(text)",
        "exec(text)",
        "import pickle",
        "from pickle import loads",
        "yaml.load(text)",
        'YAML(typ="unsafe")',
        "__import__(name)",
    ],
)
def test_planted_code_from_text_is_found(planted: str) -> None:
    assert len(list(_becoming_code([source("rules/loader.py", planted)]))) == 1


@pytest.mark.parametrize("harmless", ['YAML(typ="rt")', "re.compile(text)", "session.exec(statement)"])
def test_harmless_reading_is_not_found(harmless: str) -> None:
    assert list(_becoming_code([source("rules/loader.py", harmless)])) == []
