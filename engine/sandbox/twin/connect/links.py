"""How does an account come to its pages? Account links for onboarding, login links for the Express dashboard.

Source: reference 21; Stripe docs, api/account_links and api/accounts/login_link.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid, missing
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.types import Obj

from .access import connected

_LIFETIME = 300
_TOKEN_LENGTH = 24


def create_account_link(call: Call) -> Obj:
    """A link to the onboarding page, for one visit within five minutes."""
    world, params = call.world, call.params
    account = connected(world, params["account"])
    kind = params["type"]
    if kind == "account_update" and account["controller"]["requirement_collection"] == "stripe":
        text = "You cannot create `account_update` type Account Links for this account."
        raise invalid(f"{text} Please use `account_onboarding` instead.", param="type")
    for name in ("refresh_url", "return_url"):
        if not params.get(name):
            raise missing(name)
        _check_url(params[name], name)
    options: Obj = params.get("collection_options") or {}
    link = world.new(
        "account_link",
        "link",
        {
            "expires_at": world.now() + _LIFETIME,
            "_link_of": account["id"],
            "_collects": options.get("fields") or params.get("collect") or "currently_due",
            "_future": options.get("future_requirements", "omit"),
            "_refresh_url": params["refresh_url"],
            "_return_url": params["return_url"],
            "_session": None,
        },
    )
    token = link["id"].removeprefix("link_")
    link["url"] = f"{world.base_url}/connect/setup/{account['id']}/{token}"
    account["_linked"] = True
    return {name: value for name, value in link.items() if name != "id"}


def _check_url(url: str, param: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise invalid("Not a valid URL", param=param, code="url_invalid")


def open_link(world: World, account_id: str, token: str) -> Obj | None:
    """The link behind an address, whether it can still be visited or not."""
    link = world.shelf.take(f"link_{token}")
    if link is None or link["object"] != "account_link" or link["_link_of"] != account_id:
        return None
    return link


def visitable(world: World, link: Obj) -> bool:
    """Whether nobody was there yet and its minutes are not over."""
    return link["_session"] is None and world.now() < link["expires_at"]


def begin_visit(world: World, link: Obj) -> str:
    """Use the link up; the answer names the visit in the form that follows."""
    world.ids.count += 1
    session = world.ids.token(_TOKEN_LENGTH)
    link["_session"] = session
    return session


def create_login_link(call: Call) -> Obj:
    """A link into the Express dashboard of an account that was onboarded."""
    world = call.world
    account = connected(world, call.id)
    if account["controller"]["stripe_dashboard"]["type"] != "express":
        text = f"Cannot create a login link for an account that is not an Express account: {account['id']}."
        raise invalid(text)
    if not account["details_submitted"]:
        raise invalid("Cannot create a login link for an account that has not completed onboarding.")
    world.ids.count += 1
    token = world.ids.token(_TOKEN_LENGTH)
    return {
        "object": "login_link",
        "created": world.now(),
        "url": f"{world.base_url}/connect/express/{account['id']}/{token}",
    }


ROUTES: Routes = {
    "POST /v1/account_links": create_account_link,
    "POST /v1/accounts/{id}/login_links": create_login_link,
}
