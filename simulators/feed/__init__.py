"""Feeds: pages read from the top, of which several items may be consumed. One engine, one configuration a scenario."""
