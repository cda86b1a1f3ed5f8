"""How does a proof look in a terminal? A line for each table, what invariants removed, and every fault."""

from __future__ import annotations

from collections.abc import Iterator

from rules.verifier import Fault, Report, TableProof

_HEAD = f"{'table':<22}{'stage':<10}{'rules':>6}{'raw':>12}{'valid':>10}{'seconds':>9}"


def render_report(report: Report) -> str:
    """The whole report, plain text, ending with whether the proof holds."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield f"Rule set {report.rule_set_hash[:12]}"
    yield ""
    yield _HEAD
    for table in report.tables:
        yield from _table(table)
    yield ""
    for fault in report.faults:
        yield from _fault(fault)
    valid = sum(table.valid for table in report.tables)
    rules = sum(table.rules for table in report.tables)
    if report.holds:
        yield (
            f"Proved: {len(report.tables)} tables, {rules} rules, {valid:,} combinations, each with exactly"
            f" one answer by both evaluators ({report.seconds:.1f} s)."
        )
    else:
        yield f"NOT proved: {len(report.faults)} faults ({report.seconds:.1f} s)."


def _table(table: TableProof) -> Iterator[str]:
    mark = "" if not table.faults else "  FAULT"
    yield (
        f"{table.name:<22}{table.stage:<10}{table.rules:>6}{table.raw:>12,}{table.valid:>10,}"
        f"{table.seconds:>9.2f}{mark}"
    )
    for removed in table.removed:
        yield f"    - {removed.combinations:,} removed by {removed.invariant}: {removed.sentence}"


def _fault(fault: Fault) -> Iterator[str]:
    times = f" ({fault.times:,} combinations)" if fault.times > 1 else ""
    yield f"{fault.position} {fault.kind} in {fault.table}: {fault.message}{times}."
    if fault.customer:
        yield f"    {fault.customer}"
    yield f"    {fault.fix}"
