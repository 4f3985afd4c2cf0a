"""scripts/export: a run for TensorBoard, MLflow and W&B, through their packages where they are installed."""

import glob
import importlib.util
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


if __name__ == "__main__":
    unittest.main()
