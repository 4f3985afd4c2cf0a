#!/usr/bin/env python3
"""Inputs that a fuzzer starts from: make_seeds.py ATE FOLDER writes FOLDER/READER/* and FOLDER/words.dict.

They come from configs/ and from a tiny study and sweep that this script trains. Standard library only.
"""

import glob
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TINY = ["--preset", "focused", "--epochs", "2", "--device", "cpu", "--set", "windows.batches_per_epoch=2",
        "--set", "source.vocabulary=12", "--set", "source.tokens=2000", "--set", "body.width=4",
        "--set", "bands.high=3", "--set", "bands.low=5"]


def piece(text, score, kind):
    body = b"\x0a" + bytes([len(text)]) + text + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind])
    return b"\x0a" + bytes([len(body)]) + body


def sentencepiece_models():
    """Serialised sentencepiece.ModelProto: kinds 1 normal, 2 unknown, 3 control, 6 a byte."""
    words = [(b"<unk>", 0, 2), (b"<s>", 0, 3), ("\u2581in".encode(), -1, 1), ("\u2581the".encode(), -2, 1), (b"e", -3, 1)]
    every_byte = [(b"<0x%02X>" % b, -9, 6) for b in range(256)]
    for more, trainer in [([], b"\x18\x01"), (every_byte, b"\x18\x01\x98\x02\x01"), ([], b"\x18\x02"), ([], b"\x18\x04")]:
        yield (b"".join(piece(*p) for p in words + more) + b"\x12" + bytes([len(trainer)]) + trainer +
               b"\x1a\x0a\x0a\x08identity")


def token_files():
    yield b"In the beginning was the word.\n" * 4
    yield "Zwölf Boxkämpfer \U0001f600\n".encode() * 4
    yield struct.pack("<32H", *range(32))
    yield struct.pack("<32I", *range(32))
    for magic, version, form in [(20240520, 1, "H"), (20240801, 7, "I")]:
        yield struct.pack("<256i", magic, version, 32, *[0] * 253) + struct.pack(f"<32{form}", *range(32))
    for kind, form in [("|u1", "B"), ("<u2", "H"), ("<u4", "I"), ("<i4", "i"), ("<i8", "q")]:
        header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': (32,), }}".encode()
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        yield b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(f"<32{form}", *range(32))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def configs(*names):
    return [read(f) for name in names for f in sorted(glob.glob(os.path.join(SOURCE, "configs", name)))]


def trained(ate, out):
    """The files of a tiny study that tunes, and of a tiny sweep."""
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([ate, "study", *TINY, "--seeds", "0..1", "--tune", "optimiser.learning_rate=1e-3,3e-3",
                    "-q", "--out", out], **quiet)
    sweep = os.path.join(out, "tiny.json")
    with open(sweep, "w", encoding="utf-8") as file:
        json.dump({"extends": "focused", "device": "cpu", "schedule": {"epochs": 1}, "source": {"vocabulary": 12, "tokens": 2000},
                   "body": {"width": 4}, "bands": {"high": 3, "low": 5}, "study": {"seeds": "0..1"}, "grid": {"optimiser.learning_rate": [1e-3, 3e-3]}}, file)
    subprocess.run([ate, "sweep", "run", sweep, "-q", "--out", out], **quiet)
    return lambda pattern: [read(f) for f in sorted(glob.glob(os.path.join(out, pattern), recursive=True))]


def seeds(ate, out):
    files = trained(ate, out)
    config = configs("*.json", "presets/*.json", "studies/*.json")
    lease = {"host": "node3", "pid": 12, "place": "node3 boot pid:[1]", "started": "99", "since": "2026-01-01T00:00:00Z",
             "token": "0123456789abcdef", "alone": False}
    return {
        "config": config + [b'{"extends": "focused", "published": {"schedule": {"epochs": 3}}}'],
        "flags": [b"optimiser.learning_rate=3e-4\nbody.width=32", b"arm wide:body.width=256,body.heads=4",
                  b"attention.kind=lowrank_topk", b"/study/seeds=\"0..3\"", b"source.kind=zipf_markov\narm bespoke",
                  b"study.tune.axes={\"body.width\": {\"from\": 8, \"to\": 64, \"points\": 3}}"],
        "seeds": [b"0..9", b"0,3,7", b"5..7,1,2", b"4294967295"],
        "claims": configs("claims.json", "claims.example.json") + [b'{"title": "t", "source": "s", "claims": []}'],
        "sweep": configs("sweeps/*.json") + files("tiny.json"),
        "listing": files("sweep_*.json"),
        "result": files("results_*.json") + [b'{"reason": "why"}'],
        "progress": files("progress_*.json") + checkpoint_progress(files("runs/*/checkpoint/*-s0.safetensors")),
        "plan": files("runs/*/plan.json"),
        "run_config": files("runs/*/config.json"),
        "lease": [json.dumps(lease, indent=2).encode()],
        "stops": [b"start\nterm\nend 143\nstart\ntime\nend 143\nstart\nend 0\n"],
        "tokens": list(token_files()),
        "safetensors": files("runs/*/checkpoint/*-s0.safetensors"),
        "sentencepiece": list(sentencepiece_models()),
    }


def checkpoint_progress(checkpoints):
    headers = [json.loads(c[8:8 + int.from_bytes(c[:8], "little")]) for c in checkpoints]
    return [h["__metadata__"]["progress"].encode() for h in headers]


def words():
    """A dictionary of libFuzzer: every key and name of a config or claims file."""
    text = b"".join(configs("schema.json", "claims.schema.json", "claims.json")).decode()
    found = set(re.findall(r'"([\w.$]{2,40})"', text)) | {"extends", "grid", "list", "random", "draw", "count", "slurm"}
    return "".join(f'"\\"{word}\\""\n' for word in sorted(found))


def main():
    ate, folder = sys.argv[1:]
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="ate-seeds-") as out:
        for reader, inputs in seeds(ate, out).items():
            if not inputs:
                raise SystemExit(f"make_seeds.py: no seeds for {reader}")
            os.makedirs(os.path.join(folder, reader))
            for number, content in enumerate(inputs):
                with open(os.path.join(folder, reader, str(number)), "wb") as file:
                    file.write(content)
    with open(os.path.join(folder, "words.dict"), "w", encoding="utf-8") as file:
        file.write(words())


if __name__ == "__main__":
    main()
