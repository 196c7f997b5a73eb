"""What records must satisfy: Great Expectations suites built from contracts, our own expectation classes, the verdict on each row.

Each rule's meaning stands once, as a SQL condition in `conditions`; Great Expectations counts with it and the verdict splits rows with it,
and the two counts are compared in every run. Importing `suite` or `validation` imports Great Expectations, which takes seconds: do it late.
"""
