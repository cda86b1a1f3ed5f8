"""Two twins with the same seed, and one that was ended in the middle, answer the same bytes."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from tests.engine.sandbox.determinism.story import Story, exports, first_half, second_half
from tests.engine.sandbox.launching import launched
from tests.engine.sandbox.twin_client import JAN_1


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def told(folder: Path, port: int, *, restarted: bool) -> Story:
    """The whole story; the twin is ended and started again in the middle where asked."""
    folder.mkdir()
    story = Story()
    options = [
        "--port",
        str(port),
        "--now",
        str(JAN_1),
        "--seed",
        "same",
        "--data",
        str(folder / "state.json"),
    ]
    if restarted:
        with launched(folder, *options, events=False) as twin:
            made = first_half(twin, story)
        with launched(folder, *options, events=False) as twin:
            second_half(twin, story, made)
            exports(twin, story)
        return story
    with launched(folder, *options, events=False) as twin:
        second_half(twin, story, first_half(twin, story))
        exports(twin, story)
    return story


def test_the_same_calls_give_the_same_bytes_across_runs_and_a_restart(tmp_path: Path) -> None:
    port = free_port()
    first = told(tmp_path / "first", port, restarted=False)
    again = told(tmp_path / "again", port, restarted=False)
    restarted = told(tmp_path / "restarted", port, restarted=True)
    for one, other in zip(first.said, again.said, strict=True):
        assert one == other
    for one, other in zip(first.said, restarted.said, strict=True):
        assert one == other
    statuses = {status for _, status, _, _ in first.said}
    assert {200, 500, 503} <= statuses
    assert any("idempotent-replayed" in headers for _, _, headers, _ in first.said)


def test_another_seed_gives_other_ids(tmp_path: Path) -> None:
    ids: set[str] = set()
    for seed in ("one", "two"):
        story = Story()
        with launched(tmp_path, "--now", str(JAN_1), "--seed", seed) as twin:
            story.call(twin, "POST", "/v1/customers", name="A")
        ids.add(json.loads(story.said[0][3])["id"])
    assert len(ids) == 2
