"""stderr on a terminal: lines that update in place, unless they are not wanted. stdout stays clean."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unittest

from harness import BINARY, MEDIUM, TIMEOUT, Case, environment

CURSOR = "\033["                                   # any control sequence
COLOUR = re.compile(r"\033\[[0-9;]*m")             # one that colours
LIVE = re.compile(r"standard-s0 +epoch +\d+/4  train .* nats  floor \d\.\d{4}  \d+ steps/s  \d+s left")


def on_terminal(command, width=120, **changes):
    """Runs with stderr on a pseudo-terminal; returns exit code, stdout, what the terminal got."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    env = {k: v for k, v in environment(**changes).items() if v is not None}
    process = subprocess.Popen([BINARY, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave,
                               env=env)
    os.close(slave)
    seen = b""
    end = time.monotonic() + TIMEOUT
    try:
        while time.monotonic() < end:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                piece = os.read(master, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            seen += piece
        out = process.communicate(timeout=TIMEOUT)[0]
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return process.returncode, out.decode(), seen.decode()


class Terminal(Case):
    def terminal(self, *flags, **changes):
        code, out, seen = on_terminal([*MEDIUM, "--jobs", "2", "--out", self.out, *flags], **changes)
        self.assertEqual(code, 0, seen)
        self.assertNotIn("\033", out)
        self.assertTrue(out.startswith("medium, corrected mode"), out[:100])
        return seen

    def test_live_lines(self):
        seen = self.terminal()
        self.assertRegex(seen, LIVE)
        self.assertRegex(seen, r"\033\[\d+A\033\[J")  # up and erase: they update in place
        # The last evaluation of each trial stays in the log, the others were in the live line.
        self.assertEqual(len(re.findall(r"standard-s0: epoch 4/4, loss", seen)), 1)
        self.assertNotIn("standard-s0: epoch 1/4, loss", seen)
        # At the end nothing is left of the live lines: after the last erasing there are only log lines.
        self.assertNotRegex(seen.rsplit("\033[J", 1)[-1], "steps/s")

    def test_live_lines_fit_a_narrow_terminal(self):
        seen = self.terminal(width=40)
        for line in re.split(r"\r?\n", re.sub(r"\033\[[0-9;]*[A-Za-z]", "\n", seen)):
            if re.match(r"(standard|bespoke)-s\d +epoch", line):
                self.assertLess(len(line), 40, line)

    def test_plain(self):
        seen = self.terminal("--plain")
        self.assertNotIn(CURSOR, seen)
        self.assertRegex(seen, r"standard-s0: epoch 1/4, loss")

    def test_dumb_terminal(self):
        for term in ("dumb", None):
            with self.subTest(TERM=term):
                seen = self.terminal("--fresh", TERM=term)
                self.assertNotIn(CURSOR, seen)
                self.assertRegex(seen, r"standard-s0: epoch 1/4, loss")

    def diverging(self, **changes):
        """A study that warns."""
        command = ["validate-bespoke", "--preset", "focused", "--epochs", "2", "--seeds", "0", "--device", "cpu",
                   "--set", "optimiser.learning_rate=1e38", "--out", self.out, "--fresh"]
        code, out, seen = on_terminal(command, **changes)
        self.assertEqual(code, 3, seen)
        self.assertNotIn("\033", out)
        return seen

    def test_warnings_are_coloured_unless_no_color(self):
        self.assertRegex(self.diverging(), COLOUR)
        for changes in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            seen = self.diverging(**changes)
            self.assertNotRegex(seen, COLOUR)
            self.assertIn("warning: ", seen)

    def test_no_color_keeps_the_live_lines(self):
        seen = self.terminal(NO_COLOR="1")
        self.assertNotRegex(seen, COLOUR)
        self.assertRegex(seen, LIVE)

    def test_quiet_shows_nothing(self):
        self.assertEqual(self.terminal("-q"), "")


if __name__ == "__main__":
    unittest.main()
