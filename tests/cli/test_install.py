"""cmake --install: a folder that can be moved, and runs without the build and the source."""

import os
import re
import shutil
import subprocess
import unittest

from harness import BINARY, FOCUSED, Case, environment

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.dirname(BINARY)


def command(*words, **options):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "cmake_install.cmake")), f"{BUILD} is no build folder of CMake's")
@unittest.skipUnless(shutil.which("cmake"), "cmake is not installed")
class Install(Case):
    def setUp(self):
        super().setUp()
        first = os.path.join(self.folder, "first")
        done = command("cmake", "--install", BUILD, "--prefix", first)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.prefix = os.path.join(self.folder, "moved")
        os.rename(first, self.prefix)

    def path(self, *parts):
        return os.path.join(self.prefix, *parts)

    def test_the_folder_stands_by_itself(self):
        ate = self.path("bin", "ate")
        with self.subTest("its libraries are its own or the system's"):
            found = re.findall(r"=> (/\S+)", command("ldd", ate, env=environment()).stdout)
            self.assertGreater(len(found), 3)
            system = ("/lib", "/usr/lib", "/lib64")
            elsewhere = [path for path in found if not path.startswith((self.prefix, *system))]
            self.assertEqual(elsewhere, [])
            self.assertNotRegex(command("ldd", ate).stdout, "not found")
        with self.subTest("it runs"):
            done = command(ate, *FOCUSED, "--out", self.out, env=environment(), cwd=self.prefix)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("bespoke", done.stdout)
        with self.subTest("nothing names the place where it was built"):
            dynamic = command("readelf", "-d", ate)
            if dynamic.returncode == 0:
                self.assertRegex(dynamic.stdout, r"R(UN)?PATH.*\[\$ORIGIN/[^:]*\]")
        with self.subTest("what lies beside it"):
            for path in ("share/man/man1/ate.1", "share/man/man1/ate-config-show.1",
                         "share/bash-completion/completions/ate", "share/zsh/site-functions/_ate",
                         "share/fish/vendor_completions.d/ate.fish", "share/ate/configs/schema.json",
                         "share/ate/scripts/load_checkpoint.py", "share/doc/ate/README.md", "share/doc/ate/docs/method.md",
                         "share/doc/ate/copyright"):
                self.assertTrue(os.path.getsize(self.path(*path.split("/"))) > 0, path)
            shell = command("bash", "-c", 'source "$1" && complete -p ate', "bash",
                            self.path("share", "bash-completion", "completions", "ate"))
            self.assertEqual(shell.stdout.strip(), "complete -F _ate ate")


if __name__ == "__main__":
    unittest.main()
