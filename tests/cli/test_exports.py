"""scripts/export: a run for TensorBoard, MLflow and W&B, a sweep's table as Parquet, through their packages where installed."""

import glob
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import unittest

from harness import FOCUSED, Case, run

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "export")
# The package of each script, and a file that shows that it wrote something.
KINDS = {"tensorboard": ("tensorboardX", "**/events.out.tfevents.*"), "mlflow": ("mlflow", "**/validation_loss"),
         "wandb": ("wandb", "**/*.wandb")}


class Exports(Case):
    def export(self, kind, *args, python=(sys.executable,)):
        return subprocess.run([*python, os.path.join(SCRIPTS, f"to_{kind}.py"), *args], capture_output=True, text=True,
                              timeout=120, check=False, cwd=self.folder)

    def setUp(self):
        super().setUp()
        if not hasattr(Exports, "shared"):
            Exports.shared = os.path.join(self.folder + "-shared")
            unittest.addModuleCleanup(shutil.rmtree, Exports.shared, ignore_errors=True)
            done = run(*FOCUSED, "--out", Exports.shared)
            self.assertEqual(done.code, 0, done.err)
        self.run_folder = glob.glob(os.path.join(Exports.shared, "runs", "*"))[0]

    def test_a_missing_package_is_named(self):
        for kind, (name, _) in KINDS.items():
            # -S -I: the standard library alone, whatever is installed; -I leaves the script's folder out too.
            code = f"import sys, runpy; sys.path.insert(0, {SCRIPTS!r}); sys.argv = sys.argv[1:]; " \
                   "runpy.run_path(sys.argv[0], run_name='__main__')"
            done = self.export(kind, self.run_folder, python=(sys.executable, "-S", "-I", "-c", code))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, rf"^to_{kind}.py: needs the Python package {name}.*pip install {name}\n$")
        self.assertEqual(os.listdir(self.folder), [])

    def test_no_run(self):
        for kind in KINDS:
            done = self.export(kind, self.folder)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, rf"^to_{kind}.py: .*is no run's folder: it has no config.json\n$")

    def test_with_the_package(self):
        written = []
        for kind, (name, pattern) in KINDS.items():
            if importlib.util.find_spec(name) is None:
                continue
            done = self.export(kind, self.run_folder, "--to", os.path.join(self.folder, kind))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(glob.glob(os.path.join(self.folder, kind, pattern), recursive=True), kind)
            written.append(kind)
        if not written:
            self.skipTest("none of tensorboardX, mlflow and wandb is installed for this Python")


def installed(name):
    return importlib.util.find_spec(name) is not None


class Tables(Case):
    """One of two jobs has run, and each sets what the other does not."""
    SWEEP = {"extends": "focused", "name": "table", "device": "cpu", "schedule": {"epochs": 1},
             "windows": {"batches_per_epoch": 2}, "study": {"arms": ["standard", "bespoke"], "seeds": "0..1"},
             "list": [{"body.width": 16, "optimiser.learning_rate": 1},
                      {"optimiser.learning_rate": 0.5, "body.init": "normal"}]}
    WHOLE, NUMBER, TEXT = "seed steps parameters body.width", \
        "loss excess accuracy seconds flops difference ci95_low ci95_high p_holm optimiser.learning_rate", \
        "sweep job arm status baseline verdict body.init"

    def setUp(self):
        super().setUp()
        if not hasattr(Tables, "text"):
            file = self.write("table.json", json.dumps(self.SWEEP))
            done = run("sweep", "run", file, "--out", self.out, "--shard", "0/2", "-q")
            self.assertEqual(done.code, 0, done.err)
            Tables.text = {f: run("sweep", "collect", self.out, "--format", f).out for f in ("csv", "jsonl")}

    def to_parquet(self, text, to):
        return subprocess.run([sys.executable, os.path.join(SCRIPTS, "to_parquet.py"), "--to", to], input=text,
                              capture_output=True, text=True, timeout=120, check=False)

    def test_parquet(self):
        if not installed("pyarrow"):
            self.skipTest("pyarrow is not installed for this Python")
        import pyarrow.parquet
        path = os.path.join(self.folder, "table.parquet")
        done = self.to_parquet(self.text["jsonl"], path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        table = pyarrow.parquet.read_table(path)
        for names, kind in ((self.WHOLE, "int64"), (self.NUMBER, "double"), (self.TEXT, "string")):
            for name in names.split():
                self.assertEqual(str(table.schema.field(name).type), kind, name)
        rows = [json.loads(line) for line in self.text["jsonl"].splitlines()]
        for row in rows:
            del row["table"]
        self.assertEqual(table.to_pylist(), rows)
        self.assertEqual(table.column("loss").null_count, 4)

    def test_what_is_no_table(self):
        if not installed("pyarrow"):
            self.skipTest("pyarrow is not installed for this Python")
        to = os.path.join(self.folder, "no.parquet")
        for text, why in [("", "no rows came in"), ("a,b\n1,2\n", "line 1: is no row"), ("[1]\n", "line 1: is no row"),
                          ('{"table": "a"}\n{"table": "b"}\n', "has the tables a, b: choose one")]:
            done = self.to_parquet(text, to)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, rf"^to_parquet.py: {why}.*\n$")
        self.assertFalse(os.path.exists(to))
        done = self.to_parquet(self.text["jsonl"], os.path.join(self.folder, "none", "x.parquet"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^to_parquet.py: .*cannot be written: .*\n$")

    def assert_types(self, table, types):
        """A whole column may be read as float64 where a row lacks a value: pandas has no other for it."""
        for names, allowed in ((self.WHOLE, "int64 float64"), (self.NUMBER, "float64"), (self.TEXT, "str string object")):
            for name in names.split():
                if name != "accuracy":  # empty in every row
                    self.assertIn(types[name].lower(), allowed.split(), name)
        self.assertEqual(len(table), 8)

    def test_pandas_reads_the_types(self):
        if not installed("pandas"):
            self.skipTest("pandas is not installed for this Python")
        import pandas
        for table in (pandas.read_csv(io.StringIO(self.text["csv"])),
                      pandas.read_json(io.StringIO(self.text["jsonl"]), lines=True)):
            self.assert_types(table, {name: str(kind) for name, kind in table.dtypes.items()})

    def test_polars_reads_the_types(self):
        if not installed("polars"):
            self.skipTest("polars is not installed for this Python")
        import polars
        for table in (polars.read_csv(io.StringIO(self.text["csv"]), infer_schema_length=None),
                      polars.read_ndjson(io.StringIO(self.text["jsonl"]), infer_schema_length=None)):
            self.assert_types(table, {name: str(kind) for name, kind in table.schema.items()})


if __name__ == "__main__":
    unittest.main()
