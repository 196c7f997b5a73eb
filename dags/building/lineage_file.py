"""Where OpenLineage events go: `<folder>/<day>.jsonl`, one event a line, whole however many tasks write at once."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

from openlineage.client.client import Event
from openlineage.client.serde import Serde
from openlineage.client.transport.transport import Config, Transport


class DailyFileConfig(Config):
    """`folder` is where the files lie."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    @classmethod
    def from_dict(cls, params: dict[str, Any]) -> DailyFileConfig:
        return cls(params["folder"])


class DailyFile(Transport):
    """The client's own file transport writes an event in several pieces, which those of other tasks may come between."""

    kind = "daily_file"
    config_class = DailyFileConfig

    def __init__(self, config: DailyFileConfig) -> None:
        self.folder = config.folder

    def emit(self, event: Event) -> None:
        """Append the event to the file of its day, in UTC as events are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{event.eventTime[:10]}.jsonl"
        with path.open("ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(f"{Serde.to_json(event)}\n".encode())
