"""Bodies of docs/bodies.md: each config there trains, is told its kernels, and goes on after a stop in the same bits."""

import glob
import json
import os
import re
import signal
import unittest

from harness import Case, read_json, reference_run, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL = ["--device", "cpu", "--epochs", "2", "--set", "source.tokens=6000", "--set", "source.vocabulary=50",
         "--set", "windows.batches_per_epoch=10", "--set", "body.width=16", "--set", "evaluation.every=1"]
# Long enough to be stopped in the middle.
LLAMA = ["validate-bespoke", "--preset", "medium", "--epochs", "4", "--seeds", "0", "--device", "cpu", "--arms",
         "standard,tied", "--set", "windows.batches_per_epoch=40", "--set", "source.tokens=10000", "--set",
         "source.vocabulary=100", "--set", "evaluation.every=2",
         "--set", 'body={"width": 32, "norm": "pre", "normalisation": "rms", "final_norm": true, "bias": false, '
         '"activation": "swiglu", "feedforward_width": 40, "positions": "rotary", "kv_heads": 2, "qk_norm": true, '
         '"dropout_embedding": 0.1, "init": "gpt2"}']


def documented():
    with open(os.path.join(ROOT, "docs", "bodies.md"), encoding="utf-8") as file:
        return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", file.read(), re.DOTALL)]


class Bodies(Case):
    def test_what_the_document_shows_trains_by_the_kernels_that_it_names(self):
        configs = documented()
        self.assertEqual(len(configs), 2)
        told = []
        for i, config in enumerate(configs):
            out = os.path.join(self.folder, str(i))
            file = self.write(f"{i}.json", config)
            result = json.loads(self.study("--format", "json", "-q", study=["train", "--config", file, *SMALL], out=out).out)
            self.assertEqual(result["status"], "finished")
            self.assertEqual(result["leak"], 0)
            progress = read_json(glob.glob(os.path.join(out, "progress_*.json"))[0])
            self.assertEqual((progress["kernels"], progress["kernels_reason"]), (result["kernels"], result["kernels_reason"]))
            told.append((result["kernels"], result["kernels_reason"]))
        self.assertEqual(told, [("fused", "")] * 2)

    def test_a_table_says_which_kernels_trained_each_arm(self):
        out = self.study("--preset", "medium", "--seeds", "0", "--arms", "standard", "--arm", "near:attention.kind=window", *SMALL,
                         study=["study"]).out
        self.assertIn("kernels: fused; near: fused (window attention by plain operations)", out)

    def test_a_llama_like_study_goes_on_after_a_stop_in_the_same_bits(self):
        reference = reference_run(LLAMA)
        process = self.start("--save-every", "0", study=LLAMA)
        wait_until(self.trained_something, "a checkpoint")
        process.kill(signal.SIGKILL)
        process.wait()
        self.study(study=LLAMA)
        self.assert_same_run(self.run_files, reference)


if __name__ == "__main__":
    unittest.main()
