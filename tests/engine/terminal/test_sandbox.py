from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from engine.terminal.sandbox import SandboxMisused, doors, instant, line, options, time

EXCHANGE: dict[str, Any] = {
    "method": "POST",
    "path": "/v1/customers",
    "status": 200,
    "at": 1767225600,
    "lost": False,
    "answer": {"id": "cus_1"},
}


def test_a_call_is_told_in_a_line() -> None:
    assert line(EXCHANGE).plain == "2026-01-01 00:00:00  200  POST   /v1/customers  cus_1"
    assert "lost" in line(EXCHANGE | {"lost": True}).plain
    refused = {"error": {"message": "No such customer: 'x'. Please look again."}}
    assert line(EXCHANGE | {"status": 404, "answer": refused}).plain.endswith("No such customer: 'x'")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1767225600", 1767225600),
        ("2026-01-01", 1767225600),
        ("2026-01-01T01:00:00", 1767229200),
        ("2026-01-01T01:00:00+01:00", 1767225600),
    ],
)
def test_a_time_may_be_written_in_several_ways(text: str, at: int) -> None:
    assert instant(text) == at


def test_options_are_those_of_the_process(tmp_path: Path) -> None:
    asked = partial(options, port=0, seed="x", time=[], traffic=None)
    given = asked(data=tmp_path / "s.json", webhook_retries="hurried")
    assert given == [
        "--port",
        "0",
        "--seed",
        "x",
        "--webhook-retries",
        "hurried",
        "--data",
        str(tmp_path / "s.json"),
    ]
    with pytest.raises(SandboxMisused, match="scheduled or hurried"):
        asked(data=None, webhook_retries="never")


def test_time_stands_unless_it_follows() -> None:
    assert time(None, follow=False) == ["--stand"]
    assert time("2026-01-01", follow=False) == ["--now", "1767225600"]
    assert time(None, follow=True) == []
    with pytest.raises(SandboxMisused, match="give one of them"):
        time("2026-01-01", follow=True)


def test_the_doors_name_the_secret_of_the_webhooks() -> None:
    console = Console(width=100, record=True, file=None, quiet=False)
    with console.capture() as shown:
        console.print(doors("http://127.0.0.1:1", "http://shop.test/hook", "whsec_1"))
    for words in ("http://127.0.0.1:1/", "sk_test_", "http://shop.test/hook", "whsec_1"):
        assert words in shown.get()
