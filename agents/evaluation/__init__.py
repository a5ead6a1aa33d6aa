"""Comparing policies: results tables, intervals, summaries and plots. Only ``play`` runs a policy."""
