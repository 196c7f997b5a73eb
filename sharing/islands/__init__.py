"""Information islands: what is still not catalogued, not pooled, not digitised, collected twice or asked for on paper although the lake holds it.

Each kind of finding is one function that returns SQL over the lake's tables as of an instant (`projects`, `systems`, `entries`, `same_item`, `papers`,
`holdings`); `detect` brings them together, `store` keeps what was found with the day it was found on and the day it was closed.
"""
