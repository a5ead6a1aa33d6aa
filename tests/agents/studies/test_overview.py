"""The table of all published worlds, from the summaries of their comparisons."""

from driftrec.agents.studies.overview import COLUMNS, overview


def summary(scaled):
    def policy(mean):
        return {"engagement": {"mean": mean, "low": mean - 1, "high": mean + 1}, "training_seeds": [1, 2]}

    means = {"random": 10.0, "myopic-oracle": 20.0, "ppo": 30.04, "planner": 50.0}
    policies = {name: policy(mean) for name, mean in means.items()}
    policies["ppo"]["normalised"] = scaled
    return {"unit": "clicks", "policies": policies}


def test_every_world_is_a_row_with_its_figures():
    text = overview({"Sardine-SlateTopK-Bored": summary({"mean": 0.501}), "Other": summary(None)})
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    titles, bored, other = rows[0], rows[2], rows[3]
    assert len({len(row) for row in rows}) == 1
    told = dict(zip(titles, bored, strict=True))
    assert told["published or measured before"] == "137.7 (SAC + TopK)"
    assert told["PPO"] == "**30.0** [29.0, 31.0]"
    assert (told["random"], told["myopic oracle *"], told["planner *"]) == ("10.0", "20.0", "50.0")
    assert (told["normalised"], told["seeds of PPO"], told["unit"]) == ("0.50", "2", "clicks")
    assert told[COLUMNS["slateq"]] == ""  # not part of this comparison
    assert (other[0], other[titles.index("published or measured before")], other[titles.index("normalised")]) == (
        "Other",
        "",
        "",
    )
