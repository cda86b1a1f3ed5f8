"""Nothing grows until nobody reads it: files, functions and folders have a largest size."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.sources import ROOMS, Source, refuse, source, sources

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 40
"""Counted from `def` to the last line, without the docstring: a promise is no code."""
FILES_OF_A_FOLDER = 12
"""Python files, not counting an `__init__.py` that holds nothing."""

LONG_FUNCTIONS: dict[str, str] = {}
"""Functions that are longer, and why that is easier to read than two of them."""

FULL_FOLDERS = {
    "tests/rules": "a test for each file of the room, and what they share",
    "tests/engine/sandbox": "a test for each part of the twin, and what they share",
}
"""Folders that hold more, and why they are one nevertheless."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _long_files(files: Iterable[Source]) -> list[str]:
    counted = ((file.path, file.text.count("\n")) for file in files)
    return [f"{path}: {lines} lines" for path, lines in counted if lines > LINES_OF_A_FILE]


def _long_functions(files: Iterable[Source]) -> Iterator[tuple[str, int]]:
    for file in files:
        for node in file.nodes:
            if isinstance(node, Function) and (lines := _length(node)) > LINES_OF_A_FUNCTION:
                yield f"{file.path}:{node.name}", lines


def _length(function: Function) -> int:
    assert function.end_lineno is not None
    first = function.body[0]
    told = 0
    if ast.get_docstring(function) is not None:
        assert first.end_lineno is not None
        told = first.end_lineno - first.lineno + 1
    return function.end_lineno - function.lineno + 1 - told


def _full_folders(files: Iterable[Source]) -> dict[str, int]:
    counted = Counter(
        file.folder for file in files if file.text.strip() or not file.path.endswith("__init__.py")
    )
    return {folder: n for folder, n in sorted(counted.items()) if n > FILES_OF_A_FOLDER}


def test_no_file_is_longer_than_400_lines() -> None:
    refuse(_long_files(sources(*ROOMS, "tests")))


def test_no_function_is_longer_than_40_lines() -> None:
    found = [f"{name}: {n} lines" for name, n in _long_functions(sources(*ROOMS, "tests"))]
    refuse([each for each in found if each.rpartition(":")[0] not in LONG_FUNCTIONS])


def test_no_function_is_excused_that_is_short() -> None:
    found = {name for name, _ in _long_functions(sources(*ROOMS, "tests"))}
    refuse(LONG_FUNCTIONS.keys() - found)


def test_no_folder_holds_more_than_12_python_files() -> None:
    found = _full_folders(sources(*ROOMS, "tests"))
    refuse(f"{folder}: {n} files" for folder, n in found.items() if folder not in FULL_FOLDERS)


def test_no_folder_is_excused_that_is_small() -> None:
    refuse(FULL_FOLDERS.keys() - _full_folders(sources(*ROOMS, "tests")).keys())


def test_a_planted_long_file_is_found() -> None:
    longest = source("engine/a.py", "a = 1\n" * LINES_OF_A_FILE)
    too_long = source("engine/b.py", "a = 1\n" * (LINES_OF_A_FILE + 1))
    assert _long_files([longest, too_long]) == [f"engine/b.py: {LINES_OF_A_FILE + 1} lines"]


@pytest.mark.parametrize("head", ["def f():", "async def f():"])
def test_a_planted_long_function_is_found(head: str) -> None:
    body = "    a = 1\n"
    told = '    """One.\n\n    Two.\n    """\n'
    longest = source("engine/a.py", f"{head}\n{told}{body * (LINES_OF_A_FUNCTION - 1)}")
    too_long = source("engine/b.py", f"{head}\n{told}{body * LINES_OF_A_FUNCTION}")
    assert list(_long_functions([longest, too_long])) == [("engine/b.py:f", LINES_OF_A_FUNCTION + 1)]


def test_a_planted_full_folder_is_found() -> None:
    files = [source(f"engine/full/{n}.py", "a = 1\n") for n in range(FILES_OF_A_FOLDER + 1)]
    files += [source(f"engine/enough/{n}.py", "a = 1\n") for n in range(FILES_OF_A_FOLDER)]
    files += [source("engine/enough/__init__.py", "")]
    assert _full_folders(files) == {"engine/full": FILES_OF_A_FOLDER + 1}
