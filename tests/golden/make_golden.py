"""Writes the golden files of the models: what PyTorch's own modules compute for a few tiny configs.

Run as `python make_golden.py`; it rewrites <case>.json beside itself. README.md describes the files.

Nothing here follows the C++: models.py has the models, training.py the optimisers. All arithmetic is in double; starting values
are rounded to float, so that a test in float starts from the same point.
"""

import json
from pathlib import Path

import torch

from models import D, T, TIED, V, make_model, named_parameters
from training import STEPS_PER_EPOCH, check_muon, rates_of, train

B = 3  # windows of a batch
STEPS, EPOCHS = 4, 3
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

# Zoology's kind of layer.
ATTENTION = PRENORM | {"body": ENCODER["body"] | {"norm": "pre", "feedforward": 0}}

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
    "encoder_attention": (ATTENTION, None),
}


def flat(tensor):
    return tensor.detach().flatten().tolist()


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
