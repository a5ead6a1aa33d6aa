"""A world whose numbers were fitted to a log: its parameters, the folder that keeps them, and its users."""
