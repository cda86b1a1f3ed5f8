"""What does a buyer do on the page of a session? Change the order, pay, be asked by the bank, come again."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.twin.buying import choices
from engine.sandbox.twin.buying.buyer import Submission
from engine.sandbox.twin.buying.completion import complete
from engine.sandbox.twin.checkout.expiring import recover
from engine.sandbox.twin.checkout.pricing import price_up
from engine.sandbox.twin.checkout.sessions import open_session
from engine.sandbox.twin.core.errors import PAYMENT_REQUIRED, StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj, as_obj, inside, public

from . import bank_page, serving
from .checkout_page import checkout, ended, thanks
from .forms import chosen_card


@dataclass(frozen=True, slots=True)
class CheckoutPages:
    """The pages of Checkout Sessions over the world."""

    world: World

    async def show(self, request: Request) -> Response:
        """Show the page of a session."""
        session = serving.find(self.world, "checkout.session", request.path_params["id"])
        if session is None:
            return serving.gone("There is no such session.")
        if session["status"] != "open":
            return serving.page(ended(session))
        return serving.page(checkout(self.world, session, {}))

    async def submit(self, request: Request) -> Response:
        """Change the order, or complete the session with what the buyer sent."""
        id_ = request.path_params["id"]
        sent: Obj = {}
        try:
            sent = await serving.sent_form(request)
            if "action" in sent or _adds_only(sent, request):
                self._change(id_, sent)
                return serving.see(f"/c/pay/{id_}")
            self._complete(id_, sent)
        except StripeError as error:
            return await self._refuse(request, error, id_, sent)
        return self._done(request, id_)

    def _change(self, id_: str, sent: Obj) -> None:
        with self._acting(id_), self.world.transaction():
            session = open_session(self.world, id_)
            serving.refuse_on_moving_clock(self.world, session)
            match sent.get("action"):
                case "apply_code":
                    choices.apply_code(self.world, session, str(sent.get("promotion_code") or ""))
                case "remove_code":
                    session["_discounts"] = []
                case _:
                    pass
            choices.apply(self.world, session, sent, _quantities(sent))
            price_up(self.world, session)

    def _complete(self, id_: str, sent: Obj) -> None:
        if sent.get("confirm_3ds") == "no":
            raise StripeError(bank_page.REFUSED, status=PAYMENT_REQUIRED, kind="card_error")
        with self._acting(id_), self.world.transaction():
            session = open_session(self.world, id_)
            serving.refuse_on_moving_clock(self.world, session)
            complete(self.world, session, _submission(sent))

    def _acting(self, id_: str) -> AbstractContextManager[None]:
        held = self.world.shelf.peek(id_) or {}
        return self.world.acting_as(held.get("_account"))

    async def _refuse(self, request: Request, error: StripeError, id_: str, sent: Obj) -> Response:
        session = serving.find(self.world, "checkout.session", id_)
        if session is None or session["status"] != "open":
            return serving.refused(request, error, None)
        if bank_page.asks_bank(error.error) and not serving.wants_json(request):
            kept = await serving.sent_pairs(request, "confirm_3ds")
            amount = session["amount_total"]
            return serving.page(bank_page.challenge(amount, session["currency"], kept))
        shown = checkout(self.world, session, sent, str(error), error.error.get("param"))
        return serving.refused(request, error, shown)

    def _done(self, request: Request, id_: str) -> Response:
        session = self.world.shelf.peek(id_) or {}
        url = session.get("success_url") or session.get("return_url")
        goes = str(url).replace("{CHECKOUT_SESSION_ID}", id_) if url else None
        if serving.wants_json(request):
            return JSONResponse({"status": "complete", "redirect": goes, "session": public(session)})
        return serving.see(goes) if goes else serving.page(thanks())

    async def recover(self, request: Request) -> Response:
        """Begin an expired session again."""
        id_ = request.path_params["id"]
        try:
            with self._acting(id_), self.world.transaction():
                again = recover(self.world, id_)
        except StripeError as error:
            return serving.refused(request, error, None)
        return serving.see(f"/c/pay/{again['id']}")

    def routes(self) -> list[Route]:
        """The routes of these pages."""
        return [
            Route("/c/pay/{id}", self.show, methods=["GET"]),
            Route("/c/pay/{id}", self.submit, methods=["POST"]),
            Route("/c/recover/{id}", self.recover, methods=["GET"]),
        ]


def _adds_only(sent: Obj, request: Request) -> bool:
    """A button of an optional item was pressed by a person."""
    return bool(inside(sent, "optional")) and not serving.wants_json(request)


def _quantities(sent: Obj) -> dict[str, int]:
    told = as_obj(sent.get("q")) or {}
    found: dict[str, int] = {}
    for line, count in cast("dict[str, object]", told).items():
        if not isinstance(count, str) or not count.isdecimal():
            raise invalid("This quantity is not a number.", param=f"q[{line}]")
        found[line] = int(count)
    return found


def _submission(sent: Obj) -> Submission:
    card = chosen_card(sent)
    saved = card if isinstance(card, str) else None
    return Submission(
        card=None if isinstance(card, str) else card,
        saved=saved,
        authenticated=sent.get("confirm_3ds") == "yes",
        quantities=_quantities(sent),
        form=sent,
    )
