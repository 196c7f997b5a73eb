"""The ledger 台账: everything that happens to a request, as appended events chained by hash, with two times each.

`occurred_at` is the legal clock's, `recorded_at` the ledger's; what a line was as of T, as it was known at K, is a view of the events
(sharing/lines.py). An event is never changed or removed: a mistake is retracted by another event.
"""
