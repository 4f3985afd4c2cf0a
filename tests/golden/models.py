"""The models of the golden files, from PyTorch's own modules.

The embedding looks up one band at a time; the encoder is torch.nn.TransformerEncoder.
"""

import torch
from torch import nn
from torch.nn import functional

V, D, T = 11, 8, 5  # tokens in the vocabulary, width, tokens of a window
TIED = "tied"  # in place of bands: the head's weight is the embedding's


def random_values(shape, mean=0.0, deviation=0.5):
    return (mean + deviation * torch.randn(shape)).float().double()


class BandTable(nn.Embedding):
    """A band's table and, where its rows are not D wide, their projection."""

    def __init__(self, rows, factor, bias):
        width = int(factor * D)
        super().__init__(rows, width)
        self.projection = nn.Linear(width, D, bias=bias) if width != D else nn.Identity()

    def forward(self, rows):
        return self.projection(super().forward(rows))


class BespokeEmbedding(nn.Module):
    """A table per band; tokens outside all bands have fixed rows."""

    def __init__(self, config, bands):
        super().__init__()
        self.bands = bands
        self.by_token = config["tables"] == "vocabulary"  # a token's row is its id, else its place in the band
        for band in ("high", "mid", "low"):
            rows = V if self.by_token else len(bands[band])
            setattr(self, band, BandTable(rows, config[band], config["projection_bias"]))
        self.noise = random_values((len(bands["none"]), D))

    def forward(self, tokens):
        out = torch.full((*tokens.shape, D), torch.nan)
        for band, members in self.bands.items():
            place = torch.full((V,), -1)
            place[members] = torch.arange(len(members))
            here = place[tokens] >= 0
            if band == "none":
                out[here] = self.noise[place[tokens[here]]]
            else:
                out[here] = getattr(self, band)(tokens[here] if self.by_token else place[tokens[here]])
        return out


class Bag(nn.Module):
    """Mean of the window's embeddings and a linear head; the target is the token after the window."""

    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding
        self.head = nn.Linear(D, V)

    def losses(self, windows):
        logits = self.head(self.embedding(windows[:, :T]).mean(dim=1))
        return functional.cross_entropy(logits, windows[:, T], reduction="none")[:, None]


class Encoder(nn.Module):
    """Transformer encoder and a linear head; the targets are the inputs shifted by one."""

    def __init__(self, embedding, body):
        super().__init__()
        self.embedding = embedding
        self.positions = nn.Embedding(T, D) if body["positions"] == "learned" else None
        bias = body.get("bias", True)
        layer = nn.TransformerEncoderLayer(D, body["heads"], body["feedforward"] * D, body["dropout"],
                                           activation=body.get("activation", "relu"), batch_first=True,
                                           norm_first=body.get("norm", "post") == "pre", bias=bias)
        norm = nn.LayerNorm(D, bias=bias) if body["final_norm"] else None
        self.encoder = nn.TransformerEncoder(layer, body["layers"], norm, enable_nested_tensor=False)
        self.head = nn.Linear(D, V, bias=bias)
        self.mask = nn.Transformer.generate_square_subsequent_mask(T) if body["causal"] else None

    def losses(self, windows):
        x = self.embedding(windows[:, :T])
        if self.positions is not None:
            x = x + self.positions(torch.arange(T))
        logits = self.head(self.encoder(x, mask=self.mask))
        return functional.cross_entropy(logits.transpose(1, 2), windows[:, 1:], reduction="none")


class GroupedAttention(nn.Module):
    """Causal attention with rotary positions, normed queries and keys, and fewer heads of keys and values."""

    def __init__(self, body):
        super().__init__()
        self.heads, self.kv_heads, self.base = body["heads"], body["kv_heads"], body["rotary_base"]
        self.size = body["width"] // self.heads
        rows = (self.heads + 2 * self.kv_heads) * self.size
        self.in_proj_weight = nn.Parameter(torch.empty(rows, body["width"]))
        self.out_proj = nn.Linear(body["width"], body["width"], bias=False)
        self.q_norm = nn.RMSNorm(self.size, eps=1e-5)
        self.k_norm = nn.RMSNorm(self.size, eps=1e-5)

    def turned(self, x):
        """Each pair of dimensions (i, i + size / 2) as a complex number, turned by position * base^(-2 i / size)."""
        half = self.size // 2
        angles = torch.outer(torch.arange(T), self.base ** (-torch.arange(half) / half))
        turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones(()), angles)
        return torch.cat((turned.real, turned.imag), dim=-1)

    def forward(self, x):
        def heads(rows, count):
            return functional.linear(x, rows).unflatten(-1, (count, self.size)).transpose(1, 2)

        counts = (self.heads, self.kv_heads, self.kv_heads)
        parts = self.in_proj_weight.split([count * self.size for count in counts])
        q, k, v = (heads(rows, count) for rows, count in zip(parts, counts))
        mixed = functional.scaled_dot_product_attention(self.turned(self.q_norm(q)), self.turned(self.k_norm(k)), v,
                                                        is_causal=True, enable_gqa=True)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


class LlamaLayer(nn.Module):
    def __init__(self, body):
        super().__init__()
        d, f = body["width"], body["feedforward_width"]
        self.self_attn = GroupedAttention(body)
        self.linear1 = nn.Linear(d, f, bias=False)
        self.gate = nn.Linear(d, f, bias=False)
        self.linear2 = nn.Linear(f, d, bias=False)
        self.norm1 = nn.RMSNorm(d, eps=1e-5)
        self.norm2 = nn.RMSNorm(d, eps=1e-5)

    def forward(self, x):
        x = x + self.self_attn(self.norm1(x))
        y = self.norm2(x)
        return x + self.linear2(functional.silu(self.gate(y)) * self.linear1(y))


class Llama(nn.Module):
    """A decoder as Touvron et al. (2023) describe it, with a linear head."""

    def __init__(self, embedding, body):
        super().__init__()
        self.embedding = embedding
        self.layers = nn.ModuleList(LlamaLayer(body) for _ in range(body["layers"]))
        self.norm = nn.RMSNorm(body["width"], eps=1e-5)
        self.head = nn.Linear(body["width"], V, bias=False)

    def losses(self, windows):
        x = self.embedding(windows[:, :T])
        for layer in self.layers:
            x = layer(x)
        logits = self.head(self.norm(x))
        return functional.cross_entropy(logits.transpose(1, 2), windows[:, 1:], reduction="none")


class AttentionLayer(nn.Module):
    """Pre-norm attention without a feed-forward block."""

    def __init__(self, body):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(D, body["heads"], batch_first=True)
        self.norm1 = nn.LayerNorm(D)

    def forward(self, x, mask):
        y = self.norm1(x)
        return x + self.self_attn(y, y, y, attn_mask=mask, need_weights=False)[0]


class AttentionStack(nn.Module):
    """Layers of attention alone and a linear head, as recall tasks have them."""

    def __init__(self, embedding, body):
        super().__init__()
        self.embedding = embedding
        self.positions = nn.Embedding(T, D)
        self.layers = nn.ModuleList(AttentionLayer(body) for _ in range(body["layers"]))
        self.norm = nn.LayerNorm(D)
        self.head = nn.Linear(D, V)
        self.mask = nn.Transformer.generate_square_subsequent_mask(T)

    def losses(self, windows):
        x = self.embedding(windows[:, :T]) + self.positions(torch.arange(T))
        for layer in self.layers:
            x = layer(x, self.mask)
        return functional.cross_entropy(self.head(self.norm(x)).transpose(1, 2), windows[:, 1:], reduction="none")


def make_model(config, bands):
    body = config["body"]
    plain = bands is None or bands is TIED
    embedding = nn.Embedding(V, body["width"]) if plain else BespokeEmbedding(config["embedding"], bands)
    if body["kind"] == "bag":
        model = Bag(embedding)
    elif body["feedforward"] == 0:
        model = AttentionStack(embedding, body)
    else:
        model = (Llama if body["positions"] == "rotary" else Encoder)(embedding, body)
    if bands is TIED:
        model.head.weight = embedding.weight
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            law = (1.0, 0.1) if "norm" in name and name.endswith("weight") else (0.0, 0.5)
            parameter.copy_(random_values(parameter.shape, *law))
    return model


def named_parameters(model):
    """The parameters under the names of the C++: the encoder's layers and norm stand at the top."""
    return {name.removeprefix("encoder."): p for name, p in model.named_parameters()}
