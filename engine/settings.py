"""What was Wallstreet told at its start, and is it enough? Each setting is a variable `WALLSTREET_…`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

T = TypeVar("T")

PREFIX = "WALLSTREET_"
STRIPE = "https://api.stripe.com"
TWIN_KEY = "sk_test_wallstreet"

_KEY = re.compile(r"(sk|rk)_(test|live)_\w+")
_SECRET = re.compile(r"whsec_\w+")


class Environment(StrEnum):
    """Whether money is real."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class SettingsError(Exception):
    """Wallstreet cannot start as it was told; one sentence for each wrong or missing setting."""

    def __init__(self, sentences: tuple[str, ...]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Settings(BaseSettings):
    """The settings of one process. The description of each says what its value must be."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    environment: Environment = Field(Environment.SANDBOX, description="sandbox or production")
    host: str = Field("127.0.0.1", min_length=1, description="the address to listen on")
    port: int = Field(8600, ge=0, le=65535, description="a number from 0 to 65535 (0 takes a free port)")
    data: Path | None = Field(None, description="a folder in which the embedded servers keep their data")
    database_url: str | None = Field(
        None,
        pattern=r"^postgres(ql)?(\+psycopg)?://",
        description="the address of a Postgres database, such as postgresql://user@host/name",
    )
    nats_url: str | None = Field(
        None,
        pattern=r"^(nats|tls|wss?)://",
        description="the address of a NATS server, such as nats://host:4222",
    )
    temporal_address: str | None = Field(
        None, pattern=r"^[^\s/:]+:\d+$", description="the address of a Temporal server, such as host:7233"
    )
    stripe_api_key: SecretStr | None = Field(
        None, description="a secret or restricted key of Stripe, such as sk_test_… or rk_live_…"
    )
    stripe_api_base: str | None = Field(
        None, pattern=r"^https?://[^/\s]+/?$", description=f"the address of a Stripe twin, or {STRIPE}"
    )
    stripe_webhook_secret: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="one or, while it is rolled, several signing secrets whsec_…, separated by commas"
    )
    sandbox_traffic: Path | None = Field(
        None, description="a file in an existing folder, to which the Stripe twin writes its traffic"
    )
    rules_dir: Path | None = Field(None, description="an existing folder with rule files")

    @field_validator("stripe_webhook_secret", mode="before")
    @classmethod
    def _separate(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _are_signing_secrets(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        return _accepted(secrets, all(_SECRET.fullmatch(secret.get_secret_value()) for secret in secrets))

    @field_validator("stripe_api_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr | None) -> SecretStr | None:
        return _accepted(key, key is None or _KEY.fullmatch(key.get_secret_value()) is not None)

    @field_validator("stripe_api_base")
    @classmethod
    def _without_slash(cls, base: str | None) -> str | None:
        return base.rstrip("/") if base else None

    @field_validator("rules_dir")
    @classmethod
    def _is_a_folder(cls, folder: Path | None) -> Path | None:
        return _accepted(folder, folder is None or folder.is_dir())

    @field_validator("data")
    @classmethod
    def _may_be_a_folder(cls, folder: Path | None) -> Path | None:
        return _accepted(folder, folder is None or folder.is_dir() or not folder.exists())

    @field_validator("sandbox_traffic")
    @classmethod
    def _is_in_a_folder(cls, file: Path | None) -> Path | None:
        usable = file is None or (file.absolute().parent.is_dir() and not file.is_dir())
        return _accepted(file, usable)

    @property
    def uses_real_stripe(self) -> bool:
        """Whether calls leave for Stripe itself, with test or live keys, and not for a twin."""
        if self.stripe_api_base is not None:
            return self.stripe_api_base == STRIPE
        return self.stripe_api_key is not None

    @property
    def starts_twin(self) -> bool:
        """Whether the embedded Stripe twin has to be started."""
        return self.stripe_api_base is None and self.stripe_api_key is None

    @property
    def api_key(self) -> str:
        """The key to call Stripe or the twin with."""
        return self.stripe_api_key.get_secret_value() if self.stripe_api_key else TWIN_KEY

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets that a webhook may be signed with."""
        return tuple(secret.get_secret_value() for secret in self.stripe_webhook_secret)


def load_settings(**given: Any) -> Settings:
    """The settings of the environment, with what the command line gave in its place; complete and consistent.

    Raises:
        SettingsError: one sentence for each setting that is wrong, missing or misspelt.
    """
    sentences = _misspelt(os.environ)
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise SettingsError((*sentences, *_wrong(error))) from None
    sentences += _contradictions(settings)
    if sentences:
        raise SettingsError(tuple(sentences))
    return settings


def _accepted(value: T, good: bool) -> T:  # noqa: FBT001 - the second half of a sentence, never a switch
    if not good:
        raise ValueError  # the sentence is made from the description of the setting
    return value


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _wrong(error: ValidationError) -> list[str]:
    names = dict.fromkeys(str(fault["loc"][0]) for fault in error.errors(include_input=False))
    return [f"{_variable(name)} must be {Settings.model_fields[name].description}." for name in names]


def _misspelt(environment: Mapping[str, str]) -> list[str]:
    known = [_variable(name) for name in Settings.model_fields]
    found: list[str] = []
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.85)
            found += [f"{name} is not a setting; did you mean {near[0]}?"] if near else []
    return found


def _contradictions(settings: Settings) -> list[str]:
    live = "_live_" in settings.api_key
    production = settings.environment is Environment.PRODUCTION
    found: list[str] = []
    if live and not settings.uses_real_stripe:
        found.append(
            f"{_variable('stripe_api_key')} is a live key and {_variable('stripe_api_base')} is not "
            f"{STRIPE}: a live key is never sent anywhere else; use a test key with a twin."
        )
    if live and not production:
        found.append(
            f"{_variable('stripe_api_key')} is a live key in a sandbox: "
            f"set {_variable('environment')} to production, or use a test key."
        )
    if settings.uses_real_stripe and not settings.webhook_secrets:
        found.append(
            f"{_variable('stripe_webhook_secret')} is missing: without it no event of Stripe can be trusted; "
            f"it must be {Settings.model_fields['stripe_webhook_secret'].description}."
        )
    if production:
        found += _missing_in_production(settings)
        if settings.stripe_api_key is not None and not live:
            found.append(f"{_variable('stripe_api_key')} is a test key in production: use a live key.")
    return found


def _missing_in_production(settings: Settings) -> list[str]:
    return [
        f"{_variable(name)} is missing: production starts no embedded servers; "
        f"it must be {Settings.model_fields[name].description}."
        for name in ("database_url", "nats_url", "stripe_api_key")
        if getattr(settings, name) is None
    ]
