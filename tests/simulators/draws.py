"""Random words of one user as the pages name them: what every second telling of a world shares with the first."""

import numpy as np

from driftrec.simulators import noise


def f(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-x)))


class Draws:
    """Rows of random words of one user."""

    def __init__(self, words: np.ndarray) -> None:
        self.words = words  # (rows, 1)

    def high(self, row: int) -> float:
        return float(noise.uniform(self.words[row])[0])

    def low(self, row: int) -> float:
        return float(noise.uniform_low(self.words[row])[0])

    def normal(self, row: int) -> float:
        return float(noise.normal(self.words[row])[0])

    def exponential(self, row: int) -> float:
        return float(noise.exponential(self.words[row])[0])
