"""stable-baselines3's own PPO and SAC with MlpPolicy, to compare with."""
