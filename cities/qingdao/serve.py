"""The sample city's JSON service: `python -m cities.qingdao.serve --sources var/sources/current --port 8765`.

Stands for the departments' own APIs: a bearer token, pages or a cursor, and a filter on the time of change. The path behind `--sources` is
followed at each request, so that switching to another night needs no restart. A department whose folder holds a file DOWN answers 503.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

TOKEN = "LANDBRIDGE_SAMPLE_API_TOKEN"
_LARGEST_PAGE = 5000
_LOCAL = timezone(timedelta(hours=8))


class Refused(Exception):
    """An answer other than 200: its status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Index:
    """Where the lines of a table lie in its file, and the time of change of each, as seconds since 1970 or None."""

    offsets: tuple[int, ...]
    times: tuple[float | None, ...]
    paging: str


def answer(sources: Path, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The JSON answer to a request for `path`; Refused where there is none."""
    table = next(iter(sorted(sources.resolve().glob(f"*/api{path}.jsonl"))), None) if _is_plain(path) else None
    if table is None:
        raise Refused(404, f"no resource {path}")
    department = table.relative_to(sources.resolve()).parts[0]
    if (sources.resolve() / department / "DOWN").exists():
        raise Refused(503, f"{department} is being maintained")
    state = table.stat()
    index = _index(table, state.st_mtime_ns, state.st_size)
    wanted = _wanted(
        table, state.st_mtime_ns, state.st_size, query.get("updated_from", ""), query.get("updated_to", "")
    )
    size = _number(query, "size" if "size" in query else "limit", 500, _LARGEST_PAGE)
    if index.paging == "cursor":
        start = _number(query, "cursor", 0, len(wanted))
        following = str(start + size) if start + size < len(wanted) else None
        return {"data": {"items": _lines(table, index, wanted[start : start + size]), "next": following}}
    page = max(1, _number(query, "page", 1, sys.maxsize))
    items = _lines(table, index, wanted[(page - 1) * size : page * size])
    return {"data": {"items": items, "total": len(wanted), "page": page}}


def _is_plain(path: str) -> bool:
    return path.startswith("/") and all(
        part.replace("-", "").replace("_", "").isalnum() for part in path[1:].split("/")
    )


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name) or str(default)
    if not text.isdecimal():
        raise Refused(400, f"{name} must be a whole number")
    return min(int(text), most)


@lru_cache(maxsize=8)
def _index(table: Path, _modified: int, _size: int) -> Index:
    about = json.loads(table.with_suffix(".json").read_text(encoding="utf-8"))
    offsets: list[int] = []
    times: list[float | None] = []
    position = 0
    with table.open("rb") as file:
        for line in file:
            offsets.append(position)
            position += len(line)
            stated = json.loads(line).get(about["watermark"]) if about["watermark"] else None
            times.append(_instant(stated).timestamp() if stated else None)
    return Index(tuple(offsets), tuple(times), about["paging"])


@lru_cache(maxsize=8)
def _wanted(table: Path, modified: int, size: int, since: str, until: str) -> tuple[int, ...]:
    """Numbers of the lines whose time lies in `[since, until)`; rows without a time come with every answer."""
    times = _index(table, modified, size).times
    low = _instant(since).timestamp() if since else float("-inf")
    high = _instant(until).timestamp() if until else float("inf")
    return tuple(n for n, time in enumerate(times) if time is None or low <= time < high)


def _instant(text: str) -> datetime:
    try:
        # an unescaped plus sign in a query arrives as a blank
        moment = datetime.fromisoformat(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text)
    except ValueError:
        raise Refused(400, f"{text!r} is no ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=_LOCAL)


def _lines(table: Path, index: Index, numbers: tuple[int, ...]) -> list[Any]:
    items = []
    with table.open("rb") as file:
        for number in numbers:
            file.seek(index.offsets[number])
            items.append(json.loads(file.readline()))
    return items


class Handler(BaseHTTPRequestHandler):
    """One request; `sources` and `token` are set by `make_server`."""

    sources: ClassVar[Path]
    token: ClassVar[str]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, or refuse with the status and a message as JSON."""
        parts = urlsplit(self.path)
        try:
            if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {self.token}".encode()):
                raise Refused(401, "a bearer token is needed")
            body, status = answer(self.sources, parts.path, dict(parse_qsl(parts.query))), 200
        except Refused as refused:
            body, status = {"error": str(refused)}, refused.status
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        print(f"{self.log_date_time_string()} {format % args}", flush=True)


def make_server(sources: Path, port: int, token: str) -> ThreadingHTTPServer:
    """A server on 127.0.0.1, not yet running; port 0 takes a free one."""
    handler = type("SampleHandler", (Handler,), {"sources": sources, "token": token})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m cities.qingdao.serve", description="The sample city's JSON service."
    )
    parser.add_argument(
        "--sources", type=Path, required=True, help="folder of a night's sources, such as var/sources/current"
    )
    parser.add_argument("--port", type=int, default=8765)
    given = parser.parse_args(arguments)
    token = os.environ.get(TOKEN, "")
    if not token:
        print(f"set {TOKEN} to the token that clients must send", file=sys.stderr)
        return 2
    server = make_server(given.sources, given.port, token)
    print(f"sample city: http://127.0.0.1:{server.server_port} serves {given.sources}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
