"""Beliefs about what users tire of and come to like: a filter over hypotheses for every user and topic.

Imports of agents: none.
"""
