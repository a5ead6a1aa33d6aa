"""What is drawn of every comparison, in this order; tests of the others add theirs."""

ALWAYS = [
    "engagement_per_policy",
]
