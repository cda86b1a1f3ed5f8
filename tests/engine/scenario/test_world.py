from __future__ import annotations

from typing import Any

from engine.scenario.world import Person


def invoice(key: str, state: str, total: int) -> dict[str, Any]:
    return {"id": key, "state": state, "total": total}


def customer() -> Person:
    return Person("user", "u-1", None)


def test_an_invoice_is_listed_once_when_it_becomes_open_or_is_paid() -> None:
    person = customer()
    assert person.read([invoice("a", "draft", 500)]).totals == ()
    assert person.read([invoice("a", "open", 500)]).totals == (500,)
    assert person.read([invoice("a", "paid", 500), invoice("b", "paid", -200)]).totals == (-200,)
    assert person.read([invoice("a", "paid", 500), invoice("b", "paid", -200)]).totals == ()


def test_statuses_are_those_of_invoices_made_or_changed() -> None:
    person = customer()
    assert person.read([invoice("a", "draft", 500)]).statuses == ("draft",)
    assert person.read([invoice("a", "draft", 500), invoice("b", "open", 1)]).statuses == ("open",)
    assert person.read([invoice("a", "void", 500), invoice("b", "open", 1)]).statuses == ("void",)


def test_invoices_of_nothing_are_not_shown() -> None:
    news = customer().read([invoice("a", "paid", 0)])
    assert (news.totals, news.statuses) == ((), ())


def test_a_voided_draft_was_never_asked_for() -> None:
    person = customer()
    assert person.read([invoice("a", "void", 500)]).totals == ()


def test_the_last_session_is_the_one_to_complete() -> None:
    person = customer()
    for key, session in (("att_1", "cs_1"), ("att_2", "cs_2"), ("att_3", "cs_1")):
        person.remember({"id": key, "checkout": {"session": session, "url": f"https://pay/{session}"}})
    assert next(reversed(person.checkouts)) == "cs_1"
    assert person.attachments == {"cs_1": "att_1", "cs_2": "att_2"}
    assert person.last_attachment == "att_3"
