"""A world that moves between rounds of deployment: what comes and goes, what is liked, who is there."""
