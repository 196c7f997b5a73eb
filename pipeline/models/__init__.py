"""Step `models` of a night: tables that are a SELECT in a file of its own, brought up to date by what changed. `run` is the door, `check` needs no lake."""
