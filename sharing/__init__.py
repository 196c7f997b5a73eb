"""Who may have the records: requests, deadlines, deliveries, and the satisfaction rate with its evidence.

The rate is a function of the instant it is asked for: nothing here reads a clock.
"""
