"""The packaged news catalogue: 18 topics of news and their readers, written by a seeded generator."""

from driftrec.simulators.newsroom.generator import MAX_ITEMS, MAX_PERSONAS, generate_news, generate_personas
from driftrec.simulators.newsroom.geometry import subtopic_centres, topic_centres

__all__ = [
    "MAX_ITEMS",
    "MAX_PERSONAS",
    "generate_news",
    "generate_personas",
    "subtopic_centres",
    "topic_centres",
]
