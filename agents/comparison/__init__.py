"""Policies beside each other on the same users: comparing, tuning, and the studies behind results/."""
