"""What happens on the page of the buyer's bank? An intent that waits is confirmed, or it fails."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.twin.core.errors import StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.payments import confirming, setup_intents
from engine.sandbox.twin.values.types import Obj, inside

from . import bank_page, serving
from .html import message

_KINDS = ("payment_intent", "setup_intent")


@dataclass(frozen=True, slots=True)
class BankPages:
    """The page to which `next_action` leads."""

    world: World

    async def show(self, request: Request) -> Response:
        """Ask the buyer."""
        intent = self._find(request.path_params["id"])
        if intent is None:
            return serving.gone("There is nothing to confirm.")
        if intent["status"] != "requires_action":
            text = f"There is nothing to confirm: the status is {intent['status']}."
            return serving.page(message("3D Secure", text))
        return serving.page(bank_page.challenge(intent.get("amount"), intent.get("currency"), []))

    async def submit(self, request: Request) -> Response:
        """Confirm or fail, then go back to where the buyer came from."""
        id_ = request.path_params["id"]
        sent: Obj = {}
        came_from = inside(self._find(id_), "next_action", "redirect_to_url").get("return_url")
        try:
            sent = await serving.sent_form(request)
            held = self.world.shelf.peek(id_) or {}
            with self.world.acting_as(held.get("_account")), self.world.transaction():
                self._settle(id_, confirmed=sent.get("confirm_3ds") == "yes")
        except StripeError as error:
            if not error.keeps_state:
                return serving.refused(request, error, None)
        return self._leave(id_, came_from)

    def _settle(self, id_: str, *, confirmed: bool) -> None:
        intent = self.world.shelf.take(id_)
        if intent is None or intent["object"] not in _KINDS or intent["status"] != "requires_action":
            raise invalid("There is nothing to confirm.")
        serving.refuse_on_moving_clock(self.world, intent)
        finish = setup_intents if intent["object"] == "setup_intent" else confirming
        finish.finish_action(self.world, intent, confirmed=confirmed)

    def _leave(self, id_: str, came_from: str | None) -> Response:
        intent = self.world.shelf.peek(id_) or {}
        if intent.get("_invoice"):
            return serving.see(f"/i/{intent['_invoice']}")
        works = intent.get("status") in {"succeeded", "requires_capture", "requires_confirmation"}
        if came_from is None:
            text = "Your bank has confirmed. You can close this page." if works else bank_page.REFUSED
            return serving.page(message("3D Secure", text))
        kind = intent["object"]
        told = {
            kind: id_,
            f"{kind}_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if works else "failed",
        }
        address = urlsplit(came_from)
        query = "&".join(part for part in (address.query, urlencode(told)) if part)
        return serving.see(urlunsplit(address._replace(query=query)))

    def _find(self, id_: str) -> Obj | None:
        found = self.world.shelf.peek(id_)
        return found if found is not None and found["object"] in _KINDS else None

    def routes(self) -> list[Route]:
        """The routes of this page."""
        return [
            Route("/3ds/{id}", self.show, methods=["GET"]),
            Route("/3ds/{id}", self.submit, methods=["POST"]),
        ]
