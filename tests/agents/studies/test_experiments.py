"""The experiments of results: commands that the scripts understand, tables whose parts exist."""

import importlib
import string
from pathlib import Path

import pytest

from driftrec.agents.comparison.entries import chosen_baseline, parse_entry
from driftrec.agents.studies.encoders_study import ENCODERS
from driftrec.agents.studies.experiments import run_of
from driftrec.agents.studies.news_study import NEWS
from driftrec.agents.studies.published_study import PUBLISHED
from driftrec.agents.studies.scenarios_study import SCENARIOS
from driftrec.scripts import arguments

RUNS = Path("somewhere")
TRAININGS = [(study, name) for study in (NEWS, PUBLISHED, SCENARIOS, ENCODERS) for name in study.trainings]
TABLES = [(study, name) for study in (NEWS, PUBLISHED, SCENARIOS, ENCODERS) for name in study.tables]


def parse(command):
    verb, *words = command
    return arguments.parse(verb, importlib.import_module(f"driftrec.scripts.{verb.replace('-', '_')}").Args, words)


@pytest.mark.parametrize(("study", "name"), TRAININGS, ids=[name for _, name in TRAININGS])
def test_every_training_is_a_command_of_its_own_run(study, name):
    args = parse(study.trainings[name].command(name, 3, RUNS))
    assert (args.seed, args.out) == (3, RUNS / f"{name}-3")


def test_what_sets_the_trainings_on_news_apart_arrives():
    def settings(name):
        return parse(NEWS.trainings[name].command(name, 1, RUNS)).settings

    assert settings("told").true_state
    assert not settings("top-k").ppo.iterative
    assert (settings("ids-new").representation, settings("ids-new").withheld) == ("ids", 0.2)
    assert (settings("random").representation, settings("random").withheld) == ("random", 0.0)
    assert settings("text") == type(settings("text"))()


def test_what_sets_the_published_worlds_apart_arrives():
    def args(name):
        return parse(PUBLISHED.trainings[name].command(name, 1, RUNS))

    assert args("RecSim-InterestEvolution").kwargs() == {"slate_size": 3}
    assert args("RecSim-InterestEvolution").world == "driftrec/RecSim-InterestEvolution-v0"
    assert args("RecSim-InterestExploration").kwargs() == {"history": 100}
    assert args("RecSim-InterestExploration-slateq").kwargs() == {"history": 100}  # the ranker's world
    assert args("RecSim-LongTermSatisfaction").kwargs() == {}
    assert args("Sardine-SlateTopK-Bored-partial").kwargs() == {"observation": "partial"}
    assert args("Sardine-SlateTopK-Bored").kwargs() == {}


def test_a_ranker_is_that_of_the_same_seed():
    assert parse(NEWS.trainings["slateq"].command("slateq", 2, RUNS)).ranker == RUNS / "text-2"


@pytest.mark.parametrize(("study", "name"), TABLES, ids=[name for _, name in TABLES])
def test_every_table_is_a_command_with_all_seeds(study, name):
    args = parse(study.comparison(name, RUNS, 30, Path("out"), seeds=2))
    assert (args.users, args.out) == (30, Path("out"))
    labels = [parse_entry(text)[0] for text in args.policies]
    assert chosen_baseline(args.baseline, labels) == args.baseline
    assert {"random", "planner"} <= set(labels)  # the scale
    for text, template in zip(args.policies, study.tables[name].policies, strict=True):
        for _, training, *_ in string.Formatter().parse(template):
            if training:
                assert text.endswith(f"{run_of(training, 1, RUNS)},{run_of(training, 2, RUNS)}")
                assert set(study.trainings[training].words) >= set(study.tables[name].world)  # trained in that world


@pytest.mark.parametrize("study", [NEWS, PUBLISHED, SCENARIOS, ENCODERS])
def test_every_training_stands_in_a_table(study):
    assert {name for table in study.tables for name in study.behind(table)} == set(study.trainings)


def test_what_sets_the_trainings_of_encoders_apart_arrives():
    def settings(name):
        return parse(ENCODERS.trainings[name].command(name, 1, RUNS)).settings

    for name in ("text", "smollm2", "hashing", "random", "ids", "latents"):
        told = settings(f"video-{name}-known"), settings(f"video-{name}-new"), settings(f"newsstream-{name}-known")
        assert [(each.representation, each.withheld, each.user_state) for each in told] == [
            (name, 0.0, "numeric"),
            (name, 0.2, "numeric"),
            (name, 0.0, "numeric"),
        ]
    assert [settings(f"newsstream-user-{name}").user_state for name in ("text", "both")] == ["text", "both"]
    assert {training.seeds for training in ENCODERS.trainings.values()} == {3}


@pytest.mark.parametrize("name", ENCODERS.probes)
def test_every_probe_is_a_command(name):
    args = parse((*ENCODERS.probes[name], "--out", "somewhere"))
    assert args.world == {"video-probe": "driftrec/Video-v0", "newsstream-probe": "driftrec/NewsStream-v0"}[name]
    assert (args.out, args.representations) == (Path("somewhere"), None)
