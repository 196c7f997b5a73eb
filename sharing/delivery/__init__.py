"""How granted data is handed over: only the granted fields and rows, masked, refreshed, probed, and disposed of when the grant ends.

A delivery is a projection of one snapshot of the lake (docs/decisions/0006). Nothing here decides who may have what: the ledger's grants do.
"""
