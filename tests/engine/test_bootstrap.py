from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx2
import pytest

from engine.bootstrap import running
from engine.sandbox.nats import embedded_nats
from engine.settings import Settings, SettingsError, load_settings
from tests.conftest import MakeDatabase

pytestmark = pytest.mark.stack

CLOCKS = "/v1/sandbox/clocks"


@pytest.fixture
async def own_nats(run_folder: Path) -> AsyncIterator[str]:
    """A NATS of this test's own, since a whole Wallstreet makes its streams there."""
    async with embedded_nats(Path(mkdtemp(dir=run_folder))) as url:
        yield url


async def production(make_database: MakeDatabase, nats_url: str) -> Settings:
    return load_settings(
        environment="production",
        port=0,
        database_url=await make_database(),
        nats_url=nats_url,
        stripe_api_key="sk_live_nobody",
        stripe_webhook_secret="whsec_nobody",
    )


def speaking(url: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=url, timeout=20, trust_env=False)


async def test_production_starts_nothing_and_leaves_time_alone(
    make_database: MakeDatabase, own_nats: str
) -> None:
    settings = await production(make_database, own_nats)
    async with running(settings) as system, speaking(system.api_url) as http:
        paths: dict[str, Any] = (await http.get("/openapi.json")).json()["paths"]
        refused = await http.post(CLOCKS, json={"now": "2026-01-01T00:00:00Z"})
        ready = await http.get("/readyz")
    assert system.twin_url is None
    assert [path for path in paths if "sandbox" in path] == []
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "nats": "ok"})


async def test_a_sandbox_has_clocks(make_database: MakeDatabase, own_nats: str, twin_base: str) -> None:
    settings = load_settings(
        port=0, database_url=await make_database(), nats_url=own_nats, stripe_api_base=twin_base
    )
    async with running(settings) as system, speaking(system.api_url) as http:
        made = await http.post(CLOCKS, json={"now": "2026-01-01T00:00:00Z"})
    assert (made.status_code, made.json()["now"]) == (200, "2026-01-01T00:00:00Z")


async def test_readiness_tells_what_is_away(make_database: MakeDatabase, run_folder: Path) -> None:
    async with embedded_nats(Path(mkdtemp(dir=run_folder))) as nats_url:
        settings = await production(make_database, nats_url)
        going = running(settings)
        system = await going.__aenter__()
    try:
        async with speaking(system.api_url) as http:
            answer = await http.get("/readyz")
            alive = await http.get("/healthz")
    finally:
        await going.__aexit__(None, None, None)
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks["database"] == "ok"
    assert checks["nats"] in {"ConnectionReconnectingError", "no answer in time"}
    assert alive.status_code == 200


async def test_a_taken_port_is_told_in_a_sentence(make_database: MakeDatabase, own_nats: str) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port: int = server.sockets[0].getsockname()[1]
        settings = (await production(make_database, own_nats)).model_copy(update={"port": port})
        with pytest.raises(SettingsError) as caught:
            async with running(settings):
                pass
    assert caught.value.sentences[0].startswith(f"WALLSTREET_PORT: 127.0.0.1:{port} cannot be listened on")
