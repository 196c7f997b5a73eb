"""The `landbridge` command: every command registered, and errors told as what, where and remedy."""

from __future__ import annotations

import logging
import sys

import typer

from cli import (
    catalogue,
    check,
    data_docs,
    digest,
    draft,
    explain,
    hashes,
    plan,
    rate,
    run,
    scorecard,
    sql,
    status,
    summary,
)
from cli.terminal import errors
from contracts.errors import LandbridgeError

app = typer.Typer(
    name="landbridge",
    help="Pull departments' records, prove their quality, keep them in one lake, and show how much of what is asked for is shared.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(catalogue.app, name="catalogue", help="Read the city's contracts.")
app.command("draft")(draft.draft)
app.command("check")(check.check)
app.command("plan")(plan.plan)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("explain")(explain.explain)
app.command("digest")(digest.digest)
app.command("rate")(rate.rate)
app.command("scorecard")(scorecard.scorecard)
app.command("summary")(summary.summary)
app.command("sql")(sql.sql)
app.command("shell")(sql.shell)
app.command("hash")(hashes.hashes)
app.command("docs")(data_docs.docs)


def main() -> None:
    """Run the command line; an expected error is printed without a traceback and ends with exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "great_expectations"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        app()
    except LandbridgeError as error:
        errors.print(f"[bold red]{type(error).__name__}[/]  {error.what}", highlight=False, soft_wrap=True)
        if error.where:
            errors.print(f"  where  {error.where}", highlight=False, markup=False, soft_wrap=True)
        if error.remedy:
            errors.print(f"  remedy {error.remedy}", highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)
