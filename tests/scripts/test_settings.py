"""One way to set things: flags over files over the world's defaults, in every verb, world and kind of run."""

import importlib
import json
import re
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest

from driftrec.agents.setup import NEWS
from driftrec.agents.stock.stock_training import STOCK
from driftrec.agents.worlds.kits import KITS, settings_of
from driftrec.scripts import config
from driftrec.scripts.arguments import parse
from driftrec.scripts.cli import VERBS

DOCS = Path(__file__).parents[2] / "docs" / "training.md"
BORED = "driftrec/Sardine-SlateTopK-Bored-v0"
EVOLUTION = "driftrec/RecSim-InterestEvolution-v0"
NEEDED = {
    "tune": ("content",),
    "plot": ("somewhere",),
    "report": ("somewhere",),
    "recommend": ("--run", "runs/mine", "--log", "mine.csv", "--user", "me"),
}
"""Words that a verb cannot do without."""


def args_type(verb):
    return importlib.import_module(f"driftrec.scripts.{verb.replace('-', '_')}").Args


def parsed(verb, *words):
    return parse(verb, args_type(verb), list(map(str, words)))


def same(left, right):
    """Whether two are equal field by field; the classes are made anew at every parsing."""
    assert vars(left) == vars(right)


@pytest.fixture
def file(tmp_path):
    """Writes a file of settings and returns its path."""

    def write(text):
        path = tmp_path / "my.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("train",), ("--settings.ppo.total-steps INT", "(default: 250000)", "--settings.refits INT")),
        (("train", "--world", BORED), ("--settings.ppo.total-steps INT", "(default: 300000)", "(default: 0.01)")),
        (("train", f"--world={EVOLUTION}"), ("--settings.value-steps INT", "(default: 131072)", "(default: 0.9999)")),
        (("train-baseline", "--world", BORED), ("--settings.slateq.total-steps INT", "(default: 300000)")),
        (("train-baseline", "slateq"), ("--settings.slateq.total-steps INT", "(default: 250000)", "(default: 128)")),
        (("train-baseline", "sb3-sac"), ("--settings.components INT", "(default: 16)")),
        (("train-baseline", "--seed", "1", "sb3-ppo"), ("--settings.rollout INT", "(default: 32)")),
    ],
)
def test_help_shows_the_worlds_own_numbers(words, shown, driftrec):
    done = driftrec(*words, "--help")
    assert done.status == 0, done.err
    for text in shown:
        assert text in done.out
    assert "--from FILE.toml" in done.out


@pytest.mark.parametrize("world", [*KITS])
def test_without_a_word_settings_are_the_worlds_own(world):
    assert parsed("train", "--world", world).settings == settings_of(world)
    assert parsed("train-baseline", "--world", world).settings == settings_of(world, "slateq")


def test_the_later_of_two_flags_counts():
    words = ("--settings.ppo.lanes=3", "--settings.ppo.lanes", 4, "--settings.future.weights", 1, 2)
    more = ("--settings.future.weights", 3, "--settings.ppo.no-iterative", "--settings.ppo.iterative", "--seed=None")
    args = parsed("train", "--world", BORED, "--seed", 3, *words, *more)
    assert (args.settings.ppo.lanes, args.settings.future.weights, args.seed) == (4, (3.0,), None)
    assert args.settings.ppo.iterative


def test_flags_win_over_the_file_and_the_file_over_the_world(file):
    path = file(
        f"""
        world = "{BORED}"
        slate-size = 4
        seed = 3
        options = {{observation = "partial"}}
        [config]
        boredom-free = {{x = 1}}
        [settings.future]
        weights = [0, 1.5]
        [settings.ppo]
        lanes = 64
        batch-size = 128
        epochs = 2
        iterative = false
        """
    )
    args = parsed("train", "--from", path, "--settings.ppo.lanes", 32, "--settings.ppo.epochs=3", "--seed", 5)
    own = settings_of(BORED)
    ppo = replace(own.ppo, lanes=32, batch_size=128, epochs=3, iterative=False)
    assert args.settings == replace(own, ppo=ppo, future=replace(own.future, weights=(0.0, 1.5)))
    assert (args.world, args.slate_size, args.seed) == (BORED, 4, 5)
    assert json.loads(args.options) == {"observation": "partial"}
    assert json.loads(args.config) == {"boredom-free": {"x": 1}}  # names in it are the world's affair


def test_a_world_on_the_command_line_brings_its_own_defaults(file):
    args = parsed("train", f"--from={file(f'world = {BORED!r}')}", "--world", EVOLUTION)
    assert (args.world, args.settings) == (EVOLUTION, settings_of(EVOLUTION))


def test_one_that_is_wrong_only_without_the_flags_is_right(file):
    path = file("[settings.slateq]\nmemory = 64\n")
    args = parsed("train-baseline", "--from", path, "--settings.slateq.lanes", 32)
    assert (args.settings.slateq.memory, args.settings.slateq.lanes) == (64, 32)


@pytest.mark.parametrize(
    ("verb", "text", "words", "expected"),
    [
        ("tune", 'name = "content"', (), {"name": "content"}),
        ("tune", 'name = "content"', ("popular", "--users", 3), {"name": "popular", "users": 3}),
        ("plot", 'run = "a"\ncurves = ["b", "c"]', (), {"run": "a", "curves": ("b", "c")}),
        ("plot", 'curves = ["b", "c"]', ("a",), {"run": "a", "curves": ("b", "c")}),
        ("results", 'study = "published"\ntables = ["x"]', (), {"study": "published", "tables": ("x",)}),
        ("train-baseline", 'kind = "sb3-sac"', (), {"kind": "sb3-sac", "settings": settings_of(NEWS, "sb3-sac")}),
        ("train-baseline", 'kind = "sb3-sac"', ("sb3-ppo",), {"settings": settings_of(NEWS, "sb3-ppo")}),
        ("train-baseline", 'kind = "sb3-sac"', ("--seed", 2, "sb3-ppo"), {"kind": "sb3-ppo", "seed": 2}),
        ("train-baseline", "", ("--out", "sb3-ppo"), {"kind": "slateq", "settings": settings_of(NEWS, "slateq")}),
        ("compare", 'policies = ["random", "a=b=ppo:x"]\nplanner_effort = [8, 1]', (), {"planner_effort": (8, 1)}),
        ("compare", 'policies = ["random", "a"]', ("--policies", "b"), {"policies": ("b",)}),
        ("gap", "retune = true", (), {"retune": True}),
        ("gap", "retune = true", ("--no-retune",), {"retune": False}),
        ("bench", "quick = true\nsections = []", (), {"quick": True, "sections": ()}),
        ("encode", 'prompt = "-- {text} = é"\nout = "x"', (), {"prompt": "-- {text} = é"}),
        ("config", 'verb = "gap"', (), {"verb": "gap"}),
    ],
)
def test_every_verb_reads_files(verb, text, words, expected, file):
    args = parsed(verb, *words, "--from", file(text))
    found = {name: getattr(args, name) for name in expected}
    assert json.loads(json.dumps(found, default=str)) == json.loads(json.dumps(expected, default=str))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeed = 3", "my.toml, line 1: there is no seeed. Did you mean 'seed'? Known: catalogue, columns, config, "),
        (
            "\n[settings.ppo]\nlane = 3",
            "my.toml, line 3: there is no settings.ppo.lane. Did you mean 'settings.ppo.lanes'?",
        ),
        ("[settings]\nppo = {lane = 3}", "my.toml, line 2: there is no settings.ppo.lane. Did you mean"),
        ("settings.ppo.'lane-s' = 3", "my.toml, line 1: there is no settings.ppo.lane_s. Did you mean"),
        ("[settings]\nrefits = 3", "my.toml, line 2: there is no settings.refits. "),  # of news
        ("[setting.ppo]\nlanes = 3", "my.toml, line 2: there is no setting.ppo.lanes. "),
        ("settings = 3", "my.toml, line 1: settings is 3; it is a table of settings, [settings]."),
        ("[seed]\nx = 3", "my.toml, line 2: there is no seed.x. "),
        (
            "[settings.ppo]\nbatch-size = 3\nbatch_size = 4",
            "settings.ppo.batch_size is there twice, with - and with _.",
        ),
        ("[settings.ppo]\niterative = 1", "my.toml, line 2: settings.ppo.iterative is 1; it must be true or false."),
        ("seed = 3\n[settings.ppo]\nlanes='9'", "line 3: settings.ppo.lanes is '9'; it must be a whole number."),
        ("[settings.ppo]\nlanes = 2.5", "my.toml, line 2: settings.ppo.lanes is 2.5; it must be a whole number."),
        ("[settings.ppo]\ngamma = true", "my.toml, line 2: settings.ppo.gamma is True; it must be a number."),
        ("[settings.ppo]\nlanes = true", "my.toml, line 2: settings.ppo.lanes is True; it must be a whole number."),
        ("seed = 3\n[settings.ppo]\nlanes=[1, 2]", "line 3: settings.ppo.lanes is [1, 2]; it must be one value."),
        ("seed = [1]", "my.toml, line 1: seed is [1]; it must be one value."),
        ("seed = ", "my.toml is no TOML file of settings: Invalid value (at "),
        ("seed = 3\nseed = 4", "my.toml is no TOML file of settings: Cannot overwrite a value (at "),
        ('world = "driftrec/New-v0"', "World 'driftrec/New-v0' is unknown. Did you mean 'driftrec/News-v0'?"),
        ("world = 3", "World '3' is unknown."),
    ],
)
def test_mistakes_in_a_file_end_in_one_line(text, message, file, driftrec):
    done = driftrec("train", *(() if "world" in text else ("--world", BORED)), "--from", file(text))
    assert done.status == 2
    assert message in done.err
    assert done.err.startswith("driftrec train: ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[settings.ppo]\ngamma = 7", ("--settings.ppo.gamma=7",)),
        ('[settings]\nfuture.weights = ["a"]', ("--settings.future.weights", "a")),
        ('[settings]\nrepresentation = "txt"', ("--settings.representation", "txt")),
    ],
)
def test_wrong_values_are_refused_in_the_words_for_flags(text, words, file, driftrec):
    world = () if "representation" in text else ("--world", BORED)
    by_file, by_flag = driftrec("train", *world, "--from", file(text)), driftrec("train", *world, *words)
    assert by_file.status == by_flag.status == 2
    assert by_file.err == by_flag.err
    assert "settings." in by_file.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", "--recipe", "{}"), "--recipe is now --settings.*; --help lists all, with the world's defaults."),
        (("train", "--world", BORED, "--recipe={}"), "--recipe is now --settings.*;"),
        (("train", "--settings.myopic.lanes", "9"), "--settings.myopic.lanes is now --settings.fit.lanes;"),
        (("train-baseline", "slateq", "--slateq.gamma", "0.9"), "--slateq.gamma is now --settings.slateq.gamma;"),
        (("train-baseline", "sb3-ppo", "--sb3_ppo.batch_size=9"), "--sb3-ppo.batch-size is now --settings.batch-size;"),
        (("train-baseline", "sb3-sac", "--sb3-sac.lanes", "9"), "--sb3-sac.lanes is now --settings.lanes;"),
        (("train-baseline", "--validation-users", "9"), "--validation-users is now --settings.validation-users;"),
        (
            ("train-baseline", "slatq"),
            "Kind 'slatq' is unknown. Did you mean 'slateq'? "
            "Known: diverse, imitation, paced, q1, q2, sb3-ppo, sb3-sac, slateq.",
        ),
        (
            ("train-baseline", "sb3-ppo", "--world", BORED),
            f"{BORED} trains no sb3-ppo. Known: diverse, imitation, paced, q1, q2, slateq.",
        ),
        (("train", "--help", "--world", "driftrec/New-v0"), "Did you mean 'driftrec/News-v0'?"),
        (("train", "--from"), "--from is the last word; say behind it what it is."),
        (("train", "--from", "nowhere.toml"), "--from nowhere.toml cannot be read: No such file or directory."),
        (("config", "--verb", "trian"), "Verb 'trian' is unknown. Did you mean 'train'?"),
        (("config", "--world", "driftrec/New-v0"), "Did you mean 'driftrec/News-v0'?"),
        (("config", "--verb", "verify", "--world", NEWS), "driftrec verify takes no --world; leave it out."),
        (("config", "--kind", "slateq"), "driftrec train takes no --kind; leave it out."),
        (("config", "--verb", "train-baseline", "--kind", "ppo"), "Kind 'ppo' is unknown. Did you mean 'sb3-ppo'?"),
    ],
)
def test_mistakes_on_the_command_line_end_in_one_line(words, message, driftrec, tmp_path):
    done = driftrec(*words)
    assert done.status == 2
    assert message in done.err
    assert done.err.startswith(f"driftrec {words[0]}: ")
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def printed(capsys, **told):
    config.main(config.Args(**told))
    return capsys.readouterr().out


WORLDS = {verb: tuple(KITS) if hasattr(args_type(verb), "world") else (None,) for verb in VERBS}
FILES: list[tuple[str, str | None, str | None]] = [
    (verb, world, None) for verb, worlds in WORLDS.items() for world in worlds if verb != "train-baseline"
]
FILES += [("train-baseline", world, "slateq") for world in WORLDS["train-baseline"]]
FILES += [("train-baseline", NEWS, kind) for kind in STOCK]


@pytest.mark.parametrize(("verb", "world", "kind"), FILES)
def test_a_printed_file_changes_nothing_and_shows_every_default(verb, world, kind, file, capsys):
    text = printed(capsys, verb=verb, world=world, kind=kind)
    needed = NEEDED.get(verb, ())
    own = (*filter(None, (kind,)), *needed)
    plain = parsed(verb, *own, *(() if world is None else ("--world", world)))
    same(parsed(verb, *needed, "--from", file(text)), plain)
    everything, count = re.subn(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE)
    assert count
    same(parsed(verb, *needed, "--from", file(everything)), plain)


def test_every_key_of_a_printed_file_is_explained(capsys):
    for verb in VERBS:
        lines = printed(capsys, verb=verb).splitlines()
        for before, line in pairwise(lines):
            if re.match(r"#?\w+ = ", line):
                assert before.startswith("# "), line


def test_a_changed_file_changes_the_training(capsys, file):
    text = printed(capsys, world=BORED)
    assert "# Adam's step size at the start; falls linearly to 0.\n#learning_rate = 0.01\n" in text
    path = file(text.replace("#learning_rate = 0.01", "learning_rate = 0.02"))
    own = settings_of(BORED)
    assert parsed("train", "--from", path).settings == replace(own, ppo=replace(own.ppo, learning_rate=0.02))


def test_a_word_that_a_verb_cannot_do_without_is_told(capsys):
    text = printed(capsys, verb="recommend")
    assert "# Name of the user in the log. Must be given, here or on the command line.\n" in text


def test_the_documented_file_does_what_it_says(file):
    (text,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    args, own = parsed("train", "--from", file(text)), settings_of(BORED)
    assert (args.world, args.seed, json.loads(args.options)) == (BORED, 3, {"observation": "partial"})
    assert args.settings == replace(own, ppo=replace(own.ppo, lanes=64))


def test_a_training_from_a_file_keeps_all_settings_in_its_folder(file, driftrec, tmp_path):
    path = file(
        f"""
        world = "{BORED}"
        slate-size = 2
        horizon = 3
        out = "run"
        settings.fit = {{lanes = 8, log_steps = 4, rounds = 1, epochs = 1, batch_size = 16}}
        settings.ppo = {{total_steps = 16, lanes = 8, rollout = 2, batch_size = 16, candidates = 20, epochs = 1}}
        settings.validations = 2
        settings.validation_users = 2
        """
    )
    done = driftrec("train", "--from", path, "--seed", "2")
    assert done.status == 0, done.err
    kept = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert kept["settings"] == json.loads(json.dumps(asdict(parsed("train", "--from", path).settings)))
    assert kept["command"] == f"driftrec train --from {path} --seed 2"
