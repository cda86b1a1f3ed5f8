from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from engine.sandbox.folders import RunFolder
from engine.sandbox.postgres import database_named, embedded_postgres
from engine.sandbox.processes import ServerDidNotStart


async def _value(url: str, query: str) -> object:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        row = await (await connection.execute(query.encode())).fetchone()
        return row[0] if row else None


async def _execute(url: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement.encode())


async def test_it_answers_and_listens_on_no_port(postgres_url: str) -> None:
    assert await _value(postgres_url, "SELECT 6 * 7") == 42
    assert await _value(postgres_url, "SHOW listen_addresses") == ""
    assert await _value(postgres_url, "SHOW unix_socket_permissions") == "0700"


async def test_the_variables_of_the_machines_own_postgres_are_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGHOST", "/nowhere")
    with RunFolder() as folder:
        async with embedded_postgres(folder.path) as url:
            assert await _value(url, "SELECT 1") == 1


async def test_it_needs_no_runtime_folder_of_a_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("HOME", "/nowhere")
    with RunFolder() as folder:
        async with embedded_postgres(folder.path) as url:
            assert await _value(url, "SELECT 1") == 1


async def test_a_data_folder_keeps_the_data_safely_even_where_others_may_not_pass(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    data = closed / "data"
    data.mkdir(parents=True)
    closed.chmod(0o700)
    for expected in (None, "here"):
        with RunFolder() as folder:
            async with embedded_postgres(folder.path, data) as url:
                assert await _value(url, "SHOW fsync") == "on"
                assert await _value(url, "SELECT current_setting('wallstreet.x', true)") == expected
                await _execute(url, "ALTER DATABASE postgres SET wallstreet.x = 'here'")


async def test_an_interrupted_first_start_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.unfinished").mkdir()
    (tmp_path / "postgres.unfinished" / "half").touch()
    with RunFolder() as folder:
        async with embedded_postgres(folder.path, tmp_path) as url:
            assert await _value(url, "SELECT 1") == 1
    assert not (tmp_path / "postgres.unfinished").exists()


async def test_a_broken_data_folder_is_named_with_the_servers_own_words(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(tmp_path / "postgres", 65534, 65534)
    with RunFolder() as folder, pytest.raises(ServerDidNotStart, match=r"postgresql\.conf|does not contain"):
        async with embedded_postgres(folder.path, tmp_path):
            pass


def test_another_database_of_the_same_server_has_the_same_address_but_for_the_name() -> None:
    url = "postgresql://postgres@/postgres?host=%2Ftmp%2Fx&port=5432"
    assert database_named("other", url) == "postgresql://postgres@/other?host=%2Ftmp%2Fx&port=5432"
