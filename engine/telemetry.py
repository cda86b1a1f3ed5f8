"""What does Wallstreet say about itself? Log lines without secrets, alarms that are counted, metrics."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from structlog.typing import EventDict, Processor, WrappedLogger

METRICS = CollectorRegistry()
ALARMS = Counter("wallstreet_alarms", "Things that a person has to look at.", ["name"], registry=METRICS)

REDACTED = "[redacted]"
_SECRET_NAMES = re.compile(
    r"(?i)^((.*_)?(authorization|api_?key|secrets?|token|password|e_?mail|signature)"
    r"|card|card_number|cvc|address|cookie|stripe-signature)$"
)
_SECRET_SHAPES = re.compile(
    r"\b(?:sk|rk|pk|ws)_(?:live|test)_\w+"  # keys of Stripe and of ours
    r"|\bwhsec_\w+"
    r"|\b(?:pi|seti|cs|src)_\w+_secret_\w+"  # client secrets
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"  # signed tokens
    r"|\bv1=[0-9a-f]{64}\b"  # signatures
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # addresses of people
)
_PASSWORD_IN_URL = re.compile(r"(://[^:/@\s]*:)[^@/\s]+(@)")
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")


def alarm(name: str, /, **facts: object) -> None:
    """A person is told: the alarm is counted under its name and logged with its facts."""
    ALARMS.labels(name).inc()
    structlog.get_logger("alarm").error(name, alarm=True, **facts)


def metrics_page() -> tuple[bytes, str]:
    """All metrics in the text form of Prometheus, and its content type."""
    return generate_latest(METRICS), CONTENT_TYPE_LATEST


def configure_logging(
    *, pretty: bool | None = None, level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Every line of ours and of the libraries goes to the stream, without secrets.

    Pretty in a terminal, JSON anywhere else, unless told.
    """
    out = stream or sys.stderr
    as_text = out.isatty() if pretty is None else pretty
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(shared, as_text=as_text, colors=out.isatty()))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # The Stripe library writes whole bodies at its lower levels.
    for name in ("stripe", "httpx", "httpx2"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _formatter(shared: Sequence[Processor], *, as_text: bool, colors: bool) -> logging.Formatter:
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=colors)
        if as_text
        else structlog.processors.JSONRenderer(default=str)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event without anything that is named like, or looks like, a secret or a person's address."""
    return {name: _without_secrets(name, value) for name, value in event.items()}


def _without_secrets(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAMES.match(name):
        return REDACTED
    if isinstance(value, Mapping):
        inner = cast("Mapping[object, object]", value)
        return {str(key): _without_secrets(str(key), item) for key, item in inner.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets("", item) for item in cast("Iterable[object]", value)]
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return without_secrets(str(value))


def without_secrets(text: str) -> str:
    """The text without what looks like a key, a signature, a card number or a person's address."""
    text = _PASSWORD_IN_URL.sub(rf"\1{REDACTED}\2", text)
    text = _SECRET_SHAPES.sub(REDACTED, text)
    return _CARD.sub(lambda found: REDACTED if _is_card(found.group()) else found.group(), text)


def _is_card(text: str) -> bool:
    """Whether the digits pass the check that every card number passes (Luhn)."""
    digits = [int(character) for character in reversed(text) if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
