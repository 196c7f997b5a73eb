"""What somebody wants to do to a line, and the errors that say why it cannot be done so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from sharing.requests.request_file import misfit_text
from sharing.requests.states import Standing

Said = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What somebody wants to do to a line: the line as it stands, the acting department, what was said, and the local day of the act."""

    city: City
    line: Standing
    department: str
    said: Said
    day: date

    def fault(self, what: str, remedy: str = "") -> ConfigurationError:
        return ConfigurationError(what, where=f"line {self.line.line_id}", remedy=remedy)

    def told(self, name: str) -> str:
        """A text that may be said; ConfigurationError where it is not one plain line."""
        return self.plain(name, str(self.said.get(name) or ""))

    def text(self, name: str, remedy: str) -> str:
        """A text that must be said."""
        if text := self.told(name):
            return text
        raise self.fault(f"{name} is missing", remedy)

    def plain(self, name: str, text: str) -> str:
        """The text without blanks around it; ConfigurationError where it is not one plain line."""
        if problem := misfit_text(text.strip()):
            raise self.fault(f"{name} {problem}", "one line of text")
        return text.strip()
