"""What belongs to the repository? Its files by kind, without asking git, which may not be installed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("rules", "machines", "persistence", "engine")
FOLDERS = (*ROOMS, "tests", "docs", "scripts", ".ci")
IGNORED = frozenset({"__pycache__"})


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file: its path from the root, its text, its syntax tree and all nodes of that."""

    path: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]

    @property
    def folder(self) -> str:
        """The folder that it is in."""
        return self.path.rpartition("/")[0]


def source(path: str, text: str) -> Source:
    """A file as it would be at that path."""
    tree = ast.parse(text)
    return Source(path, text, tree, tuple(ast.walk(tree)))


def sources(*folders: str) -> tuple[Source, ...]:
    """All Python files below these folders of the root."""
    return tuple(file for folder in folders for file in _below(folder))


@cache
def _below(folder: str) -> tuple[Source, ...]:
    found = ((str(path.relative_to(ROOT)), path) for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(source(name, path.read_text(encoding="utf-8")) for name, path in found)


@cache
def texts() -> dict[str, str]:
    """Every file of the repository that is text, by its path from the root."""
    return {str(path.relative_to(ROOT)): text for path in _files() if (text := _text(path)) is not None}


def _files() -> Iterator[Path]:
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file())
    for folder in FOLDERS:
        yield from (
            path
            for path in sorted((ROOT / folder).rglob("*"))
            if path.is_file() and not IGNORED.intersection(path.parts)
        )


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def refuse(found: Iterable[str]) -> None:
    """Fail with everything that was found, one on a line."""
    told = list(found)
    assert not told, "found:\n" + "\n".join(told)
