"""Step `records` of a night: what each department says of each person, firm and licence, version by version. `step` is the door."""
