"""Networks over the pages of a user's log, in the order of time: recurrent, or a causal transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.pages import MOST


class Recurrent(nn.Module):
    """A gated recurrent unit (Cho et al., 2014, EMNLP) that starts at 0 before a user's first page.

    Args:
        token_dims: Length of a token.
        dims: Length of the hidden vector.
    """

    def __init__(self, token_dims: int, dims: int = 32) -> None:
        super().__init__()
        self.dims = dims
        self.gru = nn.GRU(token_dims, dims, batch_first=True)

    def forward(self, tokens: Tensor, there: Tensor, before: Tensor | None = None) -> Tensor:
        """Hidden vectors after every page, (users, pages, dims).

        Args:
            tokens: (users, pages, token_dims), oldest first.
            there: Bool, (users, pages); pages that are not there come first, and leave 0.
            before: Hidden vectors before the first page, (users, dims); 0 when omitted.
        """
        pages = torch.arange(tokens.shape[1], device=tokens.device)
        missing = tokens.shape[1] - _length(there)[:, None]
        first = (pages + missing).clamp(max=tokens.shape[1] - 1)  # those that are there go to the front
        start = None if before is None else before[None].contiguous()
        hidden, _ = self.gru(_picked(tokens, first), start)
        return _picked(hidden, (pages - missing).clamp(min=0)) * (pages >= missing)[..., None]


class Transformer(nn.Module):
    """A small causal transformer (Vaswani et al., 2017, NeurIPS), normalised first; places are counted from now back.

    All of the window is read anew at every request: that costs the same for users of any history.

    Args:
        token_dims: Length of a token.
        dims: Length of the vectors within.
        heads: Attention heads.
        layers: Layers.
    """

    def __init__(self, token_dims: int, dims: int = 32, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.dims, self.heads = dims, heads
        self.enter = nn.Linear(token_dims, dims)
        self.place = nn.Parameter(0.1 * torch.randn(MOST, dims))
        # Not GELU: of that PyTorch has a fused version for serving alone, whose masks are others.
        layer = nn.TransformerEncoderLayer(
            dims, heads, 2 * dims, dropout=0.0, activation=nn.functional.silu, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, nn.LayerNorm(dims), enable_nested_tensor=False)

    def forward(self, tokens: Tensor, there: Tensor) -> Tensor:
        """Vectors after every page, of it and those before, (users, pages, dims); 0 where a page is not there."""
        pages = tokens.shape[1]
        x = self.enter(tokens) + self.place[:pages].flip(0)
        later = there.new_ones(pages, pages).triu(diagonal=1)
        hidden = (later | ~there[:, None, :]) & ~torch.eye(
            pages, dtype=torch.bool, device=there.device
        )  # each sees itself at least
        read: Tensor = self.layers(x, hidden.repeat_interleave(self.heads, dim=0))
        return read * there[..., None]


def _length(there: Tensor) -> Tensor:
    """Pages from the first that is there to the last, (users,)."""
    return there.cummax(dim=1).values.sum(dim=1)


def _picked(rows: Tensor, index: Tensor) -> Tensor:
    """Pages (users, pages, dims) in the order of ``index`` (users, pages)."""
    return rows.gather(1, index[..., None].expand(-1, -1, rows.shape[2]))
