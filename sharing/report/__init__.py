"""The report 报告: marts for analysts, and a page, a CSV and the texts of other tools made from them.

Everything here is read from `sharing.verdicts` and `sharing.rates`, so a page says nothing that a verdict does not.
Cells count the requests of departments. No cell is about a person, so none is suppressed as too small.
"""
