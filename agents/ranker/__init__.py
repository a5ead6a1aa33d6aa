"""The ranker of worlds with texts: what a user would open and for how long, fitted to logs, served greedily."""
