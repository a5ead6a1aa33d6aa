"""The packaged catalogue of songs: 10 styles with artists and moods, and their audience."""

from driftrec.simulators.songs.songs_generator import MAX_LISTENERS, MAX_SONGS, generate_listeners, generate_songs

__all__ = ["MAX_LISTENERS", "MAX_SONGS", "generate_listeners", "generate_songs"]
