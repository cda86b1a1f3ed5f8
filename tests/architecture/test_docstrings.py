"""Every public name says what it promises: modules, classes, functions and methods of the four rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.sources import ROOMS, Source, refuse, source, sources

GENERATED = ("persistence/migrations/env.py",)
"""Scripts that Alembic runs; nobody imports them."""


def _silent(files: Iterable[Source]) -> Iterator[str]:
    for file in files:
        if file.path in GENERATED:
            continue
        package = file.path.endswith("__init__.py")
        if ast.get_docstring(file.tree) is None and not (package and not file.tree.body):
            yield f"{file.path}: the module"
        yield from (f"{file.path}:{name}" for name in _silent_names(file.tree.body, ""))


def _silent_names(body: Iterable[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.startswith("_"):
                    continue
                if ast.get_docstring(node) is None:
                    yield f"{within}{name}"
                if isinstance(node, ast.ClassDef):
                    yield from _silent_names(node.body, f"{name}.")
            case _:
                pass


def test_every_public_name_says_what_it_promises() -> None:
    refuse(_silent(sources(*ROOMS)))


@pytest.mark.parametrize(
    ("planted", "names"),
    [
        ("a = 1", [": the module"]),
        ('"""M."""\ndef f(): ...', [":f"]),
        ('"""M."""\nasync def f(): ...', [":f"]),
        ('"""M."""\nclass C:\n    """C."""\n    def m(self): ...', [":C.m"]),
        ('"""M."""\nclass C: ...', [":C"]),
    ],
)
def test_a_planted_silent_name_is_found(planted: str, names: list[str]) -> None:
    assert list(_silent([source("engine/a.py", planted)])) == [f"engine/a.py{name}" for name in names]


@pytest.mark.parametrize(
    "harmless", ['"""M."""\ndef _f(): ...', '"""M."""\nclass C:\n    """C."""\n    def __eq__(self, o): ...']
)
def test_a_private_name_may_be_silent(harmless: str) -> None:
    assert list(_silent([source("engine/a.py", harmless)])) == []


def test_an_empty_package_may_be_silent() -> None:
    assert list(_silent([source("engine/a/__init__.py", "")])) == []
