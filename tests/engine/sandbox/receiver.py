"""A webhook endpoint that keeps what it was sent, and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe


class Receiver:
    """Takes events; `statuses` are the answers to the next ones, 200 after them."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.forged: list[Any] = []
        self.statuses: list[int] = []
        self.secret = ""
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(received.take(body, self.headers["Stripe-Signature"] or ""))
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name of the base class
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def take(self, body: bytes, header: str) -> int:
        try:
            stripe.Webhook.construct_event(body, header, self.secret)
        except stripe.SignatureVerificationError:
            self.forged.append(json.loads(body))
            return 400
        self.events.append(json.loads(body))
        return self.statuses.pop(0) if self.statuses else 200

    def wait(self, count: int) -> None:
        """Wait until so many events came."""
        deadline = time.monotonic() + 10
        while len(self.events) < count:
            assert time.monotonic() < deadline, self.types
            time.sleep(0.01)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
