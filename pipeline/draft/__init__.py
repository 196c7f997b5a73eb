"""From a source to its contract: what a table holds is measured, and what follows from the figures is written down for a person to read.

`connection` opens what was named, `sample` takes rows, `columns` measures them, `recognise` decides types and meanings, `keys`, `loading`, `rules` and
`code_lists` suggest, `verdict` measures the suggestions with the night's own means, `contract_file` writes. `resource` puts them in order.
"""
