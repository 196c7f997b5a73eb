"""National identifiers: each module holds one rule twice, in Python and as DuckDB SQL text, tested against each other.

Calling a valid number invalid is worse than the reverse: `has_check_digit` (shape and check digit) may quarantine a row,
`is_plausible` (dates, divisions, authorities) only ever warns.
"""
