"""Baselines that learn, at toy size, on the packaged news with made-up embeddings."""

from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.runs.baselines import train_slateq, train_stock
from driftrec.agents.runs.checkpoint import FILE, save_checkpoint
from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining
from driftrec.agents.stock.stock_training import StockPPOSettings, StockSACSettings

KINDS = ("slateq", "sb3-ppo", "sb3-sac")
FIT = {"lanes": 4, "log_steps": 5, "rounds": 2}
"""How the ranker was fitted, as its run tells: 60 steps with one refit."""
SLATEQ = SlateQTraining(
    SlateQSettings(total_steps=128, lanes=16, warm_up=32, batch_size=16, sync=2), validations=6, validation_users=4
)
STOCK = {
    "sb3-ppo": StockPPOSettings(
        total_steps=128, lanes=8, rollout=2, batch_size=16, epochs=1, validations=4, validation_users=4
    ),
    "sb3-sac": StockSACSettings(
        total_steps=128, lanes=16, memory=200, warm_up=32, batch_size=16, gradients=1, validation_users=4
    ),
}
SETTINGS = {"slateq": SLATEQ, **STOCK}


def ranker_in(folder, setup):
    """A run folder with what SlateQ needs of a run of ``driftrec train``: its ranker."""
    config = {"world": {"slate_size": 5}, "settings": {"representation": "random", "fit": FIT, "refits": 1}, "seed": 9}
    save_checkpoint(folder / FILE, {"ranker": TextRanker(setup.context, "random", 9)}, config, setup.setting)
    return folder


def train(setup, kind, settings, ranker_run, **told):
    """Train a kind."""
    if kind == "slateq":
        train_slateq(setup, settings, ranker_run=ranker_run, **told)
    else:
        train_stock(setup, kind, settings, **told)
