"""The life of a request: what may happen to a line, who may do it, and how it is told to the ledger.

`states` says how a line stands, `moves` what may happen to it next, `desk` makes it happen, `submission` begins it, `terms`
and `granting` check what is said; `deadlines` and `liability` tell what is due and what came late, `match` and `demand` what there is and what is missing.
"""
