"""ate generate: text from a model, the same for the same seed, and what is refused."""

import os
import unittest

from harness import Case, Run, run, side_by_side

# Learns a text of three words by heart within seconds.
TRAIN = ["train", "--preset", "medium", "--device", "cpu", "--set", "source.kind=text", "--set", "windows.length=16",
         "--set", "body.width=32", "--set", "body.heads=2", "--set", "body.dropout=0", "--set", "body.positions=learned",
         "--set", "optimiser.learning_rate=1e-2", "--set", "windows.batches_per_epoch=60", "--epochs", "2"]


class Generate(Case):
    def trained(self, *flags, out=None):
        text = self.write("text.txt", "one two three\n" * 400)
        out = out or self.out
        done = run(*TRAIN, "--set", f"source.file={text}", "--out", out, *flags)
        self.assertEqual(done.code, 0, done.err)
        return next(os.path.join(Run(out).folder, "checkpoint", f)
                    for f in os.listdir(os.path.join(Run(out).folder, "checkpoint")) if f.endswith("-s0.safetensors"))

    def test_a_model_goes_on_with_what_it_learnt(self):
        model = self.trained("--set", "source.format=characters")
        made = run("generate", model, "--prompt", "one ", "--greedy", "--tokens", 200)
        self.assertEqual(made.code, 0, made.err)
        self.assertEqual(made.out, ("one two three\n" * 20)[:204] + "\n")
        self.assertRegex(made.err, r"prompt of 4 tokens in .* s; 200 tokens in .* s, \d+ tokens/s\n")
        prompt = self.write("prompt.txt", "one ")
        self.assertEqual(run("generate", model, "--prompt-file", prompt, "--greedy", "-q"),
                         (0, made.out, ""))
        # Without a prompt it begins where the validation part does.
        self.assertRegex(run("generate", model, "--greedy", "--tokens", 40).out, r"^[onethrw \n]{41}\n$")

        draws = [run("generate", model, "--temperature", 3, "--seed", seed, "-q").out for seed in (0, 0, 1)]
        self.assertEqual(draws[0], draws[1])
        self.assertNotEqual(draws[0], draws[2])
        # Among the likeliest token alone there is no choice.
        self.assertEqual(run("generate", model, "--prompt", "one ", "--top-k", 1, "--temperature", 3, "-q").out, made.out)

        rows = [
            (["--prompt", "xyz"], '--prompt: "x" does not occur in the text that the model was trained on'),
            (["--prompt", ""], "--prompt: is empty"),
            (["--prompt-file", "/nowhere"], "--prompt-file"),
            (["--prompt", "a", "--prompt-file", prompt], "both give the prompt"),
            (["--greedy", "--temperature", "1"], "leave one of the two out"),
            (["--greedy", "--top-k", "1"], "leave one of the two out"),
            (["--temperature", "0"], '--temperature: expected a number from 0.001 to 1000, got "0"'),
            (["--tokens", "0"], "--tokens"),
            (["--set", "body.width=64"], "an evaluation trains nothing"),
        ]
        for (flags, complaint), done in side_by_side(lambda flags, _: run("generate", model, *flags), rows):
            with self.subTest(flags=flags):
                self.assertEqual((done.code, done.out), (2, ""), done.err)
                self.assertIn(complaint, done.err)
                self.assertEqual(done.err.count("\n"), 1, done.err)

    def test_a_sparse_kind_and_bytes(self):
        model = self.trained("--set", "attention.kind=window", "--set", "attention.k=8")
        made = run("generate", model, "--prompt", "one ", "--greedy", "--tokens", 30)
        self.assertEqual(made.out, ("one two three\n" * 4)[:34] + "\n")
        self.assertIn("without a cache", made.err)

    def test_models_that_cannot(self):
        seeing = self.trained("--set", "body.causal=false", "--set", "windows.batches_per_epoch=2")
        done = run("generate", seeing, "--prompt", "one")
        self.assertEqual((done.code, done.out), (2, ""), done.err)
        self.assertIn("move with later tokens", done.err)
        other = os.path.join(self.folder, "drawn")
        done = run("validate-bespoke", "--preset", "focused", "--epochs", "1", "--seeds", "0", "--arms", "standard",
                   "--device", "cpu", "--out", other)
        done = run("generate", Run(other).checkpoint("standard-s0"))
        self.assertEqual(done.code, 2)
        self.assertIn("was trained on zipf_iid, whose tokens are no text", done.err)
        missing = run("generate", "/nowhere/standard-s0.safetensors")
        self.assertEqual(missing.code, 2)


if __name__ == "__main__":
    unittest.main()
