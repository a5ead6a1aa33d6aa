"""Writes what a shop says of a thing, and what customers say of themselves."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np

from driftrec.simulators.newsroom.articles import any_of, capitalise, style_level
from driftrec.simulators.shop.words import Shelf, rules

_ATTEMPTS = 200
_LINK_RATE = 0.1  # offers that mention a thing of the category that goes with theirs
_GENERAL_RATE = 0.05  # offers worded so generally that the shelf is hard to tell


@dataclass(frozen=True)
class Copywriter:
    """Writes up one thing: picks patterns by style and fills them with the words of its shelf.

    Attributes:
        rng: Source of every choice.
        shelf: Where it stands.
        other: A shelf of the category that goes with it.
        quality: Hidden quality; high values name tests and guarantees, low ones little.
        allure: Hidden pull; high values hurry and exclaim, low ones are sober.
        price: In euros; 0 for an editorial.
    """

    rng: np.random.Generator
    shelf: Shelf
    other: Shelf
    quality: float
    allure: float
    price: float

    def title_and_text(self, taken: Container[str]) -> tuple[str, str]:
        """A title that is not ``taken``, and two to four short sentences.

        Raises:
            ValueError: If all titles are taken.
        """
        for _ in range(_ATTEMPTS):
            words = self._words()
            draft = self._offer_title(words) if self.price else self._editorial_title(words)
            title = capitalise(" ".join(draft.split()).replace(" ,", ",").replace(" :", ":"))
            if title not in taken:
                return title, self._text(words)
        raise ValueError(f"No title is left for shelf {self.shelf.name!r}; ask for fewer items.")

    def _words(self) -> dict[str, str]:
        shelf, rng = self.shelf, self.rng
        return {
            "brand": any_of(rng, rules()["brands"]),
            "model": any_of(rng, rules()["models"]),
            "product": any_of(rng, shelf.products),
            "use": any_of(rng, shelf.uses),
            "trait": any_of(rng, shelf.traits),
            "other": any_of(rng, self.other.products),
            "price": f"{self.price:.2f}",
            "few": str(rng.integers(4, 40)),
        }

    def _offer_title(self, words: dict[str, str]) -> str:
        if self.rng.random() < _GENERAL_RATE:
            return any_of(self.rng, rules()["general_titles"]).format_map(words)
        return self._written("titles_by_allure", self.allure, words)

    def _editorial_title(self, words: dict[str, str]) -> str:
        return self._written("editorials_by_allure", self.allure, words)

    def _text(self, words: dict[str, str]) -> str:
        if not self.price:
            return capitalise(self._written("reading_by_quality", self.quality, words))
        sentences = [
            self._written("offers_by_quality", self.quality, words),
            self._written("offers_by_allure", self.allure, words),
            any_of(self.rng, rules()["prices"]).format_map(words),
        ]
        if self.rng.random() < _LINK_RATE:
            sentences.append(any_of(self.rng, rules()["links"]).format_map(words))
        return " ".join(capitalise(sentence) for sentence in sentences if sentence)

    def _written(self, rule: str, latent: float, words: dict[str, str]) -> str:
        return any_of(self.rng, rules()[rule][style_level(self.rng, latent)]).format_map(words)


def write_customer(rng: np.random.Generator, interests: Sequence[Shelf]) -> str:
    """What a customer says of themselves: the heaviest of two to four ``interests`` first, the others in order."""
    job = any_of(rng, rules()["jobs"])
    article = "an" if job[0] in "aeiou" else "a"
    life = {
        "job": job,
        "a_job": f"{article} {job}",
        "A_job": f"{article.capitalize()} {job}",
        "place": any_of(rng, rules()["places"]),
        "trait": any_of(rng, rules()["traits"]),
        "Name": any_of(rng, rules()["first_names"]),
    }
    parts = [any_of(rng, rules()["persona_openings"]), any_of(rng, rules()["persona_seconds"])]
    first, second = (
        capitalise(part.format(like=any_of(rng, shelf.likes), habit=any_of(rng, shelf.habits), **life))
        for part, shelf in zip(parts, interests, strict=False)
    )
    patterns = rng.permutation(rules()["persona_tails"])
    tails = [str(p).format(like=any_of(rng, shelf.likes)) for p, shelf in zip(patterns, interests[2:], strict=False)]
    return f"{first}. {second}{''.join(tails)}."
