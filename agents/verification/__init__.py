"""Figures of published originals, measured in our worlds."""
