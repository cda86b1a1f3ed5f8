"""Where do scenarios come from? Files and folders, each read whole or refused with its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.scenario.format import Scenario

SUFFIXES = frozenset({".yaml", ".yml"})


class ScenarioUnreadable(Exception):
    """A file that is not a scenario; the sentence names file, line and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Found:
    """One file: the scenario in it, or why it cannot be read."""

    path: Path
    scenario: Scenario | None
    problem: str = ""

    @property
    def id(self) -> str:
        """The scenario's own id, or the file's name when it could not be read."""
        return self.scenario.id if self.scenario else self.path.stem


def find(paths: Iterable[Path]) -> list[Found]:
    """Every scenario under the given files and folders, in the order of their names.

    A path that does not exist, or a folder without one, is refused: a run of nothing would look like success.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
            if not inside:
                raise ScenarioUnreadable(f"{path} holds no scenario file (*.yaml)")
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise ScenarioUnreadable(f"{path} does not exist")
    return [_found(file) for file in dict.fromkeys(files)]


def read(path: Path) -> Scenario:
    """The scenario in a file; otherwise `ScenarioUnreadable` with file, line and reason."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioUnreadable(f"{path}: {error}") from error
    document = _parse(path, text)
    if not isinstance(document, dict):
        raise ScenarioUnreadable(f"{path}: a scenario is a mapping with `id`, `now` and `steps`")
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        tree = _yaml("rt").load(text)
        findings = [f"{path}{_line(tree, found)}: {_sentence(found)}" for found in error.errors()]
        raise ScenarioUnreadable("; ".join(dict.fromkeys(findings))) from error


def _yaml(kind: str) -> Any:
    return YAML(typ=kind, pure=True)  # its methods carry no types


def _parse(path: Path, text: str) -> object:
    try:
        return _yaml("safe").load(text)
    except YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error)
        raise ScenarioUnreadable(f"{path}{line}: not YAML: {reason}") from error


def _found(path: Path) -> Found:
    try:
        return Found(path, read(path))
    except ScenarioUnreadable as problem:
        return Found(path, None, str(problem))


def _place(location: Sequence[int | str]) -> list[int | str]:
    """Pydantic's location without names that stand for no key: the verb of a step, a branch of a union."""
    place = list(location)
    if place[:1] == ["steps"]:
        place = place[:2] + place[3:]
    return [part for part in place if part not in ("int", "float")]


def _sentence(found: ErrorDetails) -> str:
    """What is wrong, in words; steps and products are counted from 1."""
    place = [str(part + 1) if isinstance(part, int) else part for part in _place(found["loc"])]
    inside = f" in {' '.join(place[:-1])}" if place[:-1] else ""
    match found["type"]:
        case "extra_forbidden":
            return f"unknown key `{place[-1]}`{inside}"
        case "missing":
            return f"`{place[-1]}` is missing{inside}"
        case "union_tag_invalid":
            return f"unknown verb `{found.get('ctx', {}).get('tag')}` in {' '.join(place)}"
        case _:
            return f"{' '.join(place)}: {found['msg'].removeprefix('Value error, ')}"


def _line(tree: Any, found: ErrorDetails) -> str:
    """`:n` of the deepest part of the file that the finding names."""
    node, line = tree, 0
    for part in _place(found["loc"]):
        try:
            line = node.lc.key(part)[0] if isinstance(part, str) else node.lc.item(part)[0]
            node = node[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return f":{line + 1}"
