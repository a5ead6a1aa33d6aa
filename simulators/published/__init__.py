"""Worlds that others published, re-implemented from their equations behind the one World contract."""
