"""What a loss was computed by, read off its graph: see test_repeatable_gradients.py."""


def operations(output):
    """Names of all backward operations that lead to ``output``."""
    names, waiting, seen = set(), [output.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            names.add(node.name())
            waiting += [above for above, _ in node.next_functions]
    return names


def indexing(names):
    """Those that add rows up in no fixed order."""
    return {name for name in names if "Index" in name or "Scatter" in name}
