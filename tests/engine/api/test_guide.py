"""Every curl call of docs/api.md works as it stands, in its order."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from engine.bootstrap import running
from engine.settings import load_settings
from tests.conftest import MakeDatabase

pytestmark = pytest.mark.stack

GUIDE = Path(__file__).parents[3] / "docs/api.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
async def api_url(make_database: MakeDatabase, nats_url: str, twin_base: str) -> AsyncGenerator[str]:
    settings = load_settings(
        port=0, database_url=await make_database(), nats_url=nats_url, stripe_api_base=twin_base
    )
    async with running(settings) as system:
        yield system.api_url


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide is written for curl, which is not here")
async def test_the_guide_can_be_pasted(api_url: str) -> None:
    blocks = [block for block in BLOCK.findall(GUIDE.read_text(encoding="utf-8")) if "curl" in block]
    # Each answer on a line of its own, under the command that got it; --json is younger than some curls.
    shown = "\n".join(["set -eu", f"API={api_url}", *blocks])
    shown = shown.replace("--json", "-H 'Content-Type: application/json' -d").replace(
        "curl -sS", "curl -sS -w '\\n'"
    )

    done = await asyncio.to_thread(
        lambda: subprocess.run(
            ["sh", "-c", shown],  # noqa: S607 -- the shell that every system has
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"]},
            timeout=100,
            check=False,
        )
    )

    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line]
    assert len(answers) == sum(block.count("curl ") for block in blocks) - 1, "one answer goes into $CLOCK"
    assert not [answer for answer in answers if "code" in answer]
    attached = next(answer for answer in answers if answer.get("status") == "active")
    assert attached["invoice"]["total"] == 4000
    assert [answer["allowed"] for answer in answers if "allowed" in answer] == [True, True]
    assert answers[-1]["now"] == "2026-02-01T00:00:00Z"
