"""Comparisons to show to others: one page of HTML with tables, plots, groups, one user's story; or packed as Parquet.

Imports of agents: evaluation, plots, runs, comparison.
"""
