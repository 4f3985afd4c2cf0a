"""A checkpoint's model in PyTorch, in double, from its config and its arrays (docs/checkpoints.md) alone.

Nothing of ate's arithmetic is used. Every body that a config can express, and every kind of attention but `certified`,
`threshold` and `indexer`.
"""

import torch
from torch import nn
from torch.nn import functional

NORM_EPSILON = 1e-5


class CannotRebuild(Exception):
    pass


def tree(arrays):
    """A module whose parameters have these dotted names."""
    root = nn.Module()
    for name, array in arrays.items():
        *path, last = name.split(".")
        place = root
        for part in path:
            if part not in place._modules:
                place.add_module(part, nn.Module())
            place = place.get_submodule(part)
        place.register_parameter(last, nn.Parameter(torch.tensor(array, dtype=torch.float64)))
    return root


class Embedding(nn.Module):
    """A table per block, projected where it has another width than the model. rows: [V, 2], a token's block and row."""

    def __init__(self, names, rows, arrays):
        super().__init__()
        if (rows[:, 0] < 0).any():
            raise CannotRebuild("tokens outside all bands have fixed random rows, which no file holds")
        matrix = None
        for block, name in enumerate(names):
            table = torch.tensor(arrays[name + ".weight"], dtype=torch.float64)
            if name + ".projection.weight" in arrays:
                table = table @ torch.tensor(arrays[name + ".projection.weight"], dtype=torch.float64).T
                if name + ".projection.bias" in arrays:
                    table = table + torch.tensor(arrays[name + ".projection.bias"], dtype=torch.float64)
            if matrix is None:
                matrix = torch.full((len(rows), table.shape[1]), float("nan"), dtype=torch.float64)
            own = torch.tensor(rows[:, 0] == block)
            matrix[own] = table[torch.tensor(rows[:, 1])[own]]
        self.matrix = matrix

    def forward(self, tokens):
        return self.matrix[tokens]


def turned(x, base):
    """Rotary positions: each pair of dimensions (i, i + hd / 2) turned by position * base^(-2 i / hd)."""
    length, half = x.shape[-2], x.shape[-1] // 2
    rates = base ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.outer(torch.arange(length, dtype=torch.float64), rates)
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()), -1)


def best(scores, k):
    """True at the k best positions of each query, and not where a score is -inf."""
    value, place = scores.topk(min(k, scores.shape[-1]))
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, place, value > -torch.inf)


class Model(nn.Module):
    """tokens [N, T] -> logits [N, T, V]; the bag: [N, 1, V]."""

    def __init__(self, config, arrays, embedding):
        super().__init__()
        self.body, self.attention = config["body"], config["attention"]
        if self.attention["kind"] not in ("dense", "window", "block_topk", "oracle_topk", "lowrank_topk", "mlp_topk"):
            raise CannotRebuild(f"attention {self.attention['kind']}")
        self.embedding = embedding
        self.parameters_by_name = tree(arrays)
        self.tied = "head.weight" not in arrays

    def own(self, name):
        """A parameter, or None where the model has it not."""
        path, _, last = name.rpartition(".")
        try:
            return getattr(self.parameters_by_name.get_submodule(path), last, None)
        except AttributeError:
            return None

    def linear(self, name, x):
        return functional.linear(x, self.own(name + ".weight"), self.own(name + ".bias"))

    def norm(self, name, x):
        weight = self.own(name + ".weight")
        if self.body["normalisation"] == "rms":
            return functional.rms_norm(x, weight.shape, weight, NORM_EPSILON)
        return functional.layer_norm(x, weight.shape, weight, self.own(name + ".bias"), NORM_EPSILON)

    def may_read(self, length):
        allowed = torch.ones(length, length, dtype=torch.bool)
        return allowed.tril() if self.body["causal"] else allowed

    def heads(self, prefix, queries, keys, values, sparse):
        """Exact attention, the first `sparse` heads over the positions that they choose. [N, H, T, hd] each."""
        scores = (queries @ keys.transpose(2, 3) / queries.shape[-1] ** 0.5).masked_fill(
            ~self.may_read(queries.shape[2]), -torch.inf)
        read = scores > -torch.inf
        if sparse:
            chosen = self.chosen(prefix, queries[:, :sparse], keys[:, :sparse], scores[:, :sparse])
            if self.approximates():
                mixed = self.approximated(prefix, values[:, :sparse], chosen)
                rest = scores[:, sparse:].softmax(-1) @ values[:, sparse:]
                return torch.cat((mixed, rest), 1)
            read = torch.cat((chosen > -torch.inf, read[:, sparse:]), 1)
        return scores.masked_fill(~read, -torch.inf).softmax(-1) @ values

    def approximates(self):
        return self.attention["kind"] == "mlp_topk" and self.attention["approximator"]

    def chosen(self, prefix, queries, keys, scores):
        """[N, S, T, T]: -inf at the positions that are not read, elsewhere the selector's scores."""
        kind, k, length = self.attention["kind"], self.attention["k"], scores.shape[-1]
        allowed = self.may_read(length)
        if kind == "window":
            query, key = torch.arange(length)[:, None], torch.arange(length)
            first = query - (k - 1) if self.body["causal"] else (query - k // 2).clamp(0, max(0, length - k))
            own = torch.zeros_like(scores)
            return own.masked_fill(~((key >= first) & (key < first + k)) | ~allowed, -torch.inf)
        if kind == "block_topk":
            size = self.attention["block"]
            blocks = -(-length // size)
            means = torch.stack([part.mean(2) for part in keys.split(size, 2)], 2)
            of_key = torch.arange(length) // size
            own = queries @ means.transpose(2, 3)
            if self.body["causal"]:
                own = own.masked_fill(torch.arange(blocks) > of_key[:, None], -torch.inf)
            own = own.masked_fill(torch.arange(blocks) == of_key[:, None], torch.inf)
            kept = best(own, blocks if k >= length else max(1, k // size))[..., of_key]
            return torch.zeros_like(scores).masked_fill(~kept | ~allowed, -torch.inf)
        if kind == "lowrank_topk":
            low = [x @ self.own(f"{prefix}lowrank_{name}").transpose(1, 2) for x, name in ((queries, "query"), (keys, "key"))]
            scores = (low[0] @ low[1].transpose(2, 3)).masked_fill(~allowed, -torch.inf)
        if kind == "mlp_topk":
            hidden = self.of_each_head(prefix + "selector.0", queries).relu()
            scores = self.of_each_head(prefix + "selector.2", hidden)[..., :length]
            if self.attention["selects_causally"]:
                scores = scores.masked_fill(~allowed, -torch.inf)
        return scores.masked_fill(~best(scores, k), -torch.inf)

    def of_each_head(self, name, x):
        """A linear map of its own for each head: x [N, S, T, in] -> [N, S, T, out]."""
        return x @ self.own(name + ".weight").transpose(1, 2) + self.own(name + ".bias")[:, None]

    def approximated(self, prefix, values, chosen):
        """mlp_topk's second MLP, on the values of the k best positions, the best first; 0 where there is none."""
        k, (windows, heads, length, size) = self.attention["k"], values.shape
        value, place = chosen.topk(min(k, length))
        read = values.gather(2, place.flatten(2)[..., None].expand(-1, -1, -1, size)).view(windows, heads, length, -1, size)
        read = functional.pad(read * (value > -torch.inf)[..., None], (0, 0, 0, k - read.shape[3]))
        hidden = self.of_each_head(prefix + "approximator.0", read.flatten(3)).relu()
        return self.of_each_head(prefix + "approximator.2", hidden)

    def attend(self, layer, x):
        body, prefix = self.body, f"layers.{layer}.self_attn."
        counts = [body["heads"]] + 2 * [body["kv_heads"] or body["heads"]]
        size = body["width"] // body["heads"]
        parts = functional.linear(x, self.own(prefix + "in_proj_weight"), self.own(prefix + "in_proj_bias")).split(
            [count * size for count in counts], -1)
        queries, keys, values = (part.unflatten(-1, (count, size)).transpose(1, 2) for part, count in zip(parts, counts))
        if body["qk_norm"]:
            queries, keys = (functional.rms_norm(part, (size,), self.own(f"{prefix}{name}_norm.weight"), NORM_EPSILON)
                             for part, name in ((queries, "q"), (keys, "k")))
        if body["positions"] == "rotary":
            queries, keys = turned(queries, body["rotary_base"]), turned(keys, body["rotary_base"])
        keys, values = (part.repeat_interleave(counts[0] // counts[1], 1) for part in (keys, values))
        sparse = 0
        if self.attention["kind"] != "dense" and layer < (self.attention["layers"] or body["layers"]):
            sparse = self.attention["heads"] or body["heads"]
        mixed = self.heads(prefix, queries, keys, values, sparse)
        return self.linear(prefix + "out_proj", mixed.transpose(1, 2).flatten(2))

    def feed(self, layer, x):
        prefix = f"layers.{layer}."
        hidden = self.linear(prefix + "linear1", x)
        if self.body["activation"] == "swiglu":
            hidden = functional.silu(self.linear(prefix + "gate", x)) * hidden
        else:
            hidden = getattr(functional, self.body["activation"])(hidden)
        return self.linear(prefix + "linear2", hidden)

    def forward(self, tokens):
        x = self.embedding(tokens)
        if self.body["kind"] == "bag":
            return self.linear("head", x.mean(1, keepdim=True))
        if self.body["positions"] == "learned":
            x = x + self.own("positions.weight")[:tokens.shape[1]]
        for layer in range(self.body["layers"]):
            sublayers = [self.attend, self.feed] if self.own(f"layers.{layer}.linear1.weight") is not None else [self.attend]
            for place, sublayer in enumerate(sublayers):
                norm = f"layers.{layer}.norm{place + 1}"
                if self.body["norm"] == "pre":
                    x = x + sublayer(layer, self.norm(norm, x))
                else:
                    x = self.norm(norm, x + sublayer(layer, x))
        if self.body["final_norm"]:
            x = self.norm("norm", x)
        head = self.own("embedding.weight") if self.tied else self.own("head.weight")
        return functional.linear(x, head, self.own("head.bias"))
