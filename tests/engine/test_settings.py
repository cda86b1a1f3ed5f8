from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.settings import PREFIX, Environment, SettingsError, load_settings

LIVE = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://wallstreet@db/wallstreet",
    "NATS_URL": "nats://nats:4222",
    "STRIPE_API_KEY": "sk_live_abc",
    "STRIPE_WEBHOOK_SECRET": "whsec_one, whsec_two",
}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def _set(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)


def test_without_any_setting_everything_is_embedded() -> None:
    settings = load_settings()
    assert settings.environment is Environment.SANDBOX
    assert settings.starts_twin
    assert not settings.uses_real_stripe
    assert settings.database_url is None
    assert settings.api_key.startswith("sk_test_")


def test_production_with_everything_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **LIVE)
    settings = load_settings()
    assert settings.uses_real_stripe
    assert not settings.starts_twin
    assert settings.webhook_secrets == ("whsec_one", "whsec_two")
    assert "abc" not in repr(settings)
    assert "whsec" not in repr(settings)


def test_the_command_line_wins_and_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PORT="9000", DATABASE_URL="")
    assert load_settings(port=0, host=None).port == 0
    assert load_settings().port == 9000
    assert load_settings().database_url is None


def test_a_twin_elsewhere_is_not_started_and_not_taken_for_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, STRIPE_API_BASE="http://127.0.0.1:12111/")
    settings = load_settings()
    assert settings.stripe_api_base == "http://127.0.0.1:12111"
    assert not settings.starts_twin
    assert not settings.uses_real_stripe


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "many", "WALLSTREET_PORT must be a number from 0 to 65535 (0 takes a free port)."),
        ("PORT", "65536", "WALLSTREET_PORT must be a number"),
        ("ENVIRONMENT", "staging", "WALLSTREET_ENVIRONMENT must be sandbox or production."),
        ("DATABASE_URL", "mysql://x", "WALLSTREET_DATABASE_URL must be the address of a Postgres database"),
        ("NATS_URL", "127.0.0.1:4222", "WALLSTREET_NATS_URL must be the address of a NATS server"),
        ("TEMPORAL_ADDRESS", "temporal", "WALLSTREET_TEMPORAL_ADDRESS must be"),
        ("STRIPE_API_KEY", "pk_test_abc", "WALLSTREET_STRIPE_API_KEY must be a secret or restricted key"),
        ("STRIPE_API_BASE", "twin.local", "WALLSTREET_STRIPE_API_BASE must be the address of a Stripe twin"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_a,b", "WALLSTREET_STRIPE_WEBHOOK_SECRET must be one or"),
        ("RULES_DIR", "/nowhere", "WALLSTREET_RULES_DIR must be an existing folder with rule files."),
        (
            "SANDBOX_TRAFFIC",
            "/nowhere/file",
            "WALLSTREET_SANDBOX_TRAFFIC must be a file in an existing folder",
        ),
        ("DATA", "/dev/null", "WALLSTREET_DATA must be a folder"),
    ],
)
def test_each_wrong_setting_is_one_sentence_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    _set(monkeypatch, **{name: value})
    with pytest.raises(SettingsError) as caught:
        load_settings()
    (only,) = caught.value.sentences
    assert only.startswith(sentence)
    assert only.endswith(".")
    if name != "ENVIRONMENT":
        assert value not in only


def test_all_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PORT="x", NATS_URL="x", DATABSE_URL="postgresql://x")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.sentences == (
        "WALLSTREET_DATABSE_URL is not a setting; did you mean WALLSTREET_DATABASE_URL?",
        "WALLSTREET_PORT must be a number from 0 to 65535 (0 takes a free port).",
        "WALLSTREET_NATS_URL must be the address of a NATS server, such as nats://host:4222.",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"STRIPE_API_BASE": "http://127.0.0.1:1"}, ["a live key is never sent anywhere else"]),
        ({"ENVIRONMENT": "sandbox"}, ["live key in a sandbox"]),
        ({"STRIPE_API_KEY": "rk_test_abc"}, ["test key in production"]),
        ({"STRIPE_WEBHOOK_SECRET": ""}, ["WALLSTREET_STRIPE_WEBHOOK_SECRET is missing"]),
        ({"DATABASE_URL": "", "NATS_URL": ""}, ["_DATABASE_URL is missing", "_NATS_URL is missing"]),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], words: list[str]
) -> None:
    _set(monkeypatch, **(LIVE | changes))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert len(caught.value.sentences) == len(words)
    for sentence, expected in zip(caught.value.sentences, words, strict=True):
        assert expected in sentence


def test_a_test_key_of_stripe_needs_its_signing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, STRIPE_API_KEY="sk_test_abc")
    with pytest.raises(SettingsError, match="no event of Stripe can be trusted"):
        load_settings()


def test_folders_may_come_to_be_later_where_they_are_ours(tmp_path: Path) -> None:
    assert load_settings(data=tmp_path / "new").data == tmp_path / "new"
