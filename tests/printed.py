"""Examples that a page prints, and what they print."""

import re

CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def said(block):
    """What an example says that it prints: behind each print, or in lines of their own."""
    return re.findall(r"(?:^ *print\(.*  |^)# (.*)$", block, re.MULTILINE)
