"""The worlds that move, small, each made once."""

from functools import cache

from driftrec.envs.music import music_world
from driftrec.envs.shop import shop_world
from driftrec.envs.video import video_world
from driftrec.simulators.feed.stream_world import StreamWorld
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.wire import generate_articles, generate_readers


@cache
def stream():
    return StreamWorld(generate_articles(900), generate_readers(40), num_candidates=40)


@cache
def fitted():
    return FittedWorld(made_up())


WORLDS = {
    "video": cache(video_world),
    "music": cache(music_world),
    "shop": cache(shop_world),
    "stream": stream,
    "fitted": fitted,
}
