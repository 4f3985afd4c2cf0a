"""cpack -G DEB: the Debian package runs from where it is unpacked, and depends on what it does not bring."""

import glob
import os
import shutil
import subprocess
import unittest

from harness import BINARY, FOCUSED, Case, environment

BUILD = os.path.dirname(BINARY)
TOOLS = ("cpack", "dpkg-deb", "dpkg-shlibdeps", "ldd")


@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "CPackConfig.cmake")), f"{BUILD} has no package to make")
@unittest.skipUnless(all(map(shutil.which, TOOLS)), "needs " + ", ".join(TOOLS))
class Package(Case):
    def call(self, *words, **options):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_the_package(self):
        self.call("cpack", "-G", "DEB", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", self.folder, cwd=BUILD)
        [package] = glob.glob(os.path.join(self.folder, "*.deb"))
        depends = self.call("dpkg-deb", "-f", package, "Depends")
        self.assertIn("libc6 (>=", depends)
        self.assertNotIn("torch", depends)
        root = os.path.join(self.folder, "root")
        self.call("dpkg-deb", "-x", package, root)
        ate = os.path.join(root, "usr", "bin", "ate")
        libraries = self.call("ldd", ate)
        self.assertNotIn("not found", libraries)
        self.assertIn(os.path.join(root, "usr", "bin", "..", "lib", "ate", "libtorch_cpu.so"), libraries)
        self.assertIn("bespoke", self.call(ate, *FOCUSED, "--out", self.out, env=environment()))


if __name__ == "__main__":
    unittest.main()
