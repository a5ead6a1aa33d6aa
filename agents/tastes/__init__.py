"""What tastes are fitted with: sums over all items, pasts, liking of topics, own interests, qualities.

Imports of agents: none.
"""
