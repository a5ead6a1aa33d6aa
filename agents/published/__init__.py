"""What belongs to the published worlds: their policies, their figures, and the comparison with the originals."""
