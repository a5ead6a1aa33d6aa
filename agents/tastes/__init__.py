"""What tastes are fitted with: sums over all items, own interests of users, qualities of items.

Imports of agents: none.
"""
