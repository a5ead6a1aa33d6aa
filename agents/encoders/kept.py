"""What is made of a network's weights and wanted again and again while they stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


class Kept:
    """A tensor that is made anew once one of those it is made of has changed.

    A change is another tensor, memory, type or device, or a write in place, as an optimizer's or
    ``load_state_dict``'s; but PyTorch does not count those through ``.data``. Where gradients are wanted, and of
    tensors made in inference mode, nothing is kept. Copies and pickles of a network hold nothing of it.
    """

    def __init__(self) -> None:
        self._seen: tuple[object, ...] = ()
        self._value: Tensor | None = None

    def __call__(self, sources: tuple[Tensor, ...], make: Callable[[], Tensor]) -> Tensor:
        """What ``make`` returns, or returned when ``sources`` were the same."""
        if torch.is_grad_enabled() or any(each.is_inference() for each in sources):
            return make()
        seen = tensor_versions(sources)
        if self._value is None or seen != self._seen:
            self._seen, self._value = seen, make()
        return self._value

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        return Kept, ()


def tensor_versions(tensors: Iterable[Tensor]) -> tuple[object, ...]:
    """What is another once one of ``tensors``, none made in inference mode, has changed, see ``Kept``."""
    return tuple((id(each), each.data_ptr(), each.dtype, each.device, each._version) for each in tensors)


def product(kept: Kept, linear: nn.Linear, rows: Tensor) -> Tensor:
    """``linear`` of ``rows``, kept."""
    return kept((rows, linear.weight, linear.bias), lambda: linear(rows))
