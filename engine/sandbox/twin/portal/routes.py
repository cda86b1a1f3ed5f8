"""What happens when a customer walks through the portal? Pages are shown, deeds are done, flows end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sandbox.twin.checkout.reductions import coupon_behind
from engine.sandbox.twin.core.errors import StripeError, invalid
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted import bank_page, serving
from engine.sandbox.twin.hosted.forms import chosen_card
from engine.sandbox.twin.values.types import Obj, Objs, inside

from . import deeds, flow_pages, pauses
from .home_page import home

_Shown: TypeAlias = "Callable[[Visit, str | None], str]"
_DONE = "Your changes have been saved."


@dataclass(frozen=True, slots=True)
class Visit:
    """A session with its configuration, the subscription in the path and what was sent."""

    session: Obj
    features: Obj
    profile: Obj
    subscription: Obj | None
    sent: Obj

    @property
    def base(self) -> str:
        """Where the portal of this session begins."""
        return f"/p/session/{self.session['id']}"

    @property
    def at(self) -> str:
        """Where the pages of the subscription begin."""
        return f"{self.base}/subscriptions/{self.plan['id']}"

    @property
    def plan(self) -> Obj:
        """The subscription in the path."""
        if self.subscription is None:
            raise invalid("There is no such subscription.")
        return self.subscription

    @property
    def back(self) -> str | None:
        """Where the link back leads: out of a flow, or to the front page."""
        flow: Obj | None = self.session["flow"]
        return self.session["return_url"] if flow else self.base


@dataclass(frozen=True, slots=True)
class PortalPages:
    """The pages of the portal over the world."""

    world: World

    async def front(self, request: Request) -> Response:
        """Show the front page, or first the page of the flow."""
        home_asked = "home" in request.query_params
        return await self._show(request, self._front if home_asked else self._first)

    async def show_card(self, request: Request) -> Response:
        """Ask for a new card."""
        return await self._show(request, self._card_page)

    async def show_customer(self, request: Request) -> Response:
        """Ask what has changed."""
        return await self._show(request, self._customer_page)

    async def show_cancel(self, request: Request) -> Response:
        """Ask whether to cancel."""
        return await self._show(request, self._cancel_page)

    async def show_update(self, request: Request) -> Response:
        """Ask for another price."""
        return await self._show(request, self._plan_page)

    async def change_card(self, request: Request) -> Response:
        """Keep a new card."""
        return await self._do(request, self._keep_card, self._card_page)

    async def change_customer(self, request: Request) -> Response:
        """Keep what the customer told."""
        return await self._do(request, self._keep_customer, self._customer_page)

    async def cancel(self, request: Request) -> Response:
        """Cancel the plan."""
        return await self._do(request, self._cancel, self._cancel_page)

    async def renew(self, request: Request) -> Response:
        """Go on with a plan that was to end."""
        return await self._do(request, lambda visit: deeds.renew(self.world, visit.plan), self._front)

    async def show_pause(self, request: Request) -> Response:
        """Ask whether to pause, and how long."""
        return await self._show(request, self._pause_page)

    async def pause(self, request: Request) -> Response:
        """Let the plan stand still."""
        return await self._do(request, self._pause, self._pause_page)

    async def resume(self, request: Request) -> Response:
        """Let a paused plan go on."""
        return await self._do(request, lambda visit: pauses.resume(self.world, visit.plan), self._front)

    async def stay(self, request: Request) -> Response:
        """Take the offer and stay."""
        return await self._do(request, self._stay, self._cancel_page)

    async def update(self, request: Request) -> Response:
        """Change the plan; first what it costs is shown."""
        visit = await self._visit(request)
        if visit is not None and visit.sent.get("confirmed") != "yes":
            return await self._answer(request, visit, self._confirm_page, self._plan_page)
        return await self._do(request, self._change_plan, self._plan_page)

    async def _visit(self, request: Request) -> Visit | None:
        world = self.world
        session = serving.find(world, "billing_portal.session", request.path_params["id"])
        customer = world.shelf.peek(session["customer"]) if session is not None else None
        if session is None or customer is None or customer.get("deleted"):
            return None
        held = world.shelf.peek(session["configuration"]) or {}
        flow: Obj = session["flow"] or {}
        about = inside(flow, flow.get("type", ""))
        named = request.path_params.get("subscription") or about.get("subscription", "")
        subscription = serving.find(world, "subscription", named)
        owned = subscription is not None and subscription["customer"] == session["customer"]
        sent = await serving.sent_form(request) if request.method == "POST" else {}
        features, profile = held["features"], held["business_profile"]
        return Visit(session, features, profile, subscription if owned else None, sent)

    async def _show(self, request: Request, shown: _Shown) -> Response:
        try:
            visit = await self._visit(request)
            if visit is None:
                return _nothing()
            with self._acting(visit.session):
                return serving.page(shown(visit, None))
        except StripeError as error:
            return serving.refused(request, error, None)

    async def _answer(self, request: Request, visit: Visit, shown: _Shown, otherwise: _Shown) -> Response:
        try:
            with self._acting(visit.session):
                return serving.page(shown(visit, None))
        except StripeError as error:
            return await self._refuse(request, error, visit, otherwise)

    async def _do(self, request: Request, deed: Callable[[Visit], object], shown: _Shown) -> Response:
        visit: Visit | None = None
        try:
            visit = await self._visit(request)
            if visit is None:
                return _nothing()
            with self._acting(visit.session), self.world.transaction():
                self._begin(visit)
                deed(visit)
        except StripeError as error:
            return await self._refuse(request, error, visit, shown)
        return self._after(visit)

    def _begin(self, visit: Visit) -> None:
        serving.refuse_on_moving_clock(self.world, visit.session)
        if visit.sent.get("confirm_3ds") == "no":
            raise invalid(bank_page.REFUSED)
        if visit.subscription is not None:
            deeds.owned(self.world, visit.session, visit.subscription["id"])

    async def _refuse(
        self, request: Request, error: StripeError, visit: Visit | None, shown: _Shown
    ) -> Response:
        if visit is None:
            return serving.refused(request, error, None)
        if bank_page.asks_bank(error.error) and not serving.wants_json(request):
            kept = await serving.sent_pairs(request, "confirm_3ds")
            return serving.page(bank_page.challenge(None, None, kept))
        try:
            with self._acting(visit.session):
                page = shown(visit, str(error))
        except StripeError:
            page = None
        return serving.refused(request, error, page)

    def _after(self, visit: Visit) -> Response:
        """Where a deed leads: to the front page, or where the flow says."""
        flow: Obj = visit.session["flow"] or {}
        ending = inside(flow, "after_completion")
        match ending.get("type"):
            case "redirect":
                return serving.see(ending["redirect"]["return_url"])
            case "hosted_confirmation":
                text = ending["hosted_confirmation"]["custom_message"] or _DONE
                return serving.page(flow_pages.done(text, visit.session["return_url"]))
            case _:
                return serving.see(f"{visit.base}?home=yes")

    def _acting(self, session: Obj) -> AbstractContextManager[None]:
        return self.world.acting_as(session["_account"])

    def _front(self, visit: Visit, error: str | None) -> str:
        return home(self.world, visit.session, visit.features, visit.profile, error)

    def _first(self, visit: Visit, error: str | None) -> str:
        pages: dict[str, _Shown] = {
            "customer_update": self._customer_page,
            "payment_method_update": self._card_page,
            "subscription_cancel": self._cancel_page,
            "subscription_pause": self._pause_page,
            "subscription_update": self._plan_page,
            "subscription_update_confirm": self._confirm_page,
        }
        flow: Obj = visit.session["flow"] or {}
        return pages.get(flow.get("type", ""), self._front)(visit, error)

    def _card_page(self, visit: Visit, error: str | None) -> str:
        deeds.refuse_unless_enabled(visit.features, "payment_method_update")
        return flow_pages.change_card(visit.session, visit.sent, visit.back, error)

    def _customer_page(self, visit: Visit, error: str | None) -> str:
        deeds.refuse_unless_enabled(visit.features, "customer_update")
        customer = self.world.shelf.peek(visit.session["customer"]) or {}
        allowed = visit.features["customer_update"]["allowed_updates"]
        return flow_pages.change_customer(visit.session, customer, allowed, visit.back, error)

    def _cancel_page(self, visit: Visit, error: str | None) -> str:
        deeds.refuse_unless_enabled(visit.features, "subscription_cancel")
        coupon = self.world.shelf.peek(_offer(visit) or "")
        return flow_pages.cancel(self.world, visit.plan, visit.features, visit.at, visit.back, coupon, error)

    def _pause_page(self, visit: Visit, error: str | None) -> str:
        deeds.refuse_unless_enabled(visit.features, "subscription_pause")
        return flow_pages.pause(self.world, visit.plan, visit.features, visit.at, visit.back, error)

    def _plan_page(self, visit: Visit, error: str | None) -> str:
        deeds.refuse_unless_enabled(visit.features, "subscription_update")
        return flow_pages.change_plan(self.world, visit.plan, visit.features, visit.at, visit.back, error)

    def _confirm_page(self, visit: Visit, error: str | None) -> str:
        deeds.refuse_unless_enabled(visit.features, "subscription_update")
        wanted, discounts = self._wanted(visit)
        due = deeds.due_at_once(self.world, visit.plan, wanted, visit.features, discounts)
        more = {"promotion_code": visit.sent.get("promotion_code")}
        return flow_pages.confirm(self.world, visit.plan, wanted, due, visit.at, visit.back, more, error)

    def _keep_card(self, visit: Visit) -> None:
        deeds.refuse_unless_enabled(visit.features, "payment_method_update")
        card = chosen_card(visit.sent)
        if isinstance(card, str):
            raise invalid("Choose a card.", param="payment_method")
        confirmed = visit.sent.get("confirm_3ds") == "yes"
        deeds.change_card(self.world, visit.session, card, authenticated=confirmed)

    def _keep_customer(self, visit: Visit) -> None:
        deeds.refuse_unless_enabled(visit.features, "customer_update")
        deeds.change_customer(self.world, visit.session, visit.sent, visit.features)

    def _cancel(self, visit: Visit) -> None:
        deeds.refuse_unless_enabled(visit.features, "subscription_cancel")
        deeds.cancel(self.world, visit.plan, visit.sent, visit.features)

    def _pause(self, visit: Visit) -> None:
        deeds.refuse_unless_enabled(visit.features, "subscription_pause")
        chosen = str(visit.sent.get("duration") or "") or None
        pauses.pause(self.world, visit.session, visit.plan, chosen, visit.features)

    def _stay(self, visit: Visit) -> None:
        coupon = _offer(visit)
        if coupon is None:
            raise invalid("There is no offer.")
        deeds.stay(self.world, visit.plan, coupon)

    def _change_plan(self, visit: Visit) -> None:
        deeds.refuse_unless_enabled(visit.features, "subscription_update")
        wanted, discounts = self._wanted(visit)
        deeds.change_plan(self.world, visit.plan, wanted, visit.features, discounts)

    def _wanted(self, visit: Visit) -> tuple[Obj, Objs]:
        """The change that was chosen, or that the flow has come to confirm."""
        item = visit.plan["items"]["data"][0]
        about = inside(visit.session["flow"], "subscription_update_confirm")
        if about:
            named: Objs = about["discounts"] or []
            given = [{key: text for key, text in one.items() if text} for one in named]
            return dict(about["items"][0]), given
        wanted: Obj = {"id": item["id"], "price": str(visit.sent.get("price") or item["price"]["id"])}
        count = visit.sent.get("quantity")
        if count:
            if not str(count).isdecimal():
                raise invalid("This quantity is not a number.", param="quantity")
            wanted["quantity"] = int(count)
        return wanted, self._code(visit)

    def _code(self, visit: Visit) -> Objs:
        text = str(visit.sent.get("promotion_code") or "").strip()
        if not text:
            return []
        if "promotion_code" not in visit.features["subscription_update"]["default_allowed_updates"]:
            raise invalid("This code is invalid.", param="promotion_code")
        for code in self.world.shelf.kind("promotion_code"):
            if code["code"].casefold() == text.casefold() and code["active"]:
                coupon_behind(self.world, {"promotion_code": code["id"]}, "promotion_code")
                return [{"promotion_code": code["id"]}]
        raise invalid("This code is invalid.", param="promotion_code")

    def routes(self) -> list[Route]:
        """The routes of the portal."""
        base, plan = "/p/session/{id}", "/p/session/{id}/subscriptions/{subscription}"
        return [
            Route(base, self.front, methods=["GET"]),
            Route(f"{base}/payment-method", self.show_card, methods=["GET"]),
            Route(f"{base}/payment-method", self.change_card, methods=["POST"]),
            Route(f"{base}/customer", self.show_customer, methods=["GET"]),
            Route(f"{base}/customer", self.change_customer, methods=["POST"]),
            Route(f"{plan}/cancel", self.show_cancel, methods=["GET"]),
            Route(f"{plan}/cancel", self.cancel, methods=["POST"]),
            Route(f"{plan}/pause", self.show_pause, methods=["GET"]),
            Route(f"{plan}/pause", self.pause, methods=["POST"]),
            Route(f"{plan}/resume", self.resume, methods=["POST"]),
            Route(f"{plan}/stay", self.stay, methods=["POST"]),
            Route(f"{plan}/renew", self.renew, methods=["POST"]),
            Route(f"{plan}/update", self.show_update, methods=["GET"]),
            Route(f"{plan}/update", self.update, methods=["POST"]),
        ]


def _offer(visit: Visit) -> str | None:
    offer = inside(visit.session["flow"], "subscription_cancel", "retention", "coupon_offer")
    return offer.get("coupon")


def _nothing() -> Response:
    return serving.gone("There is no such portal session.")
