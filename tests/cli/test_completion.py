"""Completion scripts: what bash, zsh and fish offer, asked of the shells themselves."""

import json
import os
import pty
import re
import shutil
import subprocess
import unittest

from harness import Case, read_bytes, run, side_by_side, wait_until

# As an interactive bash has it.
BREAKS = " \t\n\"'><=;|&(:"
BASH = r"""source "$1"; COMP_WORDBREAKS=$2 COMP_LINE=$3 COMP_POINT=${#3}; _ate; printf '%s\n' "${COMPREPLY[@]}" """
# Records what the completion adds, then says that it is done.
ZSHRC = r"""
autoload -Uz compinit && compinit -u -D
source ./script
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -rl -- $hits >> hits
  builtin compadd "$@"
}
record() { zle complete-word; : > finished }
zle -N record
bindkey '^I' record
: > ready
"""


def in_bash(folder, line):
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", "./script", BREAKS, line], cwd=folder,
                          capture_output=True, text=True, check=True)
    if done.stderr:
        raise AssertionError(done.stderr)
    return sorted(done.stdout.split())


def in_zsh(folder, line):
    for name in ("ready", "hits", "finished"):
        if os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    terminal, other = pty.openpty()
    shell = subprocess.Popen(["zsh", "-i"], cwd=folder, stdin=other, stdout=other, stderr=other, start_new_session=True,
                             env={**os.environ, "ZDOTDIR": folder, "TERM": "dumb"})
    try:
        there = lambda name: lambda: os.path.exists(os.path.join(folder, name))
        wait_until(there("ready"), "zsh to start")
        os.write(terminal, line.encode() + b"\t")
        wait_until(there("finished"), "zsh to complete")
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)
        os.close(other)
    hits = os.path.join(folder, "hits")
    return sorted(read_bytes(hits).decode().split()) if os.path.exists(hits) else []


def in_fish(folder, line):
    done = subprocess.run(["fish", "--no-config", "-c", "source ./script; complete -C $argv[1]", line], cwd=folder,
                          env={**os.environ, "HOME": folder}, capture_output=True, text=True, check=True)
    if done.stderr:
        raise AssertionError(done.stderr)
    return sorted(row.split("\t")[0] for row in done.stdout.splitlines())


def help_words(*command):
    """Subcommands and flags of a command, as its help lists them."""
    text = run(*command, "--help").out
    subcommands = text.partition("Subcommands:\n")[2].partition("\n\n")[0]
    flags = [name for names in re.findall(r"^  (-\S+)", text, re.MULTILINE) for name in names.split(",")]
    return re.findall(r"^  (\S+)", subcommands, re.MULTILINE), flags


class Shell:
    """What every shell offers; subclasses say how it is asked."""

    def setUp(self):
        if shutil.which(self.shell) is None:
            self.skipTest(f"{self.shell} is not installed")
        super().setUp()
        outcome = run("completions", self.shell)
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        self.write("script", outcome.out)
        self.write(".zshrc", ZSHRC)
        os.makedirs(os.path.join(self.folder, "tool_outputs", "runs", "study-focused-0123456789"))
        self.write("mine.json", "{}")

    def offers(self, line, *words):
        self.assertEqual(self.ask(self.folder, line), sorted(words), line)

    def test_subcommands_and_flags_are_those_of_the_help(self):
        commands = [[], ["train"], ["study"], ["bench", "step"], ["config"], ["audit"]]
        for command, (subcommands, flags) in side_by_side(lambda *command: help_words(*command), commands):
            line = " ".join(["ate", *command])
            if subcommands:
                self.offers(line + " ", *subcommands)
            long = [flag for flag in flags if flag.startswith("--")]
            self.assertGreater(len(long), 0)
            self.offers(line + " --", *long)

    def test_presets_after_their_flag(self):
        presets = [p["name"] for p in json.loads(run("config", "list", "--format", "json").out)["presets"]]
        self.offers("ate study --preset ", *presets)
        self.offers("ate train -q --preset foc", "focused")

    def test_the_value_of_a_flag_is_no_subcommand(self):
        self.offers("ate train --preset demo --epo", "--epochs")

    def test_choices(self):
        self.offers("ate study --mode ", "corrected", "published")
        self.offers("ate study --format js", "json", "jsonl")
        self.offers("ate study --until ", "decided")
        self.offers("ate completions ", "bash", "zsh", "fish")
        self.offers("ate study --epochs ")

    def test_files_and_runs(self):
        self.assertIn("mine.json", self.ask(self.folder, "ate study --config m"))
        self.assertIn("tool_outputs/runs/study-focused-0123456789",
                      [word.rstrip("/") for word in self.ask(self.folder, "ate compare ")])


class Bash(Shell, Case):
    shell = "bash"
    ask = staticmethod(in_bash)

    def test_a_value_after_an_equals_sign(self):
        self.offers("ate study --preset=foc", "focused")
        self.offers("ate study --preset=focused --epo", "--epochs")

    def test_settings(self):
        properties = json.loads(run("config", "schema").out)["properties"]
        self.offers("ate study --set optimiser.", *(f"optimiser.{name}=" for name in properties["optimiser"]["properties"]))
        self.offers("ate study --set optimiser.kind=", *properties["optimiser"]["properties"]["kind"]["enum"])
        self.offers("ate study --tune study.tune.gr", "study.tune.grow=")
        self.offers("ate study --tune body.final_norm=t", "true")
        self.offers("ate study --set optimiser.learning_rate=")

    def test_arms(self):
        self.offers("ate study --arms standard,be", "standard,bespoke")
        self.offers("ate study --arm wide:body.wid", "body.width=")  # bash has kept "wide:"
        self.offers("ate study --arm wide:body.width=128,body.norm=", "pre", "post")

    def test_its_syntax(self):
        done = subprocess.run(["bash", "-n", "script"], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Zsh(Shell, Case):
    shell = "zsh"
    ask = staticmethod(in_zsh)

    def test_settings_and_arms(self):
        self.offers("ate study --preset=foc", "focused")
        self.offers("ate study --set optimiser.ki", "optimiser.kind")  # = is its suffix
        self.offers("ate study --set optimiser.kind=adam", "adam", "adamw")
        self.offers("ate study --arms standard,be", "bespoke")
        self.offers("ate study --arm wide:body.width=128,body.norm=", "pre", "post")


class Fish(Shell, Case):
    shell = "fish"
    ask = staticmethod(in_fish)

    def test_settings_and_arms(self):
        self.offers("ate study --preset=foc", "--preset=focused")
        self.offers("ate study --set optimiser.kind=adam", "optimiser.kind=adam", "optimiser.kind=adamw")
        self.offers("ate study --arms standard,be", "standard,bespoke")
        self.offers("ate study --arm wide:body.norm=p", "wide:body.norm=post", "wide:body.norm=pre")


class Refused(Case):
    def test_another_shell(self):
        self.assert_error(run("completions", "tcsh"), 2, r"^ate: tcsh: expected bash, zsh or fish$")
        self.assert_error(run("completions", "zhs"), 2, r'did you mean "zsh"\?')
        self.assert_error(run("completions"), 2, r"SHELL is required; see ate completions --help$")


if __name__ == "__main__":
    unittest.main()
