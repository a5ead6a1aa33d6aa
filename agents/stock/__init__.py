"""stable-baselines3's own PPO and SAC with MlpPolicy, to compare with, and its model files as policies.

Imports of agents: policy, setup, baselines, snapshots.
"""
