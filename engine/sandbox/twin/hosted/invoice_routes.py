"""What does somebody do on the page of an invoice? Read it, print it, pay it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.twin.core.errors import StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import paying
from engine.sandbox.twin.invoicing.drafts import lines_of
from engine.sandbox.twin.objects.cards import NEEDS_ACTION, WORKS
from engine.sandbox.twin.objects.payment_methods import new_card
from engine.sandbox.twin.values.types import Obj, public

from . import bank_page, serving
from .forms import ON_FILE, chosen_card
from .invoice_page import invoice, printed, receipt


@dataclass(frozen=True, slots=True)
class InvoicePages:
    """The pages of invoices over the world."""

    world: World

    async def show(self, request: Request) -> Response:
        """Show an invoice that is final."""
        held = self._find(request)
        return (
            serving.gone("There is no such invoice.") if held is None else serving.page(self._page(held, {}))
        )

    async def show_printed(self, request: Request) -> Response:
        """Show an invoice as it is printed."""
        held = self._find(request)
        if held is None:
            return serving.gone("There is no such invoice.")
        return serving.page(printed(held, lines_of(self.world, held)))

    async def show_receipt(self, request: Request) -> Response:
        """Show the receipt of a charge that went through."""
        charge = serving.find(self.world, "charge", request.path_params["id"])
        if charge is None or charge["status"] != "succeeded":
            return serving.gone("There is no such receipt.")
        return serving.page(receipt(charge))

    async def submit(self, request: Request) -> Response:
        """Pay an invoice with the card on file or a chosen one."""
        id_ = request.path_params["id"]
        sent: Obj = {}
        try:
            sent = await serving.sent_form(request)
            held = self.world.shelf.peek(id_) or {}
            with self.world.acting_as(held.get("_account")), self.world.transaction():
                self._pay(id_, sent)
        except StripeError as error:
            return self._refuse(request, error, sent)
        if serving.wants_json(request):
            return JSONResponse({"status": "paid", "invoice": public(self.world.shelf.peek(id_))})
        return serving.see(f"/i/{id_}")

    def _pay(self, id_: str, sent: Obj) -> None:
        held = self.world.fetch("invoice", id_)
        serving.refuse_on_moving_clock(self.world, held)
        paying.refuse_unless_payable(held)
        confirmed = sent.get("confirm_3ds") == "yes"
        paying.pay_or_raise(self.world, held, self._method(held, sent), authenticated=confirmed)

    def _method(self, held: Obj, sent: Obj) -> Obj:
        """The card chosen, kept for the customer; or the one on file."""
        card = chosen_card(sent, usual=ON_FILE)
        if not isinstance(card, str):
            method = new_card(self.world, card, clock=held["_clock"])
            if method["_behaviour"] in {WORKS, NEEDS_ACTION} or method["_attachable"]:
                self.world.shelf.own(method, held["customer"])
                self.world.emit("payment_method.attached", method)
            return method
        intent = self.world.shelf.peek(held.get("_intent") or "") or {}
        waiting = self.world.shelf.take(intent.get("payment_method") or "")
        found = waiting if waiting is not None else paying.method_for(self.world, held)
        if found is None:
            raise invalid(paying.NO_METHOD, code="resource_missing")
        return found

    def _refuse(self, request: Request, error: StripeError, sent: Obj) -> Response:
        held = self._find(request)
        if held is None:
            return serving.refused(request, error, None)
        if bank_page.asks_bank(error.error) and not serving.wants_json(request):
            return serving.see(f"/3ds/{held['_intent']}")
        return serving.refused(request, error, self._page(held, sent, str(error)))

    def _page(self, held: Obj, sent: Obj, error: str | None = None) -> str:
        on_file = paying.method_for(self.world, held) is not None
        return invoice(held, lines_of(self.world, held), sent, on_file=on_file, error=error)

    def _find(self, request: Request) -> Obj | None:
        held = serving.find(self.world, "invoice", request.path_params["id"])
        return None if held is None or held["status"] == "draft" else held

    def routes(self) -> list[Route]:
        """The routes of these pages."""
        return [
            Route("/i/{id}", self.show, methods=["GET"]),
            Route("/i/{id}", self.submit, methods=["POST"]),
            Route("/receipts/{id}", self.show_receipt, methods=["GET"]),
            Route("/i/{id}/pdf", self.show_printed, methods=["GET"]),
        ]
