"""Worlds that others published, behind the same contract; one file a published source file."""
