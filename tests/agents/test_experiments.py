"""The experiments of results/news: commands that the scripts understand, tables whose parts exist."""

import importlib
import string
from pathlib import Path

import pytest
import tyro

from driftrec.agents.comparison import chosen_baseline, parse_entry
from driftrec.agents.experiments import TABLES, TRAININGS, run_of

RUNS = Path("somewhere")


def parse(command):
    verb, *words = command
    return tyro.cli(importlib.import_module(f"driftrec.scripts.{verb.replace('-', '_')}").Args, args=words)


@pytest.mark.parametrize("name", TRAININGS)
def test_every_training_is_a_command_of_its_own_run(name):
    args = parse(TRAININGS[name].command(name, 3, RUNS))
    assert (args.seed, args.out) == (3, RUNS / f"{name}-3")


def test_what_sets_the_trainings_apart_arrives():
    def settings(name):
        return parse(TRAININGS[name].command(name, 1, RUNS)).settings

    assert settings("told").true_state
    assert not settings("top-k").ppo.iterative
    assert (settings("ids-new").representation, settings("ids-new").withheld) == ("ids", 0.2)
    assert (settings("random").representation, settings("random").withheld) == ("random", 0.0)
    assert settings("text") == type(settings("text"))()


def test_a_ranker_is_that_of_the_same_seed():
    assert parse(TRAININGS["slateq"].command("slateq", 2, RUNS)).ranker == RUNS / "text-2"


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_a_command_with_all_seeds(name):
    args = parse(TABLES[name].command(RUNS, 30, Path("out"), seeds=2))
    assert (args.users, args.out) == (30, Path("out"))
    labels = [parse_entry(text)[0] for text in args.policies]
    assert chosen_baseline(args.baseline, labels) == args.baseline
    assert {"random", "planner"} <= set(labels)  # the scale
    for text, template in zip(args.policies, TABLES[name].policies, strict=True):
        for _, training, *_ in string.Formatter().parse(template):
            if training:
                assert text.endswith(f"{run_of(training, 1, RUNS)},{run_of(training, 2, RUNS)}")


def test_every_training_stands_in_a_table():
    used = {
        training
        for table in TABLES.values()
        for text in table.policies
        for training in TRAININGS
        if f"{{{training}}}" in text
    }
    assert used == set(TRAININGS)
