"""A kit a world: all that agents know of it beyond the contract, and nowhere else."""
