"""News as it comes over the wire: dated articles, what is on offer at any time of the year, and their generator."""

from driftrec.simulators.wire.calendar import Calendar
from driftrec.simulators.wire.dated import Dated, dated
from driftrec.simulators.wire.wire_generator import generate_articles, generate_readers

__all__ = ["Calendar", "Dated", "dated", "generate_articles", "generate_readers"]
