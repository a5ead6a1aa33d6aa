"""Run folders: training to one, checkpoints, and loading policies from one."""
