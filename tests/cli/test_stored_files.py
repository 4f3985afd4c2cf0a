"""Files of a run that were edited, cut or emptied: named by file and place, or made whole again. And JSON that nests too
deep, wherever JSON is read."""

import copy
import glob
import json
import os
import shutil
import tempfile
import unittest

from harness import FOCUSED, Case, Run, read_bytes, read_json, run, side_by_side, write_bytes

STUDY = [*FOCUSED[:4], "2", *FOCUSED[5:], "--set", "windows.batches_per_epoch=5"]
PIPELINE = ["train", "--preset", "sparse", "--device", "cpu", "--epochs", "1", "--set", "source.tokens=2000",
            "--set", "windows.batches_per_epoch=2", "--set", "windows.length=12", "--set", "body.width=8",
            "--set", "attention.hidden=4", "--set", "train.collect_batches=1", "--set", "train.selector_steps=2",
            "--set", "train.approximator_steps=2", "--set", "train.student_steps=2", "--set", "train.recall_epochs=0",
            "--set", 'train.kinds=["window"]']
DEEP = "[" * 200_000


def places(value, path=()):
    """The path of every value in a document; of a list's items the first stands for all."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def words(text):
    """Without its line ends: notes wrap at the terminal's width."""
    return " ".join(text.split())


def parent_of(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def mutants(document):
    """(what was done, the document with one value of another type, or one value removed)."""
    for path in places(document):
        name = "/" + "/".join(map(str, path))
        other = copy.deepcopy(document)
        value = parent_of(document, path)[path[-1]]
        parent_of(other, path)[path[-1]] = 3 if isinstance(value, (str, dict)) else {"x": []}
        yield "changed", name, other
        part = copy.deepcopy(document)
        del parent_of(part, path)[path[-1]]
        yield "removed", name, part


class StoredFiles(Case):
    """A finished run, copied for each fault."""

    def finished(self, study):
        outcome = self.study(study=study)
        return outcome.out

    def with_file(self, study, name, content):
        """The run with another content of a file; the outcome, and the run's copy."""
        out = os.path.join(tempfile.mkdtemp(dir=self.folder), "out")
        shutil.copytree(self.out, out)
        path, = glob.glob(os.path.join(out, "**", name), recursive=True)
        write_bytes(path, content if isinstance(content, bytes) else
                    (content if isinstance(content, str) else json.dumps(content)).encode())
        outcome = run(*study, "--out", out)
        self.assertNotIn("json.exception", outcome.err)
        return outcome, Run(out)

    def path_of(self, name):
        return glob.glob(os.path.join(self.out, "**", name), recursive=True)[0]

    def all_mutants(self, study, name, step=1):
        """Each of them, or one in `step`."""
        rows = list(mutants(read_json(self.path_of(name))))[::step]
        yield from side_by_side(lambda how, place, content: self.with_file(study, name, content), rows)

    def test_plan(self):
        table = self.finished(STUDY)
        for (how, place, _), (outcome, _) in self.all_mutants(STUDY, "plan.json"):
            with self.subTest(how=how, place=place):
                if how == "changed" and place != "/extended":  # which follows from the requests
                    self.assert_error(outcome, 1, rf"plan\.json: {place}: expected .*, got ")
                    continue
                self.assertEqual(outcome.code, 0, outcome.err)
                if outcome.out != table:
                    self.assertRegex(words(outcome.out), r"not what was planned .*plan\.json was")

    def test_what_a_plan_loses_is_put_back(self):
        table = self.finished(STUDY)
        for key in ("margin", "epochs", "seeds", "metric", "arms", "seeds_for_verdict"):
            plan = read_json(self.path_of("plan.json"))
            del plan["requests"][0][key]
            outcome, files = self.with_file(STUDY, "plan.json", plan)
            self.assertEqual((outcome.code, outcome.out), (0, table), key)
            self.assertEqual(read_json(files.path("plan.json")), read_json(self.path_of("plan.json")))

    def test_a_lost_plan_is_named(self):
        self.finished(STUDY)
        os.remove(self.path_of("plan.json"))
        for _ in range(2):  # and stays so
            outcome = self.study(study=STUDY)
            self.assertIn("the plan is lost, as plan.json was removed or emptied", words(outcome.out))
        write_bytes(self.path_of("plan.json"), b"")
        self.assert_error(run(*STUDY, "--out", self.out), 1, r"plan\.json:1:1: not valid JSON")

    def test_result_and_progress(self):
        table = self.finished(STUDY)
        for name, step in (("result.json", 9), ("progress_standard_s0_*.json", 1)):
            for (how, place, _), (outcome, files) in self.all_mutants(STUDY, name, step):
                with self.subTest(name=name, how=how, place=place):
                    self.assertEqual((outcome.code, outcome.out), (0, table), outcome.err)
                    if name == "result.json":
                        self.assertEqual(read_bytes(files.path("result.json")), read_bytes(self.path_of("result.json")))
                    elif place == "/seconds":
                        self.assertRegex(outcome.err, r"progress_standard_s0_\S+json: /seconds: ")

    def test_emptied_results_are_whole_again(self):
        table = self.finished(STUDY)
        for name in ("result.json", "results_*.json"):
            for content in ("", "{", "null", DEEP):
                outcome, files = self.with_file(STUDY, name, content)
                self.assertEqual((outcome.code, outcome.out), (0, table), outcome.err)
                self.assertEqual(files.result(), self.run_files.result())
                self.assertEqual(read_json(files.path("result.json")), self.run_files.result())

    def test_environment(self):
        """Read when a run is taken up again; nothing in it stops that."""
        table = self.finished(STUDY)
        whole = read_json(self.path_of("environment.json"))
        for checkpoint in glob.glob(os.path.join(self.run_files.folder, "checkpoint", "bespoke-s1.*")):
            os.remove(checkpoint)
        for name in ("DONE", "trials.json"):
            os.remove(self.run_files.path(name))
        contents = [m for _, _, m in mutants(whole)] + ["", '{"instr', "[]", DEEP]
        rows = [(content,) for content in contents]
        for (content,), (outcome, files) in side_by_side(
                lambda content: self.with_file(STUDY, "environment.json", content), rows):
            with self.subTest(content=str(content)[:200]):
                self.assertEqual((outcome.code, outcome.out), (0, table), outcome.err)
                self.assertEqual(read_json(files.path("environment.json"))["ate"], whole["ate"])
                if content in ("", DEEP):
                    self.assertRegex(outcome.err, r"environment\.json:1:\d+: .*; going on without it")

    def test_compare(self):
        self.finished(STUDY)
        folder = self.run_files.folder
        write_bytes(self.path_of("environment.json"), DEEP.encode())
        outcome = run("compare", folder, folder)
        self.assertEqual(outcome.code, 0, outcome.err)
        write_bytes(self.path_of("config.json"), DEEP.encode())
        self.assert_error(run("compare", folder, folder), 2, r"config\.json:1:101: nested deeper than 100 levels")

    def test_pipeline(self):
        table = self.finished(PIPELINE)
        result = self.run_files.result()
        for (how, place, _), (outcome, files) in self.all_mutants(PIPELINE, "result.json", 15):
            with self.subTest(how=how, place=place):
                self.assertEqual((outcome.code, outcome.out), (0, table), outcome.err)
                self.assertEqual(files.result(), result)
                self.assertEqual(read_json(files.path("result.json")), result)
        for name, content, pattern in [("result.json", "", r"result\.json:1:1: not valid JSON"),
                                       ("result.json", DEEP, r"result\.json:1:101: nested deeper"),
                                       ("result.json", [], r"result\.json: expected an object, got \[\]"),
                                       ("results_*.json", "", r".*")]:
            outcome, files = self.with_file(PIPELINE, name, content)
            self.assertEqual((outcome.code, outcome.out), (0, table), outcome.err)
            self.assertRegex(outcome.err, pattern)
            self.assertEqual((files.result(), read_json(files.path("result.json"))), (result, result))


class DeepJson(Case):
    def test_everywhere(self):
        deep = self.write("deep.json", DEEP)
        wide = self.write("wide.json", '{"a":' * 20_000 + "1" + "}" * 20_000)
        tensors = self.write("deep.safetensors", len(DEEP).to_bytes(8, "little") + DEEP.encode())
        pattern = r"(deep|wide)\.json:1:\d+: nested deeper than 100 levels$"
        for path in (deep, wide):
            self.assert_error(run("config", "show", "--config", path), 2, pattern)
            self.assert_error(run("compute-analysis", "--config", path), 2, pattern)
        self.assert_error(run("train", "--evaluate", tensors), 2, r"damaged: its header:1:101: nested deeper")
        # A value that does not parse is text, and a path is no deeper than a file.
        for setting in ("windows.length=" + "[" * 50_000, "a." * 30_000 + "a=1"):
            outcome = run("config", "show", "--preset", "focused", "--set", setting)
            self.assertEqual(outcome.code, 2)
            self.assertEqual(len(outcome.err.splitlines()), 1)
            self.assertLess(len(outcome.err), 1000)
            self.assertRegex(outcome.err, r"^ate: --set (windows\.length=\[.*expected a whole number|a\.a.*is not a path)")

    def test_no_end(self):
        self.assert_error(run("config", "show", "--config", "/dev/zero"), 2, r"/dev/zero: is longer than 16 MiB: no config")


if __name__ == "__main__":
    unittest.main()
