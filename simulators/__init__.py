"""driftrec.simulators."""
