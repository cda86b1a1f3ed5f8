from __future__ import annotations

from typing import Any

import pytest

from engine.terminal.watch import changed, line


def change(before: Any, after: Any) -> dict[str, Any]:
    return {"from": before, "to": after}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"changes": {}, "state": {"state": "active"}}, ["active"]),
        ({"changes": {}, "state": {"name": "x"}}, []),
        ({"changes": {"state": change("active", "ended")}}, ["state active → ended"]),
        (
            {"changes": {"ends_at": change(None, "2026-02-01T00:00:00Z")}},
            ["ends_at nothing → 2026-02-01T00:00:00Z"],
        ),
        (
            {"changes": {f"c{n}": change(n, n + 1) for n in range(6)}},
            ["c0 0 → 1", "c1 1 → 2", "c2 2 → 3", "c3 3 → 4", "and 2 more"],
        ),
        ({"changes": {"note": change("x" * 40, "y")}}, [f"note {'x' * 19}… → y"]),
    ],
)
def test_a_message_tells_what_changed(body: dict[str, Any], told: list[str]) -> None:
    assert changed(body) == told


def test_a_line_says_when_what_whose_and_how() -> None:
    body = {"at": "2026-01-01T00:00:00Z", "id": "sp_1", "changes": {"state": change("active", "ended")}}
    told = line("wallstreet.change_feed.subscription_product.organization_acme.updatedV1", body)
    assert str(told).split() == [
        "2026-01-01T00:00:00",
        "subscription_product",
        "updated",
        "organization_acme",
        "sp_1",
        "state",
        "active",
        "→",
        "ended",
    ]
