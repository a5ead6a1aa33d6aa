"""How real a fitted world is: its users live the log's lives again, and what differs is measured and said.

Imports of agents: policy, engines, setup, baselines, evaluation, logbook, tastes, fitting_worlds, worlds, report.
"""
