"""Great Expectations' Data Docs of every validation kept below reports/, made to be read without a network.

The pages as Great Expectations renders them fetch styles, scripts and pictures from outside; on a government intranet that is neither possible nor
wanted, so those references are taken out and one stylesheet of our own is put beside the pages.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, cast

from lxml import html

from pipeline.workplace import Workplace

_STYLESHEET = "landbridge.css"


def build_data_docs(place: Workplace) -> tuple[Path, int]:
    """Render the validations of all resources and intervals; returns the site's index page and how many validations it shows."""
    from expectations.gx import gx

    # isort: split
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    import expectations.classes  # noqa: F401  (registers our own expectation types, which the pages describe)

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    project = place.home / "reports" / "great_expectations"
    shutil.rmtree(project, ignore_errors=True)
    context = gx.get_context(mode="file", project_root_dir=project)
    shown: list[tuple[str, str, dict[str, Any]]] = []
    for path in sorted((place.home / "reports" / "validations").glob("*/*/*.json")):
        started = datetime.strptime(path.stem, "%Y%m%dT%H%M").replace(tzinfo=place.city.timezone)
        resource = f"{path.parent.parent.name}.{path.parent.name}"
        run = RunIdentifier(path.stem, started)
        suite = ExpectationSuiteIdentifier(resource)
        document = json.loads(path.read_text(encoding="utf-8"))
        document["meta"]["run_id"] = run.to_json_dict()
        context.validation_results_store.set(
            ValidationResultIdentifier(expectation_suite_identifier=suite, run_id=run, batch_identifier=resource),
            expectationSuiteValidationResultSchema.load(document),
        )
        shown.append((resource, path.stem, document["statistics"]))
    context.build_data_docs()
    site = project / "gx" / "uncommitted" / "data_docs" / "local_site"
    shutil.copy(Path(__file__).with_name("data_docs.css"), site / _STYLESHEET)
    for page in (site / "validations").rglob("*.html"):
        _make_self_contained(page, site)
    _write_index(site, shown)
    return site / "index.html", len(shown)


def _write_index(site: Path, shown: list[tuple[str, str, dict[str, Any]]]) -> None:
    """A plain list in place of Great Expectations' index, which only scripts can fill."""
    rows = []
    for resource, interval, statistics in shown:
        page = next((site / "validations").joinpath(*resource.split("."), interval).rglob("*.html"))
        failed = statistics["unsuccessful_expectations"]
        mark = f'<span class="text-danger">✗ {failed}</span>' if failed else '<span class="text-success">✓</span>'
        rows.append(
            f'<tr><td><a href="{page.relative_to(site).as_posix()}">{escape(resource)}</a></td><td>{escape(interval)}</td>'
            f"<td>{statistics['evaluated_expectations']}</td><td>{mark}</td></tr>"
        )
    (site / "index.html").write_text(
        f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data Docs</title><link rel="stylesheet" href="{_STYLESHEET}"></head><body>
<h1>质量验证结果 Validation results</h1>
<table><thead><tr><th>资源 resource</th><th>区间 interval</th><th>规则 rules</th><th>未通过 not passed</th></tr></thead>
<tbody>{"".join(rows)}</tbody></table></body></html>
""",
        encoding="utf-8",
    )


def _make_self_contained(page: Path, site: Path) -> None:
    tree = html.fromstring(page.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))
    for tag in _select(tree, "//script | //link[@href] | //style | //img[starts-with(@src, 'http')] | //iframe"):
        tag.drop_tree()
    for anchor in _select(tree, "//a[not(starts-with(@href, '#'))]"):
        target = str(anchor.get("href", ""))
        if "://" in target or not (page.parent / target).is_file():
            anchor.drop_tag()
    # what only scripts could open: filters, walkthroughs, a newsletter
    for idle in _select(
        tree, "//*[contains(@class, 'modal') or self::footer or self::button or self::form or self::input]"
    ):
        if idle.getparent() is not None:
            idle.drop_tree()
    head = tree.find("head")
    style = html.Element("link", rel="stylesheet", href=os.path.relpath(site / _STYLESHEET, page.parent))
    (tree if head is None else head).append(style)
    page.write_bytes(html.tostring(tree, encoding="utf-8", doctype="<!DOCTYPE html>"))


def _select(tree: html.HtmlElement, path: str) -> list[html.HtmlElement]:
    return cast("list[html.HtmlElement]", tree.xpath(path))
