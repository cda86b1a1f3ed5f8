"""What was told about an account or a person? Hashes are merged field by field; secrets leave only a flag."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.call import merge_metadata
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, as_obj, clone

from .blanks import SHAPES

_FLAGS = {
    "id_number": "id_number_provided",
    "id_number_secondary": "id_number_secondary_provided",
    "ssn_last_4": "ssn_last_4_provided",
    "tax_id": "tax_id_provided",
    "vat_id": "vat_id_provided",
    "password": "password_provided",
    "registration_number": None,
}
_GONE_WHEN_EMPTY = {
    "export_license_id",
    "export_purpose_code",
    "ownership_exemption_reason",
    "service_agreement",
    "structure",
    "tax_id_registrar",
}
_NAMES = ("business_profile", "settings", "tos_acceptance")
_PAYOUT_DAYS = {
    "weekly": ("weekly_anchor", "weekly_payout_days"),
    "monthly": ("monthly_anchor", "monthly_payout_days"),
}
_MONTH = 31
_LONGEST_DELAY = 31
_MINIMUM_DELAY = 2


def merge(target: Obj, given: Params) -> None:
    """Write what was given over what is there; an empty text unsets, a secret is only noted."""
    for name, value in given.items():
        if name == "metadata":
            merge_metadata(target, given)
        elif name in _FLAGS:
            target[f"_{name}"] = value
            flag = _FLAGS[name]
            target.update({flag: value != ""} if flag else {})
        elif value == "" and name in _GONE_WHEN_EMPTY:
            target.pop(name, None)
        elif isinstance(value, Params):
            target[name] = {**clone(SHAPES.get(name, {})), **(as_obj(target.get(name)) or {})}
            merge(target[name], value)
        else:
            empty: Any = [] if name == "full_name_aliases" else clone(SHAPES.get(name))
            target[name] = empty if value == "" else clone(value)


def write(account: Obj, params: Params) -> None:
    """Take over what a call tells about an account itself."""
    schedule = _check_schedule(account, params)
    for name in _NAMES:
        if name in params:
            merge(account[name], params[name])
    if schedule is not None:
        account["settings"]["payouts"]["schedule"] = schedule
    if "company" in params:
        merge(account["company"], params["company"])
    for name in ("business_type", "email", "default_currency"):
        if name in params:
            account[name] = params[name]
    if "groups" in params:
        account["groups"] = {"payments_pricing": params["groups"].get("payments_pricing") or None}
    account["settings"].pop("treasury", None)
    merge_metadata(account, params)


def _check_schedule(account: Obj, params: Params) -> Obj | None:
    """The payout schedule after the call; raises for what no calendar has."""
    payouts = (params.get("settings") or Params({})).get("payouts") or Params({})
    given: Params | None = payouts.get("schedule")
    if given is None:
        return None
    before: Obj = account["settings"]["payouts"]["schedule"]
    where = "settings[payouts][schedule]"
    interval = given.get("interval", before["interval"])
    for days_of, names in _PAYOUT_DAYS.items():
        for name in names:
            if name in given and interval != days_of:
                text = f"You cannot specify {name} unless interval is {days_of}."
                raise invalid(text, param=f"{where}[{name}]")
    schedule: Obj = {
        "delay_days": _delay(given.get("delay_days", before["delay_days"]), f"{where}[delay_days]"),
        "interval": interval,
    }
    kept = {name: before[name] for name in _PAYOUT_DAYS.get(interval, ()) if name in before}
    return {**schedule, **kept, **_days(given, interval, kept, where)}


def _days(given: Params, interval: str, kept: Obj, where: str) -> Obj:
    if interval == "weekly":
        days: list[str] = given.whole("weekly_payout_days") or []
        anchor = given.get("weekly_anchor") or (days[0] if days else kept.get("weekly_anchor"))
        if anchor is None:
            raise invalid(
                "You must specify weekly_anchor when interval is weekly.", param=f"{where}[weekly_anchor]"
            )
        return {"weekly_anchor": anchor, **({"weekly_payout_days": days} if days else {})}
    if interval == "monthly":
        dates: list[int] = given.whole("monthly_payout_days") or []
        date = given.get("monthly_anchor") or (dates[0] if dates else kept.get("monthly_anchor"))
        for day in [*dates, date or 0]:
            if not 1 <= day <= _MONTH:
                text = "monthly_anchor must be between 1 and 31."
                raise invalid(text, param=f"{where}[monthly_anchor]")
        return {"monthly_anchor": date, **({"monthly_payout_days": dates} if dates else {})}
    return {}


def _delay(given: Any, param: str) -> int:
    days = _MINIMUM_DELAY if given == "minimum" else int(given)
    if not _MINIMUM_DELAY <= days <= _LONGEST_DELAY:
        text = f"delay_days must be between {_MINIMUM_DELAY} and {_LONGEST_DELAY}."
        raise invalid(text, param=param)
    return days
