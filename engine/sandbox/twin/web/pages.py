"""What does a buyer do on Stripe's pages? Complete a Checkout Session, pay a hosted invoice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from engine.sandbox.twin.buying.buyer import Submission
from engine.sandbox.twin.buying.completion import complete
from engine.sandbox.twin.checkout.sessions import open_session
from engine.sandbox.twin.core.errors import NOT_FOUND, PAYMENT_REQUIRED, StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import paying
from engine.sandbox.twin.invoicing.drafts import lines_of
from engine.sandbox.twin.objects.cards import PAGE_CARDS, Card
from engine.sandbox.twin.objects.clocks import refuse_while_advancing
from engine.sandbox.twin.objects.payment_methods import new_card
from engine.sandbox.twin.protocol import forms
from engine.sandbox.twin.values.types import Obj, public

from . import html

_SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Pages:
    """The hosted pages over the world."""

    world: World

    async def show_session(self, request: Request) -> Response:
        """Show the page of a session."""
        session = self._find(request, "checkout.session")
        if session is None:
            return _gone("There is no such session.")
        if session["status"] != "open":
            return HTMLResponse(html.message("Checkout", f"This session is {session['status']}."))
        return HTMLResponse(html.checkout(session))

    async def submit_session(self, request: Request) -> Response:
        """Complete a session with what the buyer sent."""
        sent = forms.decode((await request.body()).decode())
        id_ = request.path_params["id"]
        try:
            with self.world.transaction():
                session = open_session(self.world, id_)
                self._refuse_on_moving_clock(session)
                complete(self.world, session, _submission(sent))
        except StripeError as error:
            shown = self.world.shelf.peek(id_)
            still_open = shown is not None and shown["status"] == "open"
            page = html.checkout(shown or {}, str(error), sent.get("payment_method")) if still_open else None
            return _refusal(request, error, page)
        held = self.world.shelf.peek(id_) or {}
        url = str(held["success_url"]).replace("{CHECKOUT_SESSION_ID}", id_)
        if _wants_json(request):
            return JSONResponse({"status": "complete", "redirect": url, "session": public(held)})
        return RedirectResponse(url, _SEE_OTHER)

    async def show_invoice(self, request: Request) -> Response:
        """Show the page of an invoice."""
        invoice = self._find(request, "invoice")
        if invoice is None:
            return _gone("There is no such invoice.")
        return HTMLResponse(html.invoice(invoice, lines_of(self.world, invoice)))

    async def submit_invoice(self, request: Request) -> Response:
        """Pay an invoice with the card on file or a chosen one."""
        sent = forms.decode((await request.body()).decode())
        id_ = request.path_params["id"]
        try:
            with self.world.transaction():
                invoice = self.world.fetch("invoice", id_)
                self._refuse_on_moving_clock(invoice)
                paying.refuse_unless_payable(invoice)
                method = self._method(invoice, sent)
                paying.pay_or_raise(self.world, invoice, method, authenticated=_confirmed(sent))
        except StripeError as error:
            held = self.world.shelf.peek(id_)
            lines = lines_of(self.world, held) if held else []
            page = html.invoice(held, lines, str(error), sent.get("payment_method")) if held else None
            return _refusal(request, error, page)
        if _wants_json(request):
            return JSONResponse({"status": "paid", "invoice": public(self.world.shelf.peek(id_))})
        return RedirectResponse(f"/i/{id_}", _SEE_OTHER)

    async def show_authentication(self, request: Request) -> Response:
        """The bank's page of an intent is the page of its invoice."""
        intent = self._find(request, "payment_intent")
        invoice = (intent or {}).get("_invoice")
        return RedirectResponse(f"/i/{invoice}", _SEE_OTHER) if invoice else _gone("Nothing to confirm.")

    def _find(self, request: Request, kind: str) -> Obj | None:
        found = self.world.shelf.peek(request.path_params["id"])
        return found if found is not None and found["object"] == kind else None

    def _refuse_on_moving_clock(self, obj: Obj) -> None:
        clock = self.world.shelf.peek(obj["_clock"] or "")
        if clock is not None:
            refuse_while_advancing(clock)

    def _method(self, invoice: Obj, sent: Obj) -> Obj:
        """The card chosen, kept for the customer; or the one on file."""
        name = sent.get("payment_method", "default")
        if name != "default":
            card = _card(name)
            method = new_card(self.world, card, clock=invoice["_clock"])
            self.world.shelf.own(method, invoice["customer"])
            return method
        intent = self.world.shelf.peek(invoice.get("_intent") or "") or {}
        held = self.world.shelf.take(intent.get("payment_method") or "") or paying.method_for(
            self.world, invoice
        )
        if held is None:
            raise invalid(paying.NO_METHOD, code="resource_missing")
        return held

    def routes(self) -> list[Route]:
        """The routes of the pages."""
        return [
            Route("/c/pay/{id}", self.show_session, methods=["GET"]),
            Route("/c/pay/{id}", self.submit_session, methods=["POST"]),
            Route("/i/{id}", self.show_invoice, methods=["GET"]),
            Route("/i/{id}", self.submit_invoice, methods=["POST"]),
            Route("/3ds/{id}", self.show_authentication, methods=["GET"]),
        ]


def _card(name: str) -> Card:
    card = PAGE_CARDS.get(name)
    if card is None:
        known = ", ".join(PAGE_CARDS)
        raise invalid(f"Unknown card: {name}. The page knows {known}.", param="payment_method")
    return card


def _confirmed(sent: Obj) -> bool:
    return sent.get("confirm_3ds") == "yes"


def _submission(sent: Obj) -> Submission:
    counts = cast("dict[str, str]", sent.get("q") or {})
    return Submission(
        card=_card(sent.get("payment_method", "visa")),
        authenticated=_confirmed(sent),
        quantities={line: int(count) for line, count in counts.items()},
        form=sent,
    )


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _refusal(request: Request, error: StripeError, page: str | None) -> Response:
    """What a refused try looks like: the page again, with what is wrong."""
    status = error.status
    if _wants_json(request):
        needs_bank = "requires_action" in str(error.error.get("code")) or "authentication" in str(
            error.error.get("code")
        )
        state = "requires_action" if needs_bank else "declined"
        return JSONResponse(
            {"status": state if status == PAYMENT_REQUIRED else "refused", "error": error.error}, status
        )
    return HTMLResponse(page or html.message("Not possible", str(error)), status)


def _gone(text: str) -> Response:
    return HTMLResponse(html.message("Not found", text), NOT_FOUND)
