"""What holds of any values on the command line: flags and files say the same, and what is no value is told."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftrec.agents.setup import json_object
from driftrec.scripts.arguments import parse
from driftrec.scripts.compare import Args
from driftrec.scripts.toml_file import read

WORLD = "driftrec/Sardine-SlateTopK-Bored-v0"
words = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=8).filter(lambda w: w[0] != "-")
values = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), words),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(words, inner, max_size=2)),
)


def toml(value):
    """A value as TOML has it inside a line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


@settings(max_examples=8)
@given(
    users=st.integers(-5, 10**9),
    seed=st.integers(0, 2**40),
    policies=st.lists(words, min_size=1, max_size=3),
    config=st.dictionaries(words, values, max_size=3),
)
def test_flags_and_a_file_say_the_same(tmp_path, users, seed, policies, config):
    flags = ["--world", WORLD, f"--users={users}", "--seed", str(seed), "--config", json.dumps(config), "--policies"]
    lines = {"world": WORLD, "users": users, "seed": seed, "policies": policies, "config": config}
    file = tmp_path / "a.toml"
    file.write_text("".join(f"{name} = {toml(value)}\n" for name, value in lines.items()), encoding="utf-8")
    by_flags, by_file = parse("compare", Args, [*flags, *policies]), parse("compare", Args, ["--from", str(file)])
    assert json.loads(by_flags.config) == json.loads(by_file.config) == config
    assert {**vars(by_flags), "config": ""} == {**vars(by_file), "config": ""}
    assert (by_flags.users, by_flags.seed, by_flags.policies) == (users, seed, tuple(policies))


@settings(max_examples=8)
@given(first=st.integers(0, 99), later=st.integers(0, 99))
def test_the_later_of_two_flags_wins_and_any_over_the_file(tmp_path, first, later):
    (tmp_path / "a.toml").write_text("users = 1000\n")
    flags = ["--users", str(first), "--from", str(tmp_path / "a.toml"), "--users", str(later)]
    assert parse("compare", Args, flags).users == later


@given(told=st.dictionaries(words, values, max_size=3))
def test_any_object_of_json_comes_back_from_its_flag(told):
    assert json_object("config", json.dumps(told)) == told


@given(text=st.one_of(st.text(max_size=9), st.lists(values, max_size=2).map(json.dumps), st.integers().map(str)))
def test_what_is_no_object_is_refused_with_the_flag_and_the_text(text):
    if text.strip().startswith("{"):
        return
    with pytest.raises(ValueError, match=r"--options is (not JSON|)") as caught:
        json_object("options", text)
    assert text in str(caught.value)


@given(told=st.dictionaries(words, values, max_size=3))
def test_settings_come_back_from_a_file(tmp_path, told):
    file = tmp_path / "a.toml"
    file.write_text("".join(f"{json.dumps(name)} = {toml(value)}\n" for name, value in told.items()), encoding="utf-8")
    assert read(file) == told
