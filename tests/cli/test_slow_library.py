"""find_package(ate): the example of docs/library.md builds against the installed library, and its numbers are right."""

import math
import os
import re
import shutil
import statistics
import subprocess
import unittest

from harness import BINARY, Case, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(os.path.dirname(BINARY), "CMakeCache.txt")
KEPT = r"^((?:ATE_HEADERS|ATE_LIBTORCH_INCLUDE|CMAKE_CXX_COMPILER|CMAKE_BUILD_TYPE)(?::\w+)?=.+)$"  # where things are
DIFFERENCES = [0.021, 0.013, 0.017, 0.009, 0.024, 0.011]  # of the example


@unittest.skipUnless(os.path.exists(CACHE) and shutil.which("cmake"), "needs cmake and its build folder")
class Library(Case):
    def call(self, *words):
        done = subprocess.run(words, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_the_example(self):
        with open(CACHE, encoding="utf-8") as file:
            kept = ["-D" + line for line in re.findall(KEPT, file.read(), re.MULTILINE)]
        self.call("cmake", "-S", ROOT, "-B", "build", "-DATE_LIBRARY=ON", "-DATE_TESTS=OFF", *kept)
        self.call("cmake", "--build", "build", "--target", "ate_library", "-j", "2")
        self.call("cmake", "--install", "build", "--prefix", "installed", "--component", "library")
        shutil.rmtree(os.path.join(self.folder, "build"))
        self.call("cmake", "-S", os.path.join(ROOT, "examples", "library"), "-B", "example",
                  "-DCMAKE_PREFIX_PATH=" + os.path.join(self.folder, "installed"))
        self.call("cmake", "--build", "example")
        program = os.path.join(self.folder, "example", "example")
        self.assertNotIn("torch", self.call("ldd", program))
        source, numbers, attention = self.call(program).splitlines()

        shown = run("source", "show", "--preset", "focused", "--set", "source.kind=zipf_markov", "--set",
                    "source.vocabulary=100", "--set", "source.tokens=20000").out
        floor = re.search(r"floor (\S+) nats$", source).group(1)
        self.assertIn(floor, shown)
        self.assertGreater(float(re.search(r"frequency (\S+) nats", source).group(1)), float(floor))

        mean, low, high, _, sign_flip, anytime = map(float, re.findall(r"\d\.\d+", numbers))
        half = 2.570582 * statistics.stdev(DIFFERENCES) / math.sqrt(6)  # t of 5 degrees of freedom
        expected = statistics.mean(DIFFERENCES)
        for computed, value in ((mean, expected), (low, expected - half), (high, expected + half), (sign_flip, 2 / 64)):
            self.assertAlmostEqual(computed, value, delta=6e-5)
        self.assertLess(anytime, 0.05)

        self.assertLess(float(attention.split()[-1]), 1e-5)


if __name__ == "__main__":
    unittest.main()
