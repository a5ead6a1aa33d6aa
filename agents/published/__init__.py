"""What the published figures were measured with, and the figures."""
