"""Records of arrays that nobody changes, so that copies of an environment share them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np


class Constant:
    """A frozen dataclass whose arrays cannot be written to, in copies and after unpickling neither.

    The arrays are read-only views: whoever made them keeps theirs.
    """

    def freeze(self) -> None:
        """Make all arrays read-only; at the end of ``__post_init__``."""
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                view = value.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.freeze()
