"""The `landbridge` command: every command registered, and errors told as what, where and remedy."""

from __future__ import annotations

import logging
import sys

import typer

from cli import (
    analyst_role,
    audit,
    catalogue,
    check,
    conflict,
    correction,
    data_docs,
    deliver,
    dictionary,
    digest,
    draft,
    explain,
    export,
    hashes,
    islands,
    link,
    maintain,
    model,
    plan,
    problems,
    rate,
    report,
    request,
    request_lists,
    request_match,
    run,
    scorecard,
    sql,
    status,
    summary,
)
from cli.terminal import errors
from contracts.errors import ConfigurationError, LandbridgeError

app = typer.Typer(
    name="landbridge",
    help="Pull departments' records, prove their quality, keep them in one lake, and show how much of what is asked for is shared.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(catalogue.app, name="catalogue", help="Read the city's contracts.")
app.add_typer(audit.app, name="audit", help="Verify, anchor and export the ledger; tell what happened to a line.")
app.add_typer(request.app, name="request", help="Ask for data, answer, and do all else that happens to a request.")
request.app.command("due")(request_lists.due)
request.app.command("overdue")(request_lists.overdue)
request.app.command("liability")(request_lists.liability)
request.app.command("match")(request_match.match)
request.app.command("demand")(request_match.demand_list)
app.add_typer(deliver.app, name="deliver", help="Hand over what is granted, and show, probe and read it.")
app.command("draft")(draft.draft)
app.command("check")(check.check)
app.command("plan")(plan.plan)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("explain")(explain.explain)
app.command("digest")(digest.digest)
app.add_typer(rate.app, name="rate", help="Show the satisfaction rate, explain a line of it, or explain a change.")
app.add_typer(
    correction.app, name="correction", help="Challenge data, decide on it, and see until when it must be put right."
)
app.add_typer(islands.app, name="islands", help="Show the information islands that remain, and who has to act.")
app.add_typer(
    conflict.app,
    name="conflict",
    help="Show where departments contradict each other, and send it to them as corrections.",
)
app.add_typer(problems.app, name="problems", help="Show each department's open problem rows, and write its files.")
app.add_typer(
    link.app, name="link", help="Join records without identifier, explain and review what was joined, and judge."
)
app.add_typer(
    model.app, name="model", help="List, show, check and run the models, and tell where their columns come from."
)
app.command("maintain")(maintain.maintain)
app.command("report")(report.report)
app.command("scorecard")(scorecard.scorecard)
app.command("summary")(summary.summary)
app.command("sql")(sql.sql)
app.command("shell")(sql.shell)
app.command("export")(export.export)
app.command("dictionary")(dictionary.dictionary)
app.command("analyst-role")(analyst_role.analyst_role)
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
        _tell(error)
    except OSError as error:
        # a file that somebody named; what names none is a mistake of ours
        if error.filename is None:
            raise
        remedy = "name a file that is there and that this account may use"
        _tell(ConfigurationError(error.strerror or "cannot be used", where=str(error.filename), remedy=remedy))


def _tell(error: LandbridgeError) -> None:
    errors.print(f"[bold red]{type(error).__name__}[/]  {error.what}", highlight=False, soft_wrap=True)
    if error.where:
        errors.print(f"  where  {error.where}", highlight=False, markup=False, soft_wrap=True)
    if error.remedy:
        errors.print(f"  remedy {error.remedy}", highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)
