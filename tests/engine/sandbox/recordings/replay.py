"""How is a recording sent again? In order, to a fresh twin for each file, with ids that the answers teach."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from tests.engine.sandbox.recordings.accounts import Accounts
from tests.engine.sandbox.recordings.exchanges import NO_KEY, Exchange, account_of, objects
from tests.engine.sandbox.recordings.preparing import Catalog, Preparation
from tests.engine.sandbox.recordings.stripe_like import KEY, Answers
from tests.narrowing import is_hash, is_list

Obj = dict[str, Any]
_AMOUNTS = {"amount", "unit_amount", "refund_amount", "application_fee_amount"}
_PERSONAL = {"email": "other@example.com", "name": "Somebody Else", "description": "Something else"}


@dataclass(frozen=True)
class Variation:
    """In what a replay differs from the recording: the seed of all ids, names, and a factor of amounts."""

    seed: str
    scale: int = 1
    renamed: bool = False


@dataclass(frozen=True)
class Replayed:
    """One recorded exchange and what the twin answered."""

    exchange: Exchange
    params: Obj
    account: str | None
    status: int
    answer: Obj
    twin: Answers
    request_id: str


@dataclass
class Replay:
    """All recordings, one file after the other."""

    exchanges: list[Exchange]
    how: Variation
    catalog: Catalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = Catalog(self.exchanges)

    async def all(self) -> AsyncIterator[Replayed]:
        """Every exchange, answered."""
        for file in self.files():
            for exchange in file.kin:
                yield await file.send(exchange)

    def files(self) -> Iterator[OneFile]:
        """Each recorded file with a fresh twin."""
        platform = _platform(self.exchanges)
        for source, grouped in groupby(self.exchanges, lambda exchange: exchange.source):
            kin = list(grouped)
            twin = Answers(f"{self.how.seed} {source}", _began(kin))
            yield OneFile(kin, self.how, Preparation(twin, self.catalog, self.how.scale), platform)


@dataclass
class OneFile:
    """The exchanges of one recorded test, and what is known about them."""

    kin: list[Exchange]
    how: Variation
    preparation: Preparation
    platform: str
    accounts: Accounts = field(init=False)
    dashboard: Obj = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.preparation.twin, self.preparation.known)
        for exchange in reversed(self.kin):
            self.dashboard |= dashboard(exchange.answer)

    async def send(self, exchange: Exchange) -> Replayed:
        """Send one request again and learn from the answer."""
        twin = self.preparation.twin
        twin.now += 1
        if exchange.status == NO_KEY:
            status, answer = await twin.call(exchange.method, exchange.path, exchange.params, key="unknown")
            return Replayed(exchange, exchange.params, None, status, answer, twin, twin.request_id)
        account = await self._account(exchange)
        await twin.settle({**self.dashboard, **dashboard(exchange.answer)})
        await self._prepare(exchange, account)
        params = self._varied(self._translated(exchange.params))
        path = "/".join(self._mapped(part) for part in exchange.path.split("/"))
        status, answer = await twin.call(exchange.method, path, params, key=KEY, account=account)
        learn(exchange.answer, answer, self.preparation.known)
        return Replayed(exchange, params, account, status, answer, twin, twin.request_id)

    async def _account(self, exchange: Exchange) -> str | None:
        told = account_of(exchange, self.kin)
        if told is None or told == self.platform:
            return None
        return await self.accounts.like(told)

    async def _prepare(self, exchange: Exchange, account: str | None) -> None:
        refused = exchange.answer.get("error", {}).get("message", "")
        for text in exchange.ids:
            if text not in self.preparation.known and f"'{text}'" not in refused:
                await self._make(text, exchange, account)
        if exchange.path == "/v1/transfers":
            await self.preparation.funds(exchange.params)
        for name, text in _catalog_names(exchange.params):
            if text not in self.preparation.known and f"'{text}'" not in refused:
                await getattr(self.preparation, name)(text, account)

    async def _make(self, id_: str, exchange: Exchange, account: str | None) -> None:
        prefix = id_.partition("_")[0]
        if id_.startswith("cus_"):
            await self.preparation.customer(id_, account)
        elif id_.startswith("acct_"):
            self.preparation.known[id_] = await self.accounts.named(id_)
        elif prefix == "pm" and id_[3:4].isdigit() and exchange.answer.get("object") == "customer":
            await self.preparation.card(id_, exchange.answer["id"], account)
        elif prefix == "in" and id_[3:4].isdigit():
            await self.preparation.invoice(id_, account)
        elif prefix == "pi" and id_ in self.preparation.catalog.seen:
            await self.preparation.first_payment(id_, account)

    def _translated(self, value: Any) -> Any:
        """The same parameters with the ids of the twin, in the words of today's API."""
        if is_hash(value):
            named: Obj = {name: self._translated(item) for name, item in value.items()}
            if named.get("billing_cycle_anchor") == "now":
                named["billing_cycle_anchor"] = {"type": "now"}
            return named
        if is_list(value):
            return [self._translated(item) for item in value]
        return self._mapped(value)

    def _mapped(self, text: str) -> str:
        return self.preparation.known.get(text, text)

    def _varied(self, params: Obj) -> Obj:
        return {name: self._other(name, value) for name, value in params.items()}

    def _other(self, name: str, value: Any) -> Any:
        if is_hash(value):
            return self._varied(value)
        if is_list(value):
            return [self._other(name, item) for item in value]
        if name in _AMOUNTS:
            return str(int(value) * self.how.scale)
        return _PERSONAL[name] if self.how.renamed and value and name in _PERSONAL else value


def learn(recorded: Any, ours: Any, known: dict[str, str]) -> None:
    """Take down which id of the twin stands where the recording has which id."""
    if is_hash(recorded) and is_hash(ours):
        for name, value in recorded.items():
            learn(value, ours.get(name), known)
    elif is_list(recorded) and is_list(ours):
        for one, other in zip(recorded, ours, strict=False):
            learn(one, other, known)
    elif isinstance(recorded, str) and isinstance(ours, str) and "_" in recorded[:6]:
        known.setdefault(recorded, ours)


def _catalog_names(value: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    inner = value.items() if is_hash(value) else enumerate(value) if is_list(value) else ()
    for name, item in inner:
        if name in {"price", "plan", "coupon"} and isinstance(item, str):
            found.append(("coupon" if name == "coupon" else "price", item))
        found += _catalog_names(item)
    return found


def _platform(exchanges: list[Exchange]) -> str:
    """The account that most of the recordings are of."""
    told = Counter(account_of(exchange, []) for exchange in exchanges)
    del told[None]
    return str(told.most_common(1)[0][0])


def _began(kin: list[Exchange]) -> int:
    """When the first object of a recorded test was made."""
    made = [
        found["created"] for exchange in kin for found in objects(exchange.answer) if found.get("created")
    ]
    return min([at for at in made if at > max(made) - 86400], default=1_762_799_182)


def dashboard(answer: Obj) -> Obj:
    """The payment methods that the recorded account had switched on, as far as an answer shows them."""
    settings: Obj = {}
    for found in objects(answer):
        types = found.get("payment_method_types")
        if found["object"] not in {"payment_intent", "setup_intent", "checkout.session"} or not types:
            continue
        invoiced = found.get("automatic_payment_methods") is None and found["object"] == "payment_intent"
        settings["invoice_payment_method_types" if invoiced else "payment_method_types"] = types
    return settings
