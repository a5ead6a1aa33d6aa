"""The packaged catalogue of short videos: 12 topics of clips with creators and hooks, and their audience."""

from driftrec.simulators.clips.clips_generator import MAX_CLIPS, MAX_VIEWERS, generate_clips, generate_viewers

__all__ = ["MAX_CLIPS", "MAX_VIEWERS", "generate_clips", "generate_viewers"]
