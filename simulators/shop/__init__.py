"""The shop: customers, the mechanisms by which they look and buy, and the packaged goods, written by a generator."""
