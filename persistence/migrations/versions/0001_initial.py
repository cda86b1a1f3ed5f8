"""The first tables, and what the database refuses by itself."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"
_TABLES = (
    "catalog clock customer feature product price product_feature entity "
    "rule_set_version decision attachment step stripe_call "
    "subscription subscription_product subscription_item transition "
    "invoice billed_line checkout_session balance ledger_entry usage_event "
    "outbox inbox due idempotency_key"
)
_FUNCTIONS = ("refuse_unexplained_state", "refuse_change_of_used_price", "refuse_change")


def upgrade() -> None:
    """Run the files of this revision in the order of their numbers."""
    for file in sorted(_SQL.glob("0001_*.sql")):
        # The driver reads a percent sign as a parameter.
        op.get_bind().exec_driver_sql(file.read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Drop everything that the files made, the last first."""
    for table in reversed(_TABLES.split()):
        op.execute(f"DROP TABLE {table}")
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
