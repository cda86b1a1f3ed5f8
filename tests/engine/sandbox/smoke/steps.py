"""What do both libraries do? The steps in `steps/`, file by file, and how each library calls its methods.

A step names a method of the Python library (`call`), the ids that it takes first, its parameters (`with`),
the account on whose behalf it is made, under which name its answer is kept (`as`), the answer that it waits
for (`until`), and the status. A text that begins with `$` stands for a part of an answer that was kept:
`$customer.id`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.narrowing import is_hash, is_list

HERE = Path(__file__).parent
Step = dict[str, Any]


def steps() -> list[Step]:
    """All steps in their order."""
    return [
        step
        for file in sorted((HERE / "steps").glob("*.json"))
        for step in json.loads(file.read_text(encoding="utf-8"))
    ]


def node_steps() -> list[Step]:
    """The same with the names of the Node library."""
    names: dict[str, str] = json.loads((HERE / "node_names.json").read_text(encoding="utf-8"))
    return [{**step, "call": names.get(step["call"]) or _camel(step["call"])} for step in steps()]


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def filled(value: Any, kept: dict[str, Any]) -> Any:
    """A value with what was kept in the places of the names."""
    if is_hash(value):
        return {name: filled(item, kept) for name, item in value.items()}
    if is_list(value):
        return [filled(item, kept) for item in value]
    return part(kept, value[1:]) if isinstance(value, str) and value.startswith("$") else value


def part(whole: Any, path: str) -> Any:
    """What stands at `items.data.0.id`."""
    for name in path.split("."):
        whole = whole[int(name)] if name.isdigit() else whole[name]
    return whole
