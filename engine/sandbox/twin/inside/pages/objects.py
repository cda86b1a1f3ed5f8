"""Where is anything else? Any object by its id, connected accounts, and the search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import quote

from engine.sandbox.twin.hosted.html import Html, Part, el
from engine.sandbox.twin.inside import pieces
from engine.sandbox.twin.inside.view import Page, Question, View
from engine.sandbox.twin.values.types import Obj, public

from . import events, requests

_MOST = 100
_UNSEARCHED = frozenset({"event", "ledger_entry", "line_item", "_delivery"})
_NAMES = ("number", "name", "email", "code", "lookup_key")


def one(view: View, question: Question) -> Page | None:
    """Any object as it is, with what is due for it, its events and requests."""
    held = view.world.shelf.peek(question.id)
    if held is None:
        return None
    return Page(
        str(held.get("name") or held["id"]),
        (
            _facts(view, held),
            pieces.section("The object as it is", pieces.raw(view.world, public(held))),
            events.about(view, question.id),
            requests.about(view, question.id),
        ),
        pieces.state(held["status"]) if isinstance(held.get("status"), str) else None,
    )


def _facts(view: View, held: Obj) -> Html:
    clock = held.get("_clock")
    dues = view.world.dues(view.world, held)
    currency = held.get("currency")
    pairs: list[tuple[str, Part]] = [
        ("Id", str(held["id"])),
        ("Kind", held["object"].strip("_").replace("_", " ")),
        ("Created", pieces.when(held.get("created"))),
        ("Clock", pieces.ref(view.world, clock) if clock else el("a", "live", href="/inside/clocks/live")),
        ("Account", pieces.ref(view.world, held["_account"]) if held.get("_account") else "platform"),
    ]
    pairs += [
        (name.replace("_", " ").capitalize(), pieces.ref(view.world, held[name]))
        for name in ("customer", "subscription", "invoice", "payment_intent")
        if isinstance(held.get(name), str)
    ]
    if isinstance(held.get("amount"), int) and isinstance(currency, str):
        pairs.append(("Amount", pieces.amount(held["amount"], currency)))
    if dues:
        pairs.append(("Next", [pieces.when(min(due.at for due in dues))]))
    return pieces.facts(*pairs)


def accounts(view: View, question: Question) -> Page:
    """The connected accounts."""
    shown = pieces.paged(question, view.all("account"), lambda some: _accounts(view, some))
    return Page("Connected accounts", (el("section", shown),))


def _accounts(view: View, some: Sequence[Obj]) -> Html:
    rows = (
        (
            pieces.ref(view.world, held),
            held.get("type") or "",
            held.get("email") or pieces.none(),
            pieces.state("enabled") if held.get("charges_enabled") else pieces.state("not enabled"),
            pieces.state("enabled") if held.get("payouts_enabled") else pieces.state("not enabled"),
            pieces.when(held.get("created")),
        )
        for held in some
    )
    return pieces.table(("Account", "Type", "Email", "Charges", "Payouts", "Created"), rows, "No account.")


def account(view: View, question: Question) -> Page | None:
    """One connected account, with how much of what lies in it."""
    held = view.world.shelf.peek(question.id)
    if held is None or held["object"] != "account":
        return None
    found = Counter(
        each["object"] for each in view.world.shelf.everything() if each.get("_account") == held["id"]
    )
    rows = ((kind.replace("_", " "), f"{count:,}") for kind, count in sorted(found.items()) if kind[0] != "_")
    whole = one(view, question)
    assert whole is not None
    inside_ = pieces.section("What lies in it", pieces.table(("Kind", "How many>"), rows))
    return Page(str(held.get("email") or held["id"]), (whole.sections[0], inside_, *whole.sections[1:]))


def searched(view: View, question: Question) -> Page | str:
    """Where the one thing is shown that has this id or name, or all that have these letters in theirs."""
    wanted = question.get("id")
    if view.world.shelf.peek(wanted) is not None:
        return pieces.address(view.world, wanted)
    if any(made.request_id == wanted for made in view.exchanges):
        return f"/inside/requests/{quote(wanted)}"
    named = list(islice(_named(view, wanted.lower()), _MOST)) if wanted else []
    return pieces.address(view.world, named[0]["id"]) if len(named) == 1 else _results(view, wanted, named)


def _results(view: View, wanted: str, named: Sequence[Obj]) -> Page:
    rows = (
        (
            pieces.ref(view.world, held),
            held["object"].replace("_", " "),
            next((str(held[name]) for name in _NAMES if held.get(name)), ""),
            pieces.when(held.get("created")),
        )
        for held in named
    )
    table = pieces.table(("Id", "Kind", "Name", "Created"), rows, f"Nothing is called “{wanted}”.")
    return Page(f"Search: {wanted}" if wanted else "Search", (el("section", table),))


def _named(view: View, wanted: str) -> Iterator[Obj]:
    """What has these letters in its id or name, latest first."""
    for id_, held in reversed(view.world.shelf.objects.items()):
        if held["object"] in _UNSEARCHED:
            continue
        names = (held[name] for name in _NAMES if held.get(name))
        if wanted in id_.lower() or any(wanted in str(name).lower() for name in names):
            yield held
