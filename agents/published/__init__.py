"""Published worlds: reference policies and figures of their originals, and our agents on features of their items."""
