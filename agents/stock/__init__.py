"""stable-baselines3's own PPO and SAC with MlpPolicy, to compare with.

Imports of agents: policy, setup, baselines.
"""
