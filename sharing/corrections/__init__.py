"""Corrections (校核): data is challenged, its provider decides, and the lake proves that it was put right – Decree 809 art. 26.

Requester or bureau ask, the provider decides, and of a decision the bureau may decide otherwise (art. 28): `challenge`, `desk`. Nobody says that data is
fixed: a `night` does, when a load shows it (`proof`). The ledger holds digests of the rows (`disputed_rows`); no value, and no key.
"""
