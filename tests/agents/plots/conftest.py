"""The tables of a made-up comparison, as the tests of evaluation have them."""

from tests.agents.evaluation.conftest import episodes, journeys, results, shown, steps, summary  # noqa: F401
