"""A real browser, which can reach nothing, looks at a page: how wide it is at a screen's width, what it asked for, what ran, and how it prints."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--virtual-time-budget=4000", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
)  # fmt: skip
# the page stands in a frame as wide as the screen: a headless window is never narrower than 500 pixels
_FRAME = """<!DOCTYPE html><meta charset="utf-8"><body><iframe id="page" style="border:0;width:{width}px;height:900px"></iframe><script>
const frame = document.getElementById("page");
frame.onload = () => {{
  const page = frame.contentDocument, view = frame.contentWindow;
  const told = {{
    width: view.innerWidth, scroll: page.documentElement.scrollWidth,
    fetched: view.performance.getEntriesByType("resource").map(entry => entry.name),
    ran: view.hostile === true, scripts: page.scripts.length,
    text: page.body.innerText,
    unnamed: [...page.querySelectorAll("svg")].filter(svg => !svg.getAttribute("aria-label")).length,
  }};
  document.body.innerHTML = "<pre></pre>";
  document.querySelector("pre").textContent = JSON.stringify(told);
}};
frame.srcdoc = {page};
</script>"""


def look(page: str, folder: Path, width: int) -> dict[str, Any]:
    """What the browser says of the page on a screen of that width; `fetched` is what it asked for, `console` its complaints."""
    frame = folder / f"frame-{width}.html"
    # a closing script tag inside the text would end the frame's own script
    text = json.dumps(page).replace("<", "\\u003c")
    frame.write_text(_FRAME.format(width=width, page=text), encoding="utf-8")
    done = _run(folder, "--dump-dom", frame.as_uri())
    found = re.search(r"<pre>(.*?)</pre>", done.stdout, re.DOTALL)
    assert found, done.stdout[:500]
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    told["console"] = re.findall(r"CONSOLE[^\n]*", done.stderr)
    return told


def printed(page: Path, folder: Path) -> bytes:
    """The page as PDF."""
    target = folder / "page.pdf"
    _run(folder, f"--print-to-pdf={target}", "--no-pdf-header-footer", page.as_uri())
    return target.read_bytes()


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["chromium", *_FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
