#!/usr/bin/env python3
"""A training step of this program's encoders in PyTorch, to be held against `ate bench step`.

Modes:
  eager    as an expert writes it: nn.TransformerEncoder, one gather from projected tables, fused AdamW
  compile  the same under torch.compile
  naive    as a first script does it: windows sliced one by one, an embedding loop over tokens for bespoke, plain AdamW

The model comes from what `ate config show --format json` prints, so every preset with an encoder can be held against.
With --serve it stays: for every line on its standard input it trains for --seconds and answers with a line of JSON.
"""

import argparse
import json
import math
import statistics
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, metavar="FILE", help="what `ate config show --format json` printed")
    parser.add_argument("--mode", choices=["eager", "compile", "naive"], default="eager")
    parser.add_argument("--arm", choices=["standard", "bespoke"], default="standard")
    parser.add_argument("--bf16", action="store_true", help="forward pass under autocast to bfloat16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns, without --serve and --steps")
    parser.add_argument("--steps", type=int, help="train so many steps instead and print the seconds they took")
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


args = arguments()

import torch  # noqa: E402  (after --help, which must not wait for it)
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402


class Shape:
    def __init__(self, config):
        source, windows, body = config["source"], config["windows"], config["body"]
        if body["kind"] != "encoder" or body["norm"] != "post" or body["activation"] != "relu":
            raise SystemExit("only post-norm ReLU encoders are written here")
        self.vocabulary, self.exponent = source["vocabulary"], source["exponent"]
        self.tokens = int(source["tokens"] * source["train_share"])
        self.length, self.batch = windows["length"], windows["batch"]
        self.width, self.layers, self.heads = body["width"], body["layers"], body["heads"]
        self.hidden, self.dropout = body["feedforward"] * body["width"], body["dropout"]
        self.positions, self.final_norm = body["positions"] == "learned", body["final_norm"]
        self.causal = body["causal"]
        self.bands = self.band_sizes(config["bands"])
        self.widths = [math.floor(config["embedding"][band] * self.width) for band in ("high", "mid", "low")]
        self.projection_bias = config["embedding"]["projection_bias"]
        self.optimiser = config["optimiser"]

    def law(self):
        weights = torch.arange(1, self.vocabulary + 1, dtype=torch.double) ** -self.exponent
        return weights / weights.sum()

    def band_sizes(self, bands):
        """Tokens in the high, mid and low band; token ids are ranks."""
        n = self.vocabulary
        if bands["rule"] == "rank_count":
            high, low = int(bands["high"]), int(bands["low"])
        elif bands["rule"] == "rank_share":
            high, low = round(bands["high"] * n), round(bands["low"] * n)
        else:
            below = self.law().cumsum(0)
            high = int((below <= bands["high"]).sum())
            low = int((below > 1 - bands["low"]).sum())
        return [high, n - high - low, low]


class Bespoke(nn.Module):
    """A table for each band; those of another width than the model's are projected."""

    def __init__(self, shape):
        super().__init__()
        self.sizes, self.width = shape.bands, shape.width
        self.tables = nn.ModuleList(nn.Embedding(n, w) for n, w in zip(shape.bands, shape.widths))
        self.projections = nn.ModuleList(
            nn.Identity() if w == shape.width else nn.Linear(w, shape.width, bias=shape.projection_bias)
            for w in shape.widths)

    def forward(self, tokens):
        rows = [project(table.weight) for table, project in zip(self.tables, self.projections)]
        return F.embedding(tokens, torch.cat(rows))


class LoopedBespoke(Bespoke):
    """The same, token by token."""

    def forward(self, tokens):
        out = torch.zeros(*tokens.shape, self.width)
        for i in range(tokens.shape[0]):
            for j in range(tokens.shape[1]):
                token, band = tokens[i, j].item(), 0
                while token >= self.sizes[band]:
                    token, band = token - self.sizes[band], band + 1
                out[i, j] = self.projections[band](self.tables[band](torch.tensor(token)))
        return out


class Model(nn.Module):
    def __init__(self, shape):
        super().__init__()
        kinds = {"standard": lambda: nn.Embedding(shape.vocabulary, shape.width),
                 "bespoke": lambda: (LoopedBespoke if args.mode == "naive" else Bespoke)(shape)}
        self.embedding = kinds[args.arm]()
        self.positions = nn.Embedding(shape.length, shape.width) if shape.positions else None
        layer = nn.TransformerEncoderLayer(shape.width, shape.heads, shape.hidden, shape.dropout, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, shape.layers)
        self.norm = nn.LayerNorm(shape.width) if shape.final_norm else nn.Identity()
        self.head = nn.Linear(shape.width, shape.vocabulary)
        self.causal = shape.causal
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(shape.length))
        self.register_buffer("places", torch.arange(shape.length))

    def forward(self, tokens):
        x = self.embedding(tokens)
        if self.positions is not None:
            x = x + self.positions(self.places)
        if self.causal:
            x = self.encoder(x, mask=self.mask, is_causal=True)
        else:
            x = self.encoder(x)
        return self.head(self.norm(x))


class Trainer:
    def __init__(self, shape):
        self.shape = shape
        self.corpus = torch.multinomial(shape.law(), shape.tokens, replacement=True)
        self.model = Model(shape)
        self.forward = torch.compile(self.model) if args.mode == "compile" else self.model
        o = shape.optimiser
        kind = torch.optim.AdamW if o["kind"] == "adamw" else torch.optim.Adam
        self.optimiser = kind(self.model.parameters(), o["learning_rate"], betas=(o["beta1"], o["beta2"]),
                              eps=o["epsilon"], weight_decay=o["weight_decay"], fused=args.mode != "naive")
        self.offsets = torch.arange(shape.length + 1)

    def batch(self):
        starts = torch.randint(0, len(self.corpus) - self.shape.length - 1, (self.shape.batch,))
        if args.mode == "naive":
            return torch.stack([self.corpus[s:s + self.shape.length + 1] for s in starts.tolist()])
        return self.corpus[starts[:, None] + self.offsets]

    def step(self):
        windows = self.batch()
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
            logits = self.forward(windows[:, :-1])
            loss = F.cross_entropy(logits.reshape(-1, self.shape.vocabulary), windows[:, 1:].reshape(-1))
        self.optimiser.zero_grad()
        loss.backward()
        if self.shape.optimiser["clip_norm"] > 0:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.shape.optimiser["clip_norm"])
        self.optimiser.step()
        return loss.item()

    def turn(self):
        """Trains for --seconds; milliseconds per step, by wall clock and by the process's CPU time."""
        for _ in range(2):
            self.step()
        wall, cpu, steps = time.perf_counter(), time.process_time(), 0
        while steps == 0 or time.perf_counter() - wall < args.seconds:
            self.step()
            steps += 1
        return {"wall_ms": 1e3 * (time.perf_counter() - wall) / steps, "cpu_ms": 1e3 * (time.process_time() - cpu) / steps}


def main():
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    with open(args.config, encoding="utf-8") as file:
        trainer = Trainer(Shape(json.load(file)["config"]))
    if args.steps:
        start = time.perf_counter()
        for _ in range(args.steps):
            trainer.step()
        print(json.dumps({"steps": args.steps, "seconds": time.perf_counter() - start}))
    elif args.serve:
        for _ in range(5):  # also lets torch.compile do its work
            trainer.step()
        print("ready", flush=True)
        for _ in sys.stdin:
            print(json.dumps(trainer.turn()), flush=True)
    else:
        turns = [trainer.turn() for _ in range(args.rounds)]
        for clock in ("wall_ms", "cpu_ms"):
            print(clock, round(statistics.median(turn[clock] for turn in turns), 2))


if __name__ == "__main__":
    main()
