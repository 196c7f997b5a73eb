"""Where an interval's records may come from, as people and schedules ask for it."""

from __future__ import annotations

from typing import Literal, get_args

Origin = Literal["auto", "source", "whole", "landing"]
"""`auto`: the source where it can still give the interval, otherwise what landed. `source` and `landing` insist. `whole`: the source's whole history."""

ORIGINS: tuple[Origin, ...] = get_args(Origin)
