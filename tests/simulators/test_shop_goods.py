"""The packaged goods and customers: sizes, distinct titles, and texts that carry what is hidden, imperfectly."""

import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import cross_val_predict

from driftrec.simulators.shop.stock import MAX_GOODS, generate_customers, generate_goods, shelf_centres
from driftrec.simulators.shop.words import shelves

GOODS, PEOPLE = generate_goods(), generate_customers()
OFFER = GOODS.price > 0


def test_there_are_twelve_categories_of_84_things_part_of_them_editorials():
    assert np.bincount(GOODS.topic).tolist() == [84] * 12
    assert np.bincount(GOODS.topic[~OFFER]).tolist() == [20] * 12
    assert PEOPLE.num_personas == 320
    assert len(set(GOODS.titles)) == GOODS.num_items
    assert not [text for text in (*GOODS.titles, *GOODS.texts, *PEOPLE.texts) if re.search(r"[{}]|  | [,.:]", text)]


def test_the_same_seed_gives_the_same_goods():
    assert generate_goods(100, 5).fingerprint() == generate_goods(100, 5).fingerprint()
    assert generate_goods(100, 5).fingerprint() != generate_goods(100, 6).fingerprint()
    assert generate_customers(20, 5).fingerprint() != generate_customers(20, 6).fingerprint()


def test_hidden_numbers_are_spread_as_told():
    assert np.corrcoef(GOODS.quality, GOODS.allure)[0, 1] == pytest.approx(-0.5, abs=0.06)
    price = np.log(GOODS.price[OFFER])
    assert np.corrcoef(GOODS.quality[OFFER], price)[0, 1] == pytest.approx(0.3, abs=0.08)
    assert np.exp(np.median(price)) == pytest.approx(20, rel=0.1)
    np.testing.assert_array_equal(GOODS.minutes, np.where(OFFER, GOODS.price, 1))


def test_the_text_tells_shelf_quality_and_allure_but_not_perfectly():
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(GOODS.documents())
    shelf = cross_val_predict(LogisticRegression(C=30, max_iter=300), words, GOODS.topic, cv=4)
    assert 0.7 < (shelf == GOODS.topic).mean() < 1
    for hidden in (GOODS.quality, GOODS.allure):
        guess = cross_val_predict(RidgeCV(np.logspace(-1, 2, 8)), words[OFFER], hidden[OFFER], cv=4)
        assert 0.5 < np.corrcoef(guess, hidden[OFFER])[0, 1] < 0.95


def test_most_prices_are_in_the_text_and_some_are_not():
    said = [f"{price:.2f}" in text for price, text in zip(GOODS.price, GOODS.texts, strict=True) if price > 0]
    assert 0.7 < np.mean(said) < 0.95


def test_customers_say_what_they_like_most_first():
    nearest = (PEOPLE.interest @ shelf_centres().T).argmax(axis=1)
    first = [text.split(". ")[0] for text in PEOPLE.texts]
    told = [
        any(phrase in text for phrase in (*shelves()[s].likes, *shelves()[s].habits))
        for s, text in zip(nearest, first, strict=True)
    ]
    assert np.mean(told) > 0.75


@pytest.mark.parametrize(("number", "complaint"), [(47, "num_items is 47; give 48"), (MAX_GOODS + 1, "to 6000")])
def test_numbers_out_of_range_are_refused(number, complaint):
    with pytest.raises(ValueError, match=complaint):
        generate_goods(number)
    with pytest.raises(ValueError, match="num_personas is 0; give a number between 1 and 5000"):
        generate_customers(0)


def test_as_many_goods_as_there_may_be_have_titles_of_their_own():
    assert generate_goods(MAX_GOODS).num_items == MAX_GOODS
