"""Every example of the two guides of the twin works as it stands, in its order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.sandbox.launching import launched
from tests.engine.sandbox.twin_client import JAN_1

DOCS = Path(__file__).parents[4] / "docs"


def blocks(guide: str, language: str) -> list[str]:
    text = (DOCS / guide).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def pasted(command: list[str], text: str, base: str) -> str:
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "TWIN": base},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guides are written for curl, which is not here")
@pytest.mark.parametrize(
    ("guide", "expected"),
    [
        ("sandbox.md", ['"billing_reason": "subscription_cycle"', '"state":"pending"', '"retry_days":[1,3]']),
        (
            "sandbox-faults.md",
            ["idempotent-replayed: true", "the answer is lost", '"type": "api_error"', '"deleted":true'],
        ),
    ],
)
def test_the_guide_can_be_pasted(tmp_path: Path, guide: str, expected: list[str]) -> None:
    with launched(tmp_path, "--now", str(JAN_1), "--webhook-retries", "scheduled") as twin:
        shown = pasted(["sh", "-eu"], "".join(blocks(guide, "sh")), twin.base)
        assert "invalid_request_error" not in shown
        for words in expected:
            assert words in shown
        for block in blocks(guide, "python"):
            pasted([sys.executable, "-"], f'import os\n\nTWIN = os.environ["TWIN"]\n{block}', twin.base)
