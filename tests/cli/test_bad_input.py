"""Bad input: exit code 2, one line per problem with its address and what would be right, nothing written."""

import os
import re
import tempfile
import unittest

from harness import Case, run, side_by_side

FOCUSED = "--preset focused"
MEDIUM = "--preset medium"

# flags, the lines expected
FLAGS = [
    # what to run
    ("", [r"give --preset NAME \(focused, medium, long, definitive, sparse, sparse-frontier, demo, nanogpt-shakespeare-char-cpu or zoology-mqar\) or --config FILE"]),
    ("--preset focusd", [r'--preset focusd: unknown preset \(did you mean "focused"\?\); there are focused, medium']),
    ("--preset nothing", [r"--preset nothing: unknown preset; there are focused, medium, long, definitive, sparse, sparse-frontier, demo, nanogpt-shakespeare-char-cpu or zoology-mqar"]),
    (f"{FOCUSED} --mode publishd", [r'--mode publishd: expected corrected or published \(did you mean "published"']),
    (f"{FOCUSED} --arms bespok", [r'--arms bespok: .*standard, tied, .*known_worse \(did you mean "bespoke"\?\)']),
    (f"{FOCUSED} --arms standard,standard", [r"--arms standard,standard: there are two arms of the name standard"]),
    (f"{FOCUSED} --arms ,", [r"--arms ,: expected standard, tied, "]),
    (f"{FOCUSED} --format jsn", [r'--format jsn: expected table, md, csv, json or jsonl \(did you mean "json"\?\)']),
    (f"{FOCUSED} extra", [r"extra: unexpected word; see ate validate-bespoke --help"]),
    # device
    (f"{FOCUSED} --device gpu", [r'--device gpu: expected auto, cpu, cuda, cuda:N or mps, got "gpu"']),
    (f"{FOCUSED} --device cuda:99", [r"--device cuda:99: \"cuda:99\" is not available here; this build on this machine has .*cpu"]),
    (f"{FOCUSED} --set device=cuda:99", [r"--set device=cuda:99: \"cuda:99\" is not available here; .* has .*cpu"]),
    # kernels and dtype
    (f"{FOCUSED} --dtype fp16", [r'--dtype fp16: expected fp32, tf32 or bf16, got "fp16"']),
    (f"{FOCUSED} --dtype tf32", [r"--dtype tf32: tf32 is a type of CUDA's products, not of cpu's: set dtype to fp32 or bf16"]),
    ("--preset medium --dtype bf16 --set attention.kind=window --set kernels=reference",
     [r"--dtype bf16: by plain operations bf16 trains dense attention alone: set dtype to fp32"]),
    (f"{FOCUSED} --set kernels=fused", [r"--set kernels=fused: there are no fused kernels for the bag: set kernels to auto or reference"]),
    ("--preset medium --device cuda --set kernels=fused", [r"--set kernels=fused: the fused kernels run on the CPU, not on cuda"]),
    # seeds
    (f"{FOCUSED} --seeds 0,0", [r"--seeds 0,0: .*seed 0 is listed twice"]),
    (f"{FOCUSED} --seeds x", [r'--seeds x: expected seeds such as "0..9"']),
    (f"{FOCUSED} --seeds 3..1", [r"--seeds 3..1: expected seeds"]),
    (f"{FOCUSED} --seeds 0..", [r"--seeds 0..: expected seeds"]),
    (f"{FOCUSED} --seeds 0,,1", [r"--seeds 0,,1: expected seeds"]),
    (f"{FOCUSED} --seeds 1,", [r"--seeds 1,: expected seeds"]),
    (f"{FOCUSED} --seeds -1", [r"--seeds -1: .*seed -1 is outside 0 to 4294967295"]),
    (f"{FOCUSED} --seeds 4294967296", [r"seed 4294967296 is outside 0 to 4294967295"]),
    # numbers of flags
    (f"{FOCUSED} --epochs 0", [r"--epochs 0: expected a whole number from 1 to 1000000000, got 0"]),
    (f"{FOCUSED} --epochs 1.5", [r"--epochs 1.5: expected a whole number"]),
    (f"{FOCUSED} --epochs ten", [r'--epochs ten: expected a whole number .*got "ten"']),
    (f"{FOCUSED} --jobs 0", [r"--jobs: .*1 to 4096, got \"0\""]),
    (f"{FOCUSED} --jobs many", [r"--jobs: .*many"]),
    (f"{FOCUSED} --save-every -1", [r"--save-every: .*0 to 1000000, got \"-1\""]),
    (f"{FOCUSED} --save-every nan", [r"--save-every: .*nan"]),
    (f"{FOCUSED} -v -q", [r"--quiet: .*--verbose"]),
    # --plot
    (f"{FOCUSED} --plot x.png", [r"--plot x.png: expected a file name that ends in \.svg$"]),
    (f"{FOCUSED} --plot x", [r"--plot x: expected a file name that ends in \.svg$"]),
    (f"{FOCUSED} --plot x.svg --arms standard", [r"--plot x.svg: there is no difference to draw"]),
    # --set
    (f"{FOCUSED} --set windows.length", [r"--set windows.length: expected path=value"]),
    (f"{FOCUSED} --set =3", [r"--set =3: expected path=value"]),
    (f"{FOCUSED} --set a..b=1", [r'--set a..b=1: "a..b" is not a path']),
    (f"{FOCUSED} --set name=a/b", [r"--set name=a/b: expected 1 to 100 letters, digits"]),
    # settings that do not go together
    (f"{FOCUSED} --set windows.length=5000", [r"--set windows.length=5000: a window of 5000 tokens .* do not fit"]),
    (f"{FOCUSED} --set source.tokens=20", [r"a window of 16 tokens .* do not fit: the training part has 16 tokens"]),
    (f"{MEDIUM} --set body.heads=3", [r"--set body.heads=3: 3 heads do not divide the width 128"]),
    (f"{MEDIUM} --set body.width=30", [r"heads: 4 heads do not divide the width 30"]),
    (f"{MEDIUM} --set body.kv_heads=3", [r"--set body.kv_heads=3: 3 key-value heads do not divide the 4 heads"]),
    (f"{MEDIUM} --set body.positions=rotary --set body.width=12",
     [r"--set body.positions=rotary: rotary turns pairs, and each of 4 heads over a width of 12 has 3 dimensions"]),
    (f"{FOCUSED} --set body.positions=rotary", [r"--set body.positions=rotary: has no effect on the bag"]),
    (f"{MEDIUM} --set body.rotary_base=500", [r"--set body.rotary_base=500: has no effect with no positions"]),
    (f"{FOCUSED} --set bands.high=0", [r"--set bands.high=0: .*the high band has no token"]),
    (f"{FOCUSED} --set bands.high=150", [r"--set bands.high=150: .*the mid band has no token"]),
    (f"{FOCUSED} --set bands.low=0 --set bands.unseen=mid", [r"the low band has no token"]),
    (f"{FOCUSED} --set bands.low=190", [r"high and low together take 210, more than the 200"]),
    (f"{FOCUSED} --set bands.high=2.5", [r"--set bands.high=2.5: rank_count takes whole numbers"]),
    (f"{FOCUSED} --set embedding.low=0.001", [r"--set embedding.low=0.001: 0.001 times the width 64 leaves no column"]),
    # schedules, optimisers, evaluations
    (f"{FOCUSED} --epochs 2 --set windows.batches_per_epoch=10 --set schedule.warmup_steps=20",
     [r"--set schedule.warmup_steps=20: a warm-up of 20 steps does not end in a run of 20: set it below 20"]),
    (f"{FOCUSED} --set schedule.decay=cosine --set schedule.minimum_share=1.5",
     [r"--set schedule.minimum_share=1.5: expected a number from 0 to 1, got 1.5"]),
    (f"{FOCUSED} --set schedule.decay=wsd --set schedule.decay_share=0", [r"--set schedule.decay_share=0: expected a number"]),
    (f"{MEDIUM} --set schedule.decay=cosine --set schedule.decay_share=0.3",
     [r"--set schedule.decay_share=0.3: a cosine rate does not read it: leave it out or set schedule.decay to wsd"]),
    (f"{FOCUSED} --set optimiser.kind=muon", [r"--set optimiser.kind=muon: muon is for the matrices of layers, which the bag has not"]),
    (f"{FOCUSED} --set optimiser.kind=sgd --set optimiser.nesterov=true",
     [r"--set optimiser.nesterov=true: looks ahead by a momentum: set optimiser.momentum"]),
    (f"{MEDIUM} --set optimiser.nesterov=true", [r"--set optimiser.nesterov=true: adamw? has no such setting, only sgd has"]),
    (f"{FOCUSED} --set evaluation.best=true", [r"--set evaluation.best=true: takes a part of the validation data to choose by"]),
    # several at once
    (f"{FOCUSED} --epochs 0 --seeds x --set windows.lenght=3",
     [r"--set windows.lenght=3: unknown key", r"--epochs 0: ", r"--seeds x: "]),
    (f"{MEDIUM} --set body.heads=3 --set source.tokens=20", [r"a window of 32 tokens", r"3 heads do not divide"]),
]

# --set, the line expected; all in one command line, so that it also shows that every problem is listed
SETS = [
    ("windows.lenght=3", r'unknown key \(did you mean "length"\?\)$'),
    ("windows=3", r"expected an object, got 3$"),
    ("windows.length=long", r'expected a whole number from 1 to 1048576, got "long"$'),
    ("body.causal=no", r'expected true or false, got "no"$'),
    ("optimiser.kind=adan", r'expected adam, adamw, sgd or muon \(did you mean "adam"\?\), got "adan"$'),
    ("source.kind=3", r"expected .*zipf_iid.*, got 3$"),
    ("study.margin=-0.1", r"expected a number from 0 to 1, got -0.1$"),
    ("source.vocabulary=0", r"expected a whole number from 2 to 16777216, got 0$"),
    ("source.vocabulary=1", r"expected a whole number from 2 to 16777216, got 1$"),
    ("source.train_share=1", r"expected a number above 0 and below 1, got 1$"),
    ("body.dropout_residual=1", r"expected a number of at least 0 and below 1 or null, got 1$"),
    ("body.rotary_base=1", r"expected a number above 1, got 1$"),
    ("body.activation=swigloo", r'expected relu, gelu or swiglu \(did you mean "swiglu"\?\), got "swigloo"$'),
    ("body.dropout=1", r"expected a number of at least 0 and below 1, got 1$"),
    ("optimiser.learning_rate=0", r"expected a number above 0, got 0$"),
    ("optimiser.learning_rate=1e999", r"expected a number above 0, got "),
    ("windows.batch=1e30", r"expected a whole number from 1 to 1048576, got 1e\+30$"),
    ("windows.batch=1.5", r"expected a whole number from 1 to 1048576, got 1\.5$"),
    ("study.seeds=[0,0]", r".*seed 0 is listed twice"),
]

# Empty values, such as from an unset shell variable: they must not pass for the default.
EMPTY = ["--preset", "--config", "--mode", "--epochs", "--seeds", "--arms", "--device", "--dtype", "--set", "--format", "--out"]

# content of the file "c.json", the lines expected
FILES = [
    ("", [r"c\.json:1:1: not valid JSON"]),
    ("{", [r"c\.json:1:2: not valid JSON"]),
    ('{\n  "source": {"vocabulary": 200,}\n}\n', [r"c\.json:2:32: not valid JSON: .*unexpected '\}'"]),
    ('{\n\n  "name": "a"\n  "mode": "corrected"\n}\n', [r"c\.json:4:\d+: not valid JSON"]),
    ("{} {}", [r"c\.json:1:4: not valid JSON"]),
    (b"\xff\xfe{", [r"c\.json:1:1: not valid JSON"]),
    ("[]", [r"c\.json: expected an object, got \[\]"]),
    ("null", [r"c\.json: expected an object, got null"]),
    ('{"source": {}, "body": {}, "source": {}}', [r"c\.json: /source: stands twice"]),
    ({"optimiser": {"lerning_rate": 1}},
     [r'c\.json: /optimiser/lerning_rate: unknown key \(did you mean "learning_rate"\?\)']),
    ({"optimizer": {}}, [r'c\.json: /optimizer: unknown key \(did you mean "optimiser"\?\)']),
    ({"windows": []}, [r"c\.json: /windows: expected an object, got \[\]"]),
    ({"study": {"seeds": [0, 0]}}, [r"c\.json: /study/seeds: .*seed 0 is listed twice"]),
    ({"study": {"seeds": []}}, [r"c\.json: /study/seeds: .*no seed"]),
    ({"study": {"arms": []}}, [r"c\.json: /study/arms: expected a list"]),
    ({"published": {"bandz": 1}}, [r"c\.json: /published/bandz: unknown key"]),
    ({"published": []}, [r"c\.json: /published: expected an object"]),
    ({"published": {"mode": "published"}}, [r"c\.json: /published/mode: cannot stand here"]),
    ({"windows": {"length": 5000}}, [r"c\.json: /windows/length: a window of 5000 tokens"]),
    ({"source": {"vocabulary": 0}, "windows": {"length": "x"}, "optimiser": {"kind": "adan", "lerning_rate": 1},
      "foo": 1},
     [r"/source/vocabulary: ", r"/windows/length: ", r"/optimiser/kind: .*did you mean \"adam\"",
      r"/optimiser/lerning_rate: unknown key", r"/foo: unknown key$"]),
]


# So that what is not refused is over soon.
SHORT = ["--set", "schedule.epochs=1", "--set", "study.seeds=[0]"]


class BadInput(Case):
    def attempt(self, arguments, files=()):
        """Runs in a folder of its own that holds only `files`; returns the outcome and what has been written."""
        folder = tempfile.mkdtemp(dir=self.folder)
        for name, content in dict(files).items():
            self.write(os.path.join(folder, name), content)
        out = [] if "--out" in arguments else ["--out", "out"]
        outcome = run("validate-bespoke", *SHORT, *out, *arguments, cwd=folder)
        return outcome, sorted(set(os.listdir(folder)) - set(dict(files)))

    def assert_refused(self, attempt, patterns):
        outcome, written = attempt
        self.assert_error(outcome, 2, *patterns)
        self.assertEqual(written, [])

    def test_flags(self):
        for (flags, patterns), attempt in side_by_side(lambda flags, _: self.attempt(flags.split()), FLAGS):
            with self.subTest(flags=flags):
                self.assert_refused(attempt, patterns)

    def test_settings(self):
        sets = [word for text, _ in SETS for word in ("--set", text)]
        self.assert_refused(self.attempt(["--preset", "focused", *sets]),
                            [f"--set {re.escape(text)}: {pattern}" for text, pattern in SETS])

    def test_vocabulary_of_nothing(self):
        self.assert_refused(self.attempt(["--preset", "focused", "--set", "source.vocabulary=0"]),
                            ["--set source.vocabulary=0: expected a whole number from 2 to 16777216, got 0"])

    def test_empty_values(self):
        rows = [(flag, [] if flag == "--preset" else ["--preset", "focused"]) for flag in EMPTY]
        for (flag, _), attempt in side_by_side(lambda flag, more: self.attempt([*more, flag, ""]), rows):
            with self.subTest(flag=flag):
                self.assert_refused(attempt, [flag])

    def test_files(self):
        attempt_file = lambda content, _: self.attempt(["--config", "c.json"], {"c.json": content})
        for (content, patterns), attempt in side_by_side(attempt_file, FILES):
            with self.subTest(content=content):
                self.assert_refused(attempt, patterns)

    def test_missing_file(self):
        self.assert_refused(self.attempt(["--config", "nothere.json"]), [r"--config nothere\.json: .*No such file or directory"])

    def test_folder_as_file(self):
        self.assert_refused(self.attempt(["--config", self.folder]), [r": is a folder, not a file"])

    @unittest.skipIf(os.geteuid() == 0, "root reads every file")
    def test_unreadable_file(self):
        path = self.write("c.json", {})
        os.chmod(path, 0)
        self.assert_refused(self.attempt(["--config", path]), [r"--config c\.json: .*Permission denied"])

    def test_problems_of_file_and_flags_together(self):
        self.assert_refused(self.attempt(["--config", "c.json", "--set", "bar=1"], {"c.json": {"foo": 1}}),
                            [r"c\.json: /foo: unknown key", r"--set bar=1: unknown key"])

    def test_config_commands_refuse_the_same(self):
        for command, pattern in [
            (["config", "show"], r"give --preset NAME"),
            (["config", "show", "--preset", "focusd"], r'did you mean "focused"'),
            (["config", "show", "--preset", "focused", "--set", "source.vocabulary=0"], r"whole number from 2"),
            (["config", "show", "--preset", "focused", "--format", "xml"], r"--format xml: expected table, md"),
            (["config", "diff", "focused", "mediun"], r'mediun: .*did you mean "medium"'),
            (["config", "diff", "focused", "./nothere.json"], r"nothere\.json.* cannot be read"),
        ]:
            with self.subTest(command=command):
                self.assert_error(run(*command, cwd=self.folder), 2, pattern)


if __name__ == "__main__":
    unittest.main()
