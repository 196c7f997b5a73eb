"""Until when a challenge must be verified, put right and reported back: ten working days from the day it was asked (Decree 809 art. 26)."""

from __future__ import annotations

from datetime import date

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from sharing.calendar import read_calendar
from sharing.policy import read_policy


class CorrectionClock:
    """The city's own limit and calendar, seen from a local day; nothing is due where the city has neither, or its calendar ends too early."""

    def __init__(self, city: City, today: date) -> None:
        self.today = today
        self._rules = None
        if (city.folder / "policy.yaml").is_file() and (city.folder / "calendar.csv").is_file():
            self._rules = read_policy(city.folder), read_calendar(city)

    def due(self, asked: date) -> tuple[date | None, int | None]:
        """The last day of the limit that starts on `asked`, and the working days left of it after today; negative once it has passed."""
        if self._rules is None:
            return None, None
        policy, calendar = self._rules
        try:
            last = calendar.add_working_days(asked, policy.limit("correction", asked).working_days)
            left = calendar.working_days_between(self.today, last) - calendar.working_days_between(last, self.today)
        except ConfigurationError:
            # what ends too early stops the rate, which says so; a list is of use without a date
            return None, None
        return last, left
