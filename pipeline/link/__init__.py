"""Step `link` of a night: which records without an identifier are one person or firm, by weight of evidence and by judgement. `step` is the door."""
