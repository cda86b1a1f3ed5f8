# pyright: reportUnknownMemberType=false
# nats-py leaves the options of its functions untyped.
from __future__ import annotations

import json
from pathlib import Path

import nats

from engine.sandbox.folders import RunFolder
from engine.sandbox.nats import embedded_nats


async def test_it_has_jetstream_on_a_port_of_this_machine_only(nats_url: str) -> None:
    assert nats_url.startswith("nats://127.0.0.1:")
    client = await nats.connect(nats_url)
    stream = client.jetstream()
    await stream.add_stream(name="TRY", subjects=["try.>"])
    assert (await stream.publish("try.it", b"x")).seq == 1
    await stream.delete_stream("TRY")
    await client.close()


async def test_a_data_folder_keeps_streams_and_writes_each_message_down_at_once(tmp_path: Path) -> None:
    for expected in (1, 2):
        with RunFolder() as folder:
            async with embedded_nats(folder.path, tmp_path) as url:
                settings = json.loads((folder.path / "nats.conf").read_text())
                assert settings["jetstream"]["sync_interval"] == "always"
                client = await nats.connect(url)
                stream = client.jetstream()
                await stream.add_stream(name="KEPT", subjects=["kept.>"])
                assert (await stream.publish("kept.it", b"x")).seq == expected
                await client.close()
