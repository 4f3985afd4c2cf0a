"""Optimisers, schedules and training steps of the golden files, by torch.optim."""

import torch
from torch import nn

from models import D, named_parameters

STEPS_PER_EPOCH = 2


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
