"""What lies beside the repository and is only ever read: recordings of the real Stripe, and a checker."""

from __future__ import annotations

from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared"
EXCHANGES = SHARED / "stripe_recordings" / "exchanges.jsonl"
CONFORMANCE = SHARED / "stripe_conformance"
