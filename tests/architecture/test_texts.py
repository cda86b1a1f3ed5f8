"""The repository speaks of itself alone: no machine, no registry, nothing of how it came about.

A pattern has one letter in brackets, so that it does not find itself here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from tests.architecture.sources import refuse, texts

MACHINES = re.compile(
    r"(?<![\w.])/(?:r[o]ot|h[o]me/\w+|U[s]ers/\w+|w[o]rk|m[n]t/\w+)/"  # folders of one machine
    r"|\b[A-Z]:\\U[s]ers\\"
)
REGISTRIES = re.compile(
    r"p[y]pi\.org|pythonh[o]sted|registry\.n[p]mjs|--(?:extra-)?i[n]dex-url|--f[i]nd-links|--trusted-h[o]st"
)
FOREIGN_WORDS = re.compile(
    r"\b(?:b[l]ueprint|h[e]lpers?|c[l]aude|anthr[o]pic|chatg[p]t|co[p]ilot|s[u]b-?agents?"
    r"|founder-eng[i]neer|the is[s]ue (?:says|wants|asks)|as (?:the|an) is[s]ue)\b"
    r"|\b(?:this|my|our|another|previous) AI s[e]ssion\b|\bl[a]nguage model",
    re.IGNORECASE,
)
SLOPPY_NAMES = re.compile(r"(?:^|/)(?:u[t]ils?|c[o]mmon|h[e]lpers?|m[i]sc)(?:/|\.py$)|M[a]nager\b")


def _found(pattern: re.Pattern[str], files: Mapping[str, str]) -> Iterator[str]:
    for path, text in files.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}: {match.group()}"


def _own_texts() -> dict[str, str]:
    """What is written here; the data of Stripe's own descriptions is not."""
    return {path: text for path, text in texts().items() if "/twin/data/" not in path}


def test_no_file_names_a_folder_of_a_machine() -> None:
    refuse(_found(MACHINES, texts()))


def test_no_file_names_a_registry() -> None:
    refuse(_found(REGISTRIES, texts()))


def test_no_file_tells_how_it_came_about() -> None:
    refuse(_found(FOREIGN_WORDS, _own_texts()))


def test_every_file_has_a_name_that_says_something() -> None:
    refuse([path for path in texts() if SLOPPY_NAMES.search(path)])


@pytest.mark.parametrize(
    ("pattern", "planted"),
    [
        (MACHINES, "cd /ro" + "ot/project"),
        (MACHINES, "see /ho" + "me/anna/wallstreet"),
        (MACHINES, "C:\\Us" + "ers\\anna"),
        (MACHINES, "/wo" + "rk/main"),
        (REGISTRIES, "https://py" + "pi.org/simple"),
        (REGISTRIES, "--ind" + "ex-url https://example.com"),
        (FOREIGN_WORDS, "As the blue" + "print says"),
        (FOREIGN_WORDS, "written by a help" + "er"),
        (FOREIGN_WORDS, "Cla" + "ude wrote this"),
        (SLOPPY_NAMES, "engine/ut" + "ils.py"),
    ],
)
def test_a_planted_text_is_found(pattern: re.Pattern[str], planted: str) -> None:
    assert len(list(_found(pattern, {"a.md": f"first line\n{planted}\n"}))) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        "POST /v1/test_helpers/test_clocks",
        "an environment below /root works",
        "a checkout session",
        "https://docs.stripe.com/billing",
        "engine/sandbox/twin/home/page.py",
    ],
)
def test_a_harmless_text_is_not_found(harmless: str) -> None:
    for pattern in (MACHINES, REGISTRIES, FOREIGN_WORDS):
        assert list(_found(pattern, {"a.md": harmless})) == []
