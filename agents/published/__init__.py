"""Agents on published worlds: what the figures of the literature need, and ours, trained on features of the items."""
