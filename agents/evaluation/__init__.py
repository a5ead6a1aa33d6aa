"""Comparing policies: results tables, intervals, summaries and plots. Only ``rollout`` runs a policy."""
