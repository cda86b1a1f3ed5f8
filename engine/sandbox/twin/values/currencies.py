"""Which currencies are there, and what is their smallest unit? Those that Stripe takes, in lower case.

Source: Stripe docs, currencies, zero-decimal and three-decimal currencies.
"""

from __future__ import annotations

from decimal import Decimal

_NAMES = (
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn "
    "bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf "
    "gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr "
    "lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen "
    "pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd "
    "top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw"
)
CURRENCIES = tuple(_NAMES.split())
_WITHOUT_DECIMALS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
_WITH_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def decimals_of(currency: str) -> int:
    """How many decimals an amount of this currency has."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _WITH_THREE_DECIMALS else 2


def figures(amount: Decimal | int, currency: str) -> str:
    """Smallest units in figures without a sign: 1,500 yen, 15.00 dollars; parts of a unit are not lost."""
    exact = abs(Decimal(amount).scaleb(-decimals_of(currency)))
    exponent = exact.normalize().as_tuple().exponent
    parts = -exponent if isinstance(exponent, int) else 0
    return f"{exact:,.{max(parts, decimals_of(currency))}f}"


def money(amount: Decimal | int, currency: str) -> str:
    """An amount as Stripe writes it into a text: $25.00."""
    minus = "-" if amount < 0 else ""
    return f"{minus}{_SIGNS.get(currency, f'{currency.upper()} ')}{figures(amount, currency)}"
