"""Writes the golden files of the models: what PyTorch's own modules compute for a few tiny configs.

Run as `python make_golden.py`; it rewrites <case>.json beside itself. README.md describes the files.

Nothing here follows the C++: the embedding looks up one band at a time, the encoder is torch.nn.TransformerEncoder,
training uses torch.optim. All arithmetic is in double; starting values are rounded to float, so that a test in float
starts from the same point.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

V, D, T, B = 11, 8, 5, 3
STEPS, STEPS_PER_EPOCH, EPOCHS = 4, 2, 3
LONG = 10  # steps of the cases about optimisers and schedules, all of their run

# The order inside a band is the order of its rows, and is not that of the token ids.
BANDS = {"high": [7, 2, 5], "mid": [10, 0, 8, 3], "low": [9, 1, 6, 4], "none": []}
BANDS_AND_NOISE = {"high": [7, 2, 5], "mid": [10, 8, 3], "low": [9, 1, 6], "none": [4, 0]}

BAG = {
    "body": {"kind": "bag", "width": D},
    "optimiser": {"kind": "adam", "learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
                  "weight_decay": 0.0, "clip_norm": 0.0},
    "schedule": {"epochs": EPOCHS, "decay": "constant"},
}
# The gradient of the keys' bias is zero but for rounding, which Adam would blow up to full steps: hence this epsilon.
ENCODER = {
    "body": {"kind": "encoder", "width": D, "layers": 2, "heads": 2, "feedforward": 4, "positions": "learned",
             "final_norm": True, "causal": True, "dropout": 0.0},
    "optimiser": {"kind": "adamw", "learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-4,
                  "weight_decay": 0.01, "clip_norm": 0.5},
    "schedule": {"epochs": EPOCHS, "decay": "cosine"},
}
# GPT-2's kind of layer.
PRENORM = ENCODER | {"body": ENCODER["body"] | {"norm": "pre", "activation": "gelu"}}
SMALL_ENCODER = ENCODER | {
    "body": ENCODER["body"] | {"layers": 1, "feedforward": 2, "positions": "none", "final_norm": False,
                               "causal": False},
}

# Llama's kind of model, and GPT-2's without biases: both with a tied head.
LLAMA = ENCODER | {
    "body": ENCODER["body"] | {"width": 16, "heads": 4, "kv_heads": 2, "feedforward_width": 12, "norm": "pre",
                               "normalisation": "rms", "activation": "swiglu", "positions": "rotary",
                               "rotary_base": 50.0, "qk_norm": True, "bias": False, "init": "gpt2"},
}
GPT2 = PRENORM | {"body": PRENORM["body"] | {"bias": False, "init": "gpt2"}}
TIED = "tied"  # in place of bands: the head's weight is the embedding's
# Decay of matrices alone, as nanoGPT has it, and its warm-up and cosine by steps.
GROUPS = PRENORM | {
    "optimiser": ENCODER["optimiser"] | {"weight_decay": 0.2, "decayed": "matrices"},
    "schedule": {"epochs": LONG // STEPS_PER_EPOCH, "decay": "cosine", "unit": "step", "warmup_steps": 3,
                 "minimum_share": 0.1},
}
SGD = ENCODER | {
    "optimiser": {"kind": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.02,
                  "decayed": "matrices", "clip_norm": 0.5},
    "schedule": {"epochs": LONG // STEPS_PER_EPOCH, "decay": "linear", "unit": "step", "warmup_steps": 2,
                 "minimum_share": 0.25},
}
MUON = PRENORM | {
    "optimiser": {"kind": "muon", "learning_rate": 0.02, "adamw_learning_rate": 0.005, "beta1": 0.9, "beta2": 0.95,
                  "epsilon": 1e-4, "muon_momentum": 0.95, "muon_nesterov": True, "muon_as_adamw": False,
                  "weight_decay": 0.1, "clip_norm": 0.0},
    "schedule": {"epochs": LONG // STEPS_PER_EPOCH, "decay": "wsd", "unit": "step", "warmup_steps": 2,
                 "minimum_share": 0.0, "decay_share": 0.4},
}
MOONLIGHT = ENCODER | {
    "optimiser": MUON["optimiser"] | {"muon_nesterov": False, "muon_as_adamw": True, "decayed": "matrices",
                                      "clip_norm": 0.5},
    "schedule": MUON["schedule"],
}

# Rates of every step: name -> (schedule, epochs, steps per epoch).
SCHEDULES = {
    "cosine by epoch": ({"decay": "cosine"}, 5, 3),
    "cosine by epoch with warm-up and minimum": ({"decay": "cosine", "warmup_steps": 4, "minimum_share": 0.1}, 5, 3),
    "cosine by step": ({"decay": "cosine", "unit": "step"}, 5, 3),
    "cosine by step with warm-up and minimum":
        ({"decay": "cosine", "unit": "step", "warmup_steps": 4, "minimum_share": 0.1}, 5, 3),
    "linear by step": ({"decay": "linear", "unit": "step", "warmup_steps": 5, "minimum_share": 0.2}, 4, 5),
    "linear by epoch": ({"decay": "linear"}, 4, 5),
    "wsd by step":
        ({"decay": "wsd", "unit": "step", "warmup_steps": 3, "minimum_share": 0.05, "decay_share": 0.25}, 5, 4),
    "constant with warm-up": ({"decay": "constant", "warmup_steps": 7}, 3, 4),
}


def factors(high, mid, low, bias, tables="band"):
    return {"embedding": {"high": high, "mid": mid, "low": low, "projection_bias": bias, "tables": tables}}


# name: (config, bands; None is the standard arm, TIED the tied one)
CASES = {
    "bag_standard": (BAG, None),
    "bag_bespoke_bias": (BAG | factors(2.0, 1.0, 0.25, True), BANDS),
    "bag_bespoke_dead_rows": (BAG | factors(2.0, 1.0, 0.25, True, "vocabulary"), BANDS),
    "encoder_standard_causal": (ENCODER, None),
    "encoder_standard_unmasked": (SMALL_ENCODER, None),
    "encoder_bespoke_causal": (ENCODER | factors(1.4, 1.0, 0.6, False), BANDS),
    "encoder_bespoke_noise": (SMALL_ENCODER | factors(1.5, 1.0, 0.5, False), BANDS_AND_NOISE),
    "encoder_prenorm_gelu": (PRENORM, None),
    "encoder_postnorm_gelu": (SMALL_ENCODER | {"body": SMALL_ENCODER["body"] | {"activation": "gelu"}}, None),
    "encoder_bespoke_prenorm": (PRENORM | factors(1.4, 1.0, 0.6, False), BANDS),
    "encoder_tied_llama": (LLAMA, TIED),
    "encoder_tied_gpt2": (GPT2, TIED),
    "encoder_adamw_groups": (GROUPS | factors(1.4, 1.0, 0.6, True), BANDS),
    "encoder_sgd": (SGD, None),
    "encoder_muon": (MUON | factors(1.4, 1.0, 0.6, True), BANDS),
    "encoder_moonlight": (MOONLIGHT, None),
}


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


def random_values(shape, mean=0.0, deviation=0.5):
    return (mean + deviation * torch.randn(shape)).float().double()


def make_model(config, bands):
    body = config["body"]
    plain = bands is None or bands is TIED
    embedding = nn.Embedding(V, body["width"]) if plain else BespokeEmbedding(config["embedding"], bands)
    if body["kind"] == "bag":
        model = Bag(embedding)
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


def flat(tensor):
    return tensor.detach().flatten().tolist()


def orthogonalised(matrix):
    """Keller Jordan's quintic Newton-Schulz iteration; torch.optim.Muon runs it in bfloat16."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """torch.optim.Muon in the parameters' own precision, with queries, keys and values taken one by one."""

    def __init__(self, parameters, lr, weight_decay, momentum, nesterov, as_adamw):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})
        self.momentum, self.nesterov, self.as_adamw = momentum, nesterov, as_adamw

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                mean = self.state[p].setdefault("momentum", torch.zeros_like(p))
                mean.lerp_(p.grad, 1 - self.momentum)
                direction = p.grad.lerp(mean, self.momentum) if self.nesterov else mean
                p.mul_(1 - group["lr"] * group["weight_decay"])
                parts = 3 if p.shape[0] == 3 * p.shape[1] == 3 * D else 1  # the attention's in-projection
                for own, u in zip(p.chunk(parts), direction.chunk(parts)):
                    rows, columns = own.shape
                    scale = 0.2 * max(rows, columns) ** 0.5 if self.as_adamw else max(1, rows / columns) ** 0.5
                    own.sub_(group["lr"] * scale * orthogonalised(u))


def check_muon():
    """The class above against PyTorch's, on a matrix that is not split, as far as bfloat16 goes."""
    for shape in ((12, 8), (8, 32)):
        own, theirs = (nn.Parameter(torch.linspace(-1, 1, shape[0] * shape[1]).sin().view(shape)) for _ in range(2))
        optimisers = (Muon([own], 0.1, 0.1, 0.95, True, False),
                      torch.optim.Muon([theirs], lr=0.1, weight_decay=0.1, momentum=0.95, nesterov=True))
        for step in range(3):
            for p, optimiser in zip((own, theirs), optimisers):
                p.grad = torch.randn(shape, generator=torch.Generator().manual_seed(step))
                optimiser.step()
        assert (own - theirs).abs().max() < 0.02, "PyTorch's Muon has other updates"


def make_optimisers(model, o):
    """The optimisers of a model's parameters, each with groups of what weight decay acts on and the rest."""
    def groups(parameters):
        decayed = [p for p in parameters if o.get("decayed", "all") == "all" or p.dim() >= 2]
        rest = [p for p in parameters if all(p is not q for q in decayed)]
        return [{"params": ps, "weight_decay": wd} for ps, wd in ((decayed, o["weight_decay"]), (rest, 0.0)) if ps]

    betas = {"betas": (o.get("beta1"), o.get("beta2")), "eps": o.get("epsilon")}
    parameters = list(model.parameters())
    if o["kind"] == "sgd":
        return [torch.optim.SGD(groups(parameters), lr=o["learning_rate"], momentum=o["momentum"],
                                nesterov=o["nesterov"])]
    if o["kind"] != "muon":
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[o["kind"]]
        return [kind(groups(parameters), lr=o["learning_rate"], **betas)]
    matrices = [p for n, p in named_parameters(model).items() if n.startswith("layers.") and p.dim() == 2]
    rest = [p for p in parameters if all(p is not q for q in matrices)]
    return [Muon(groups(matrices), o["learning_rate"], o["weight_decay"], o["muon_momentum"], o["muon_nesterov"],
                 o["muon_as_adamw"]),
            torch.optim.AdamW(groups(rest), lr=o["adamw_learning_rate"], **betas)]


def make_scheduler(optimiser, schedule, steps_per_epoch):
    """PyTorch's schedulers, stepped after every step; by epoch they are stepped by an epoch's share."""
    lr = torch.optim.lr_scheduler
    epochs, warmup = schedule["epochs"], schedule.get("warmup_steps", 0)
    steps, by_step = epochs * steps_per_epoch, schedule.get("unit") == "step"
    minimum = schedule.get("minimum_share", 0.0)
    length = steps - warmup if by_step else epochs
    if schedule["decay"] == "wsd":
        last = round(schedule["decay_share"] * steps)
        parts = [lr.LinearLR(optimiser, 1 / (warmup + 1), 1, warmup), lr.ConstantLR(optimiser, 1, 1),
                 lr.LinearLR(optimiser, 1, minimum, last)]
        return lr.SequentialLR(optimiser, parts, [warmup, steps - last])
    base = [group["lr"] for group in optimiser.param_groups]
    decay = {"constant": lambda: lr.ConstantLR(optimiser, 1, 1),
             "cosine": lambda: lr.CosineAnnealingLR(optimiser, length, minimum * base[0]),
             "linear": lambda: lr.LinearLR(optimiser, 1, minimum, length)}[schedule["decay"]]
    if by_step and warmup:
        return lr.SequentialLR(optimiser, [lr.LinearLR(optimiser, 1 / (warmup + 1), 1, warmup), decay()], [warmup])
    return decay()


def rates_of(schedule, steps_per_epoch, rate):
    """The learning rate of every step."""
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = make_scheduler(optimiser, schedule, steps_per_epoch)
    by_step = schedule.get("unit") == "step"
    warmup = schedule.get("warmup_steps", 0)
    rates = []
    for step in range(schedule["epochs"] * steps_per_epoch):
        grown = 1 if by_step else min(1, (step + 1) / (warmup + 1))
        rates.append(optimiser.param_groups[0]["lr"] * grown)
        optimiser.step()
        if by_step or (step + 1) % steps_per_epoch == 0:
            scheduler.step()
    return rates


def train(model, config, batches):
    """Trains in place and returns the loss of each batch before its update."""
    o = config["optimiser"]
    optimisers = make_optimisers(model, o)
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["initial"] = group["lr"]
    shares = rates_of(config["schedule"], STEPS_PER_EPOCH, 1.0)
    losses = []
    for windows, share in zip(batches, shares):
        for optimiser in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = group["initial"] * share
        loss = model.losses(windows).mean()
        loss.backward()
        if o["clip_norm"] > 0:
            norm = nn.utils.clip_grad_norm_(model.parameters(), o["clip_norm"])
            assert norm > o["clip_norm"], "the clip must matter"
        for optimiser in optimisers:
            optimiser.step()
        losses.append(loss.item())
    return losses


def make_case(name, seed):
    torch.manual_seed(seed)
    config, bands = CASES[name]
    arm = "standard" if bands is None else TIED if bands is TIED else "bespoke"
    cut = bands if arm == "bespoke" else None
    config = {"source": {"vocabulary": V},
              "windows": {"length": T, "batch": B, "batches_per_epoch": STEPS_PER_EPOCH},
              # As many tokens per band as `bands` below, which is not made by this rule.
              "bands": {"rule": "rank_count", "high": len((cut or BANDS)["high"]),
                        "low": len((cut or BANDS)["low"]),
                        "unseen": "noise" if bands is BANDS_AND_NOISE else "low"}} | config
    model = make_model(config, bands)
    steps = STEPS if config["schedule"]["epochs"] == EPOCHS else LONG
    windows = torch.randint(V, (B, T + 1))
    batches = torch.randint(V, (steps, B, T + 1))
    for members in (cut or {}).values():
        assert not members or torch.isin(windows[:, :T], torch.tensor(members)).any(), "every band must be read"

    losses = model.losses(windows)
    losses.mean().backward()
    document = {
        "case": name,
        "config": config,
        "arm": arm,
        "bands": cut,
        "noise": model.embedding.noise.tolist() if bands is BANDS_AND_NOISE else None,
        "parameters": {n: {"shape": list(p.shape), "values": flat(p)} for n, p in named_parameters(model).items()},
        "windows": windows.tolist(),
        "losses": losses.tolist(),
        "loss": losses.mean().item(),
        "gradients": {n: flat(p.grad) for n, p in named_parameters(model).items()},
    }
    step_losses = train(model, config, batches)
    document["after_steps"] = {
        "steps": steps,
        "steps_per_epoch": STEPS_PER_EPOCH,
        "windows_per_step": batches.tolist(),
        "losses": step_losses,
        "parameters": {n: flat(p) for n, p in named_parameters(model).items()},
    }
    return document


def to_text(value, indent=""):
    """JSON with a line per entry of an object that holds arrays or objects."""
    if isinstance(value, dict) and any(isinstance(v, (dict, list)) for v in value.values()):
        inner = indent + "  "
        lines = [f"{inner}{json.dumps(k)}: {to_text(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + indent + "}"
    return json.dumps(value, allow_nan=False)


def make_schedules():
    rate = 0.003
    return {name: {"schedule": schedule | {"epochs": epochs}, "steps_per_epoch": steps, "learning_rate": rate,
                   "rates": rates_of(schedule | {"epochs": epochs}, steps, rate)}
            for name, (schedule, epochs, steps) in SCHEDULES.items()}


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    check_muon()
    Path(__file__).with_name("schedules.json").write_text(to_text(make_schedules()) + "\n")
    for seed, name in enumerate(CASES, start=1):
        path = Path(__file__).with_name(f"{name}.json")
        path.write_text(to_text(make_case(name, seed)) + "\n")


if __name__ == "__main__":
    main()
