"""How to get what is not installed with everything else."""


def install(extra: str) -> str:
    """The command that adds an extra, such as "peers", for messages."""
    return f"pip install -e '.[{extra}]' in driftrec's folder"
