"""Help, version, and what is said to a mistyped command."""

import unittest

from harness import Case, run, side_by_side

COMMANDS = [[], ["validate-bespoke"], ["train"], ["demo"], ["compare"], ["compute-analysis"], ["gpt4-analysis"], ["audit"],
            ["bench"], ["bench", "step"], ["bench", "attention"], ["bench", "startup"],
            ["config"], ["config", "list"], ["config", "show"], ["config", "diff"], ["config", "schema"]]

# command line, what the one line says
USAGE_ERRORS = [
    ([], r"subcommand is required; see ate --help$"),
    (["config"], r"subcommand is required; see ate config --help$"),
    (["frobnicate"], r"^ate: frobnicate: .*; see ate --help$"),
    (["validate-bespok"], r'^ate: validate-bespok: .*did you mean "validate-bespoke"\?.*; see ate --help$'),
    (["config", "shwo"], r'^ate: shwo: .*did you mean "show"\?.*; see ate config --help$'),
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

    def test_top_level_names_commands_and_exit_codes(self):
        text = run("--help").out
        for word in ("validate-bespoke", "config", "Exit codes", "130", "143"):
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
        self.assertRegex(outcome.out, r"^ate \d+\.\d+\.\d+ \(\S+\)\n$")

    def test_usage_errors(self):
        attempt = lambda command, _: run(*command, cwd=self.folder)
        for (command, line), outcome in side_by_side(attempt, USAGE_ERRORS):
            with self.subTest(command=command):
                self.assert_error(outcome, 2, line)


if __name__ == "__main__":
    unittest.main()
