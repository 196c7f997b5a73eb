"""Resources without a city around them, and an HTTP interface whose behaviour a test scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from contracts.interval import Interval
from contracts.model import Field, Label, Resource, SourceSystem, Watermark

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = Interval(datetime(2020, 5, 4, 2, tzinfo=ZONE), datetime(2020, 5, 5, 2, tzinfo=ZONE))


def resource(
    kind: str, connection: Mapping[str, Any], physical_name: str, *, columns: tuple[str, ...] = (), keys: tuple[str, ...] = (),
    watermark: str | None = None, ignored: tuple[str, ...] = (), **source: Any,
) -> Resource:  # fmt: skip
    """A resource of the system `test_system`; `columns` are physical names, `keys` those that are required."""
    system = SourceSystem("test_system", "civil", Label("System", "系统"), kind, dict(connection))
    fields = tuple(
        Field(f"field_{n}", name, name, "", "timestamp" if name == watermark else "string", primary_key=name in keys)
        for n, name in enumerate(columns)
    )
    mark = Watermark(f"field_{columns.index(watermark)}", timedelta()) if watermark else None
    return Resource(
        department="civil", name="thing", version="1.0.0", fingerprint="", label="事物", description="", owner="someone", system=system,
        physical_name=physical_name, source=source, fields=fields, rules=(), load_mode="merge", schedule="0 2 * * *", cycle=timedelta(days=1),
        latency=timedelta(), share_type="unconditional", resource_code="", watermark=mark, ignored_columns=ignored,
    )  # fmt: skip


Answer = tuple[int, dict[str, str], bytes]


def answer(document: Any, status: int = 200, **headers: str) -> Answer:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(document).encode()


class Interface:
    """An HTTP server in this process; `respond(parameters, headers, call)` makes each answer.

    `asked` keeps the parameters – the query's, with the members of a body of JSON or of a form over them – and `questions` the whole requests.
    """

    def __init__(self) -> None:
        self.respond: Callable[[dict[str, str], Mapping[str, str], int], Answer] = lambda *_: answer([])
        self.asked: list[dict[str, Any]] = []
        self.questions: list[tuple[str, str, Mapping[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parameters: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query))
                if "json" in self.headers.get("Content-Type", ""):
                    parameters |= json.loads(body)
                else:
                    parameters |= dict(parse_qsl(body.decode()))
                outer.asked.append(parameters)
                outer.questions.append((self.command, self.path, self.headers, body))
                status, headers, body = outer.respond(parameters, self.headers, len(outer.asked))
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def interface() -> Iterator[Interface]:
    server = Interface()
    yield server
    server.stop()
