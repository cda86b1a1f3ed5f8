"""Who fills the onboarding in, and where do they go from there? One form, one visit, then back."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from engine.sandbox.twin.connect import links
from engine.sandbox.twin.core.errors import BAD_REQUEST, NOT_FOUND, StripeError
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.hosted import html
from engine.sandbox.twin.protocol import forms
from engine.sandbox.twin.values.types import Obj

from .answers import submit

_SEE_OTHER = 303
_FIELDS = (
    ("first_name", "First name", "Jenny"),
    ("last_name", "Last name", "Rosen"),
    ("email", "Email", "jenny@example.com"),
    ("url", "Website", "https://accessible.stripe.com"),
    ("account_number", "Bank account number (test numbers only)", ""),
)


@dataclass(frozen=True, slots=True)
class OnboardingPages:
    """The pages of connected accounts over the world."""

    world: World

    async def show(self, request: Request) -> Response:
        """Show the form to the first visitor; anybody later is sent to the platform's refresh address."""
        with self.world.transaction():
            link = self._link(request)
            if link is None:
                return _gone()
            if not links.visitable(self.world, link):
                return RedirectResponse(link["_refresh_url"], _SEE_OTHER)
            session = links.begin_visit(self.world, link)
            account = self.world.shelf.peek(link["_link_of"])
        if account is None or account.get("deleted"):
            return _gone()
        return HTMLResponse(_form(account, session))

    async def take(self, request: Request) -> Response:
        """Take the answers, or leave them open; both lead to the return address."""
        sent = forms.decode((await request.body()).decode())
        answers = {name: str(value).strip() for name, value in sent.items()}
        try:
            with self.world.transaction():
                link = self._link(request)
                if link is None:
                    return _gone()
                if link["_session"] is None or answers.get("session") != link["_session"]:
                    return RedirectResponse(link["_refresh_url"], _SEE_OTHER)
                account = self.world.shelf.take(link["_link_of"])
                if account is None or account.get("deleted"):
                    return _gone()
                if answers.get("do") != "later":
                    submit(self.world, account, answers)
                link["_session"] = "left"
        except StripeError as error:
            held = self.world.shelf.peek(request.path_params["account"]) or {}
            page = _form(held, answers.get("session", ""), str(error))
            return HTMLResponse(page, BAD_REQUEST)
        return RedirectResponse(link["_return_url"], _SEE_OTHER)

    async def dashboard(self, request: Request) -> Response:
        """What an Express account sees of itself."""
        account = self.world.shelf.peek(request.path_params["account"])
        if account is None or account["object"] != "account" or account.get("deleted"):
            return _gone()
        enabled = "Payouts are enabled." if account["payouts_enabled"] else "Payouts are paused."
        return HTMLResponse(
            html.message("Express dashboard", f"{account['email'] or account['id']}: {enabled}")
        )

    def _link(self, request: Request) -> Obj | None:
        params = request.path_params
        return links.open_link(self.world, params["account"], params["token"])

    def routes(self) -> list[Route]:
        """The routes of these pages."""
        return [
            Route("/connect/setup/{account}/{token}", self.show),
            Route("/connect/setup/{account}/{token}", self.take, methods=["POST"]),
            Route("/connect/express/{account}/{token}", self.dashboard),
        ]


def _gone() -> Response:
    return HTMLResponse(html.message("Connect", "There is no such link."), NOT_FOUND)


def _form(account: Obj, session: str, error: str | None = None) -> str:
    """The form of the onboarding: what is left empty is answered with test data."""
    note = f'<p class="note bad" role="alert">{escape(error)}</p>' if error else ""
    inputs = "".join(
        f'<label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" type="text" name="{name}" placeholder="{example}">'
        for name, label, example in _FIELDS
    )
    kinds = "".join(f'<option value="{kind}">{kind.title()}</option>' for kind in ("individual", "company"))
    due = "".join(f"<li>{escape(field)}</li>" for field in account["requirements"]["currently_due"])
    body = (
        '<form method="post"><main class="two"><section><span class="badge test">TEST MODE</span>'
        f'<h1>Get paid with Stripe</h1><p class="total">{escape(account["email"] or account["id"])}</p>'
        f"<p>Still asked for; what you leave empty is answered with test data:</p><ul>{due}</ul></section>"
        f'<section>{note}<input type="hidden" name="session" value="{escape(session)}">'
        f'<label for="business_type">Type of business</label>'
        f'<select id="business_type" name="business_type">{kinds}</select>{inputs}'
        '<button name="do" value="submit">Agree and submit</button>'
        '<p><button name="do" value="later" class="plain">Leave incomplete</button></p>'
        "</section></main></form>"
    )
    return html.document("Onboarding", html.Html(body), bare=True)
