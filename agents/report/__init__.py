"""Comparisons as one page of HTML to show to others: tables, plots, groups of users, one user's story.

Imports of agents: evaluation, plots, comparison.
"""
