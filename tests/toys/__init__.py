"""Worlds as strangers write them: each a module that registers itself. Tests copy this package to an empty folder."""
