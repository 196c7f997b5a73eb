"""What every step needs: the settings and the city, read once a process, and where a step's files lie below LANDBRIDGE_HOME."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contracts.catalogue import City, load_city
from contracts.interval import Interval
from contracts.model import Resource
from contracts.settings import Settings


@dataclass(frozen=True)
class Workplace:
    """Settings, city, and the places of files."""

    settings: Settings
    city: City

    @classmethod
    def open(cls, department: str | None = None) -> Workplace:
        """Read the settings from the environment and the city; only one department's contracts where that is all a task needs."""
        settings = Settings.from_environment()
        return cls(settings, load_city(settings.city, department))

    @property
    def home(self) -> Path:
        return self.settings.home

    def local_day(self, interval: Interval) -> date:
        """The city's calendar day on which the interval ends: the day dates are judged against."""
        return interval.end.astimezone(self.city.timezone).date()

    def landing_folder(self, resource: Resource, interval: Interval) -> Path:
        return self.home / "landing" / resource.department / resource.name / interval.id(self.city.timezone)

    def staging_folder(self, resource: Resource, interval: Interval, run_id: str) -> Path:
        return self.home / "staging" / resource.department / resource.name / interval.id(self.city.timezone) / run_id

    def validation_file(self, resource: Resource, interval: Interval) -> Path:
        """Great Expectations' result of the newest validation, for Data Docs."""
        name = f"{interval.id(self.city.timezone)}.json"
        return self.home / "reports" / "validations" / resource.department / resource.name / name
