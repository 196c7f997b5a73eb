"""A folder of a web server as an fsspec file system: the links of its index page are its files."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx
from fsspec.spec import AbstractFileSystem

from contracts.errors import SourceBroken

_PIECE = 1 << 18
_LARGEST_INDEX = 32 << 20


class HttpFiles(AbstractFileSystem):
    """Proxies of the environment are not used, redirections not followed."""

    cachable = False

    def __init__(self, server: str, user: str | None, password: str, trust: ssl.SSLContext, seconds: float) -> None:
        super().__init__()
        self.server = server
        self.client = httpx.Client(
            auth=(user, password) if user else None, verify=trust, timeout=seconds, trust_env=False,
            headers={"Accept-Encoding": "identity"},
        )  # fmt: skip

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        folder = f"{path.rstrip('/')}/"
        url = self.server + quote(folder)
        with self.client.stream("GET", url) as answer:
            _check(answer, path)
            page = b""
            for piece in answer.iter_bytes(_PIECE):
                page += piece
                if len(page) > _LARGEST_INDEX:
                    raise SourceBroken(
                        "the index page is too large", where=url, remedy="name the file without a wildcard"
                    )
            text = page.decode(answer.charset_encoding or "utf-8", "replace")
        names = dict.fromkeys(_children(text, url))
        if not names and "html" not in answer.headers.get("Content-Type", ""):
            raise FileNotFoundError(path)
        # sizes are asked for by `info`, of those files only that are wanted
        kinds = {True: "directory", False: "file"}
        found = [{"name": folder + name.rstrip("/"), "type": kinds[name.endswith("/")]} for name in names]
        return found if detail else [each["name"] for each in found]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        answer = self.client.head(self.server + quote(path, safe="/"))
        if answer.status_code in (405, 501):
            return {"name": path, "type": "file", "size": None}
        _check(answer, path)
        facts = {"etag": answer.headers.get("ETag"), "last_modified": answer.headers.get("Last-Modified")}
        size = answer.headers.get("Content-Length", "")
        return {"name": path, "type": "file", "size": int(size) if size.isdigit() else None, **facts}

    def get_file(self, rpath: str, lpath: str, **_: Any) -> None:
        with self.client.stream("GET", self.server + quote(rpath, safe="/")) as answer:
            _check(answer, rpath)
            with Path(lpath).open("wb") as file:
                for piece in answer.iter_bytes(_PIECE):
                    file.write(piece)

    def close_connection(self) -> None:
        self.client.close()


def _check(answer: httpx.Response, path: str) -> None:
    if answer.status_code in (401, 403):
        raise PermissionError(path)
    if answer.status_code in (404, 410):
        raise FileNotFoundError(path)
    if not answer.is_success:
        raise ConnectionError(f"HTTP {answer.status_code}")


def _children(page: str, url: str) -> Iterator[str]:
    """Names that lie directly in the folder; links to anywhere else, and to the page sorted otherwise, are passed over."""
    links = _Links()
    links.feed(page)
    base = urlsplit(url)
    for href in links.found:
        try:
            link = urlsplit(urljoin(url, href))
        except ValueError:
            continue
        name = unquote(link.path.removeprefix(base.path))
        inside = link.path.startswith(base.path) and (link.scheme, link.netloc) == (base.scheme, base.netloc)
        if inside and not link.query and name.rstrip("/") and "/" not in name.rstrip("/") and name != "../":
            yield name


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]
