"""How fast and how large: one benchmark a file, put together by ``suite``. Imports nothing by itself."""
