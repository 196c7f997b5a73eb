"""`landbridge docs`: Great Expectations' Data Docs of every validation, readable without a network."""

from __future__ import annotations

from cli.terminal import console
from pipeline.data_docs import build_data_docs
from pipeline.workplace import Workplace


def docs() -> None:
    """Build Data Docs below reports/ and print where they are."""
    index, count = build_data_docs(Workplace.open())
    console.print(f"{count} validations: {index}", soft_wrap=True)
