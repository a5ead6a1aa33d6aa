"""driftrec.scripts."""
