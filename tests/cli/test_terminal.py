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


def on_terminal(command, width=120, everything=False, interrupt_at=None, **changes):
    """Runs with stderr on a pseudo-terminal, stdout too if `everything`; returns exit code, stdout, what the terminal
    got. interrupt_at: presses ^C there once this pattern has appeared."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    env = {k: v for k, v in environment(**changes).items() if v is not None}
    own_terminal = lambda: (os.setsid(), fcntl.ioctl(2, termios.TIOCSCTTY, 0))
    process = subprocess.Popen([BINARY, *command], stdin=slave if interrupt_at else subprocess.DEVNULL,
                               stdout=slave if everything else subprocess.PIPE, stderr=slave, env=env,
                               preexec_fn=own_terminal)
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
            if interrupt_at and re.search(interrupt_at, seen.decode(errors="replace")):
                os.write(master, b"\x03")
                interrupt_at = None
        out = process.communicate(timeout=TIMEOUT)[0]
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return process.returncode, (out or b"").decode(), seen.decode()


def screen(seen):
    """The lines that a terminal shows after this: letters, line ends, up, and erasing to the end of the screen."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\033\[\d*[A-Za-z]|.", seen.replace("\r\n", "\r\n"), re.S):
        if part == "\r":
            column = 0
        elif part == "\n":
            row += 1
            lines.extend([""] * (row + 1 - len(lines)))
        elif part.startswith("\033[") and part.endswith("A"):
            row -= int(part[2:-1] or 1)
        elif part == "\033[J":
            lines = lines[:row] + [lines[row][:column]]
        elif not part.startswith("\033"):
            lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + 1:]
            column += 1
    return lines


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

    def test_live_lines_fit_a_narrow_terminal_and_keep_the_time_left(self):
        for width, changes in ((40, {}), (60, {}), (120, {"COLUMNS": "40"})):
            seen = self.terminal("--fresh", width=width, **changes)
            lines = [line for line in re.split(r"\r?\n", re.sub(r"\033\[[0-9;]*[A-Za-z]", "\n", seen))
                     if re.match(r"(standard|bespoke)-s\d +epoch", line)]
            self.assertTrue(lines)
            for line in lines:
                self.assertLess(len(line), min(width, int(changes.get("COLUMNS", width))), line)
                self.assertRegex(line, r"  (\d+s|\?) left$")

    def test_interrupted_it_leaves_a_clean_screen(self):
        command = ["train", "--preset", "sparse", "--device", "cpu", "--set", "source.tokens=6000", "--epochs", "1",
                   "--set", "windows.batches_per_epoch=10", "--set", "train.selector_steps=1000000", "--out", self.out]
        code, _, seen = on_terminal(command, interrupt_at=r"selector +step")
        self.assertEqual(code, 130, seen)
        lines = [line for line in screen(seen) if line]
        self.assertRegex(lines[-1], r"^ate: interrupted; ")
        for line in lines[:-1]:
            self.assertRegex(line, r"^(\d\d:\d\d:\d\d |warning: )")

    def test_tables_fit_the_terminal(self):
        for width in (60, 80):
            code, _, seen = on_terminal(["compute-analysis", "--show", "all"], width=width, everything=True)
            self.assertEqual(code, 0, seen)
            lines = seen.splitlines()
            self.assertEqual([line for line in lines if len(line) > width], [])
            # Whole columns: under each heading a rule, under each rule as many rows as there are shapes.
            self.assertIn("published", seen)
            self.assertGreaterEqual(len(re.findall(r"(?m)^  1,280  2,048 ", seen)), 4)

    def test_tables_are_whole_where_stdout_is_no_terminal(self):
        code, out, _ = on_terminal(["compute-analysis"], width=40)
        self.assertEqual(code, 0)
        self.assertGreater(max(map(len, out.splitlines())), 80)
        self.assertEqual(out, on_terminal(["compute-analysis"], width=40, COLUMNS="40")[1])

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
