"""Help, version, and what is said to a mistyped command."""

import os
import re
import shutil
import subprocess
import unittest

from harness import Case, environment, read_bytes, run, side_by_side

COMMANDS = [[], ["validate-bespoke"], ["study"], ["widths"], ["sweep"], ["sweep", "plan"], ["sweep", "run"], ["sweep", "retry"], ["sweep", "status"],
            ["sweep", "collect"], ["train"], ["generate"], ["demo"], ["report"], ["compare"], ["status"],
            ["compute-analysis"], ["gpt4-analysis"], ["audit"],
            ["bench"], ["bench", "step"], ["bench", "attention"], ["bench", "startup"],
            ["source"], ["source", "show"], ["source", "write"], ["config"], ["config", "list"], ["config", "show"],
            ["config", "diff"], ["config", "reference"], ["config", "schema"], ["completions"], ["help"]]
ARMS = ["standard", "tied", "bespoke", "reversed", "random_band", "uniform_projected", "param_matched", "factorised",
        "mixed_dim", "allocated", "adaptive", "aa", "known_worse"]
ATTENTION = ["dense", "mlp_topk", "oracle_topk", "window", "lowrank_topk", "block_topk",
             "certified", "threshold", "indexer"]

# command line, what the one line says
USAGE_ERRORS = [
    (["--versoin"], r'^ate: --versoin: unknown flag .*did you mean "--version"\?'),
    (["validate-bespoke", "--presett", "focused"],
     r'^ate: --presett: unknown flag .*did you mean "--preset"\?.*; see ate validate-bespoke --help$'),
    (["validate-bespoke", "--preset", "focused", "--sed=3"], r'^ate: --sed: .*did you mean "--se[te]'),
    (["validate-bespoke", "--preset", "focused", "--zzzzzzzz"], r"^ate: --zzzzzzzz: unknown flag; see "),
    (["validate-bespoke", "--preset"], r"--preset: takes one value, once"),
    (["config", "show", "--presett", "focused"], r'did you mean "--preset"\?.*; see ate config show --help$'),
    (["config", "list", "focused"], r"^ate: focused: unexpected word; see ate config list --help$"),
    (["compare", "here"], r"RIGHT is required; see ate compare --help$"),
    (["config", "diff", "focused"], r"RIGHT is required; see ate config diff --help$"),
]


class Help(Case):
    def test_every_command_explains_itself(self):
        rows = [(command, "--help") for command in COMMANDS] + [(COMMANDS[0], "-h")]
        for (command, flag), outcome in side_by_side(lambda command, flag: run(*command, flag), rows):
            with self.subTest(command=command, flag=flag):
                self.assertEqual((outcome.code, outcome.err), (0, ""))
                self.assertIn(" ".join(["Usage: ate", *command]), outcome.out)

    def test_help_as_a_subcommand_is_the_same(self):
        for command, outcome in side_by_side(lambda *command: run("help", *command), COMMANDS):
            with self.subTest(command=command):
                self.assertEqual((outcome.code, outcome.err), (0, ""))
                self.assertEqual(outcome.out, run(*command, "--help").out)

    def test_a_missing_or_unknown_subcommand_is_answered_with_all_of_them(self):
        top = ["demo", "validate-bespoke", "study", "widths", "sweep", "train", "generate", "compute-analysis", "gpt4-analysis", "report", "compare",
               "status", "audit", "bench", "source", "config", "completions", "help"]
        config, bench = ["list", "show", "diff", "reference", "schema"], ["step", "attention", "startup"]
        rows = [
            ([], r"^ate: a subcommand is missing; there are$", top, "ate"),
            (["config"], r"^ate: config: a subcommand is missing; there are$", config, "ate config"),
            (["bench"], r"^ate: bench: a subcommand is missing; there are$", bench, "ate bench"),
            (["invent"], r"^ate: invent: no such subcommand; there are$", top, "ate"),
            (["invent", "--help"], r"^ate: invent: no such subcommand; there are$", top, "ate"),
            (["invent", "--length", "3"], r"^ate: invent: no such subcommand; there are$", top, "ate"),
            (["validate-bespok"], r'^ate: validate-bespok: .* \(did you mean "validate-bespoke"\?\); there are$', top,
             "ate"),
            (["config", "shwo"], r'^ate: shwo: .*did you mean "show"\?', config, "ate config"),
            (["help", "trian"], r'^ate: trian: .*did you mean "train"\?', top, "ate"),
            (["help", "bench", "stp"], r'^ate: stp: .*did you mean "step"\?', bench, "ate bench"),
            (["\x1b[2J"], r"^ate: \\x1b\[2J: no such subcommand", top, "ate"),
        ]
        for (command, line, names, parent), outcome in side_by_side(lambda command, *_: run(*command), rows):
            with self.subTest(command=command):
                self.assertEqual((outcome.code, outcome.out), (2, ""))
                lines = outcome.err.splitlines()
                self.assertRegex(lines[0], line)
                self.assertEqual([l.split()[0] for l in lines if re.match(r"  \S", l)], names)
                for row in lines[1:-1]:
                    self.assertRegex(row, r"^  \S+ +\w|^ {8}")  # each with what it does
                self.assertEqual(lines[-1], f"See {parent} SUBCOMMAND --help.")

    def test_help_of_what_has_no_subcommands(self):
        self.assert_error(run("help", "train", "fast"), 2, r"fast: ate train has no subcommands; see ate train --help$")

    def test_help_fits_the_terminal(self):
        long = [["validate-bespoke"], ["train"], ["compute-analysis"]]
        rows = [(command, 60) for command in COMMANDS] + [(command, columns) for command in long for columns in (200, 40)]
        attempt = lambda command, columns: run(*command, "--help", env=environment(COLUMNS=str(columns)))
        for (command, columns), outcome in side_by_side(attempt, rows):
            longer = [l for l in outcome.out.splitlines() if len(l) > min(columns, 100) and len(l.split()) > 1]
            with self.subTest(command=command, columns=columns):
                self.assertEqual((outcome.code, longer), (0, []))
        wide, narrow = (run("validate-bespoke", "--help", env=environment(COLUMNS=c)).out for c in ("100", "40"))
        self.assertEqual(sorted(wide.replace("\\\n", "").split()), sorted(narrow.replace("\\\n", "").split()))

    def test_without_a_terminal_help_is_80_wide(self):
        for columns in (None, "", "x", "-3", "0"):
            env = environment() if columns is None else environment(COLUMNS=columns)
            text = run("train", "--help", env=env).out
            self.assertEqual(text, run("train", "--help", env=environment(COLUMNS="80")).out)
        self.assertGreater(max(map(len, text.splitlines())), 70)

    def test_examples_are_commands_at_every_width(self):
        text = run("validate-bespoke", "--help", env=environment(COLUMNS="40")).out
        examples = text[text.index("Examples:"):].replace(" \\\n     ", "")
        self.assertIn("  ate validate-bespoke --preset focused --mode published\n", examples)

    def test_arms_and_attention_kinds_have_a_word_each(self):
        for command, heading, names in [("validate-bespoke", "Arms", ARMS), ("train", "Kinds of embedding", ARMS),
                                        ("train", "Kinds of attention", ATTENTION)]:
            text = run(command, "--help", env=environment(COLUMNS="100")).out
            part = text[text.index(heading):]
            for name in names:
                self.assertRegex(part, rf"(?m)^  {name} +\S+ \S+")

    def test_top_level_names_commands_and_exit_codes(self):
        text = run("--help").out
        for word in ("validate-bespoke", "config", "Exit codes", "130", "141", "143"):
            self.assertIn(word, text)

    def test_study_flags_are_listed(self):
        text = run("validate-bespoke", "--help").out
        for flag in ("--preset", "--config", "--set", "--mode", "--device", "--jobs", "--seeds", "--arms",
                     "--epochs", "--out", "--fresh", "--plain", "--format", "--save-every", "--verbose",
                     "--quiet"):
            self.assertIn(flag, text)
        for preset in ("focused", "medium", "long", "definitive"):
            self.assertIn(preset, text)

    def test_version(self):
        outcome = run("--version")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        lines = outcome.out.splitlines()
        self.assertRegex(lines[0], r"^ate \d+\.\d+\.\d+ \(\S+\)$")
        self.assertEqual([line.split(": ")[0] for line in lines[1:]], ["LibTorch", "products", "instructions", "devices"])
        self.assertRegex(lines[1], r"\d+\.\d+")
        self.assertRegex(lines[4], r"\bcpu$")

    def test_manual_pages(self):
        folder = os.path.join(self.folder, "man")
        outcome = run("help", "--man", folder)
        self.assertEqual((outcome.code, outcome.out, outcome.err), (0, "", ""))
        self.assertEqual(sorted(os.listdir(folder)),
                         sorted("-".join(["ate", *command]) + ".1" for command in COMMANDS))
        page = read_bytes(os.path.join(folder, "ate-study.1")).decode()
        sections = re.findall(r"(?m)^\.SH (.+)$", page)
        self.assertEqual(sections[:2], ["NAME", "SYNOPSIS"])
        for name in ("EXPERIMENT", "RUN", "EXAMPLES", "SEE ALSO"):
            self.assertIn(name, sections)
        for flag in re.findall(r"(?m)^  (?:-\w,)?(--[\w-]+)", run("study", "--help").out):
            self.assertIn(flag.replace("-", r"\-"), page)

    def test_manual_pages_are_well_formed(self):
        folder = os.path.join(self.folder, "man")
        run("help", "--man", folder)
        checks = [["man", "--warnings", "-l", "-Tutf8"], ["mandoc", "-T", "lint", "-W", "warning"]]
        checks = [command for command in checks if shutil.which(command[0])]
        if not checks:
            self.skipTest("neither man nor mandoc is installed")
        for command in checks:
            for name in os.listdir(folder):
                done = subprocess.run([*command, os.path.join(folder, name)], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, env=environment(MANPAGER="cat"), check=False)
                complaints = [line for line in done.stdout.splitlines() if re.search("warning|error", line, re.IGNORECASE)
                              and name in line and "missing date" not in line]  # pages carry a version, no date
                with self.subTest(command=command[0], page=name):
                    self.assertEqual(complaints, [])

    def test_manual_pages_refused(self):
        self.assert_error(run("help", "train", "--man", self.folder), 2, r"^ate: --man \S+: .*name none$")
        self.assert_error(run("help", "--man", self.write("file", "")), 1, r"^ate: .*file")

    def test_usage_errors(self):
        attempt = lambda command, _: run(*command, cwd=self.folder)
        for (command, line), outcome in side_by_side(attempt, USAGE_ERRORS):
            with self.subTest(command=command):
                self.assert_error(outcome, 2, line)


if __name__ == "__main__":
    unittest.main()
