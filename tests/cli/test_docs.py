"""The documents: their links resolve, their commands exist and parse, the errors of the troubleshooting page come, and the
original report goes by its name."""

import functools
import glob
import os
import re
import shlex
import subprocess
import unittest

from harness import Case, run, side_by_side

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = sorted([os.path.join(ROOT, name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] +
               glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def name_of(path):
    return os.path.relpath(path, ROOT)


def prose_of(text):
    """Without fenced blocks."""
    return FENCE.sub("", text)


def anchors_of(text):
    """The anchors that GitHub gives headings; equal ones are numbered from the second on."""
    anchors, seen = set(), {}
    for heading in re.findall(r"^#+ +(.+?) *$", prose_of(text), re.MULTILINE):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        anchors.add(f"{anchor}-{count}" if count else anchor)
    return anchors


def links_of(text):
    """Targets of links and pictures inside the repository."""
    prose = re.sub(r"`[^`]*`", "", prose_of(text))
    targets = re.findall(r"\]\(([^()\s]+)\)", prose)
    return [t for t in targets if not re.match(r"[a-z]+:", t)]


def broken(path, target):
    """Why a link of the file at path does not resolve; None when it does."""
    file, _, anchor = target.partition("#")
    to = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
    if not os.path.exists(to):
        return f"no file {name_of(to)}"
    if anchor and anchor not in anchors_of(text_of(to)):
        return f"no heading #{anchor} in {name_of(to)}"
    return None


def command_lines(text):
    """Each call of ate in sh blocks and in code spans, as its words after `ate`."""
    lines = []
    for language, block in FENCE.findall(text):
        if language == "sh":
            for line in block.replace("\\\n", " ").splitlines():
                lines += re.split(r"&&|\||;", re.sub(r"(^|\s)#.*", "", line))
    lines += re.findall(r"`((?:scripts/)?ate\s[^`]+)`", prose_of(text))
    for line in lines:
        words = shlex.split(line)
        if words and words[0] in ("ate", "scripts/ate"):
            yield words[1:]


@functools.lru_cache(maxsize=None)
def help_of(*path):
    outcome = run(*path, "--help")
    return outcome.out if outcome.code == 0 and " ".join(("Usage: ate", *path)) in outcome.out else None


def unknown(words):
    """The subcommand or long flag of a call that the program does not have; None when it has all."""
    path = ()
    while "Subcommands:" in help_of(*path) and len(words) > len(path) and not words[len(path)].startswith("-"):
        path = tuple(words[:len(path) + 1])
        if help_of(*path) is None:
            return f"no subcommand {path[-1]}"
    flags = set(re.findall(r"^\s+(?:-\w,\s*)?(--[\w-]+)", help_of(*path), re.MULTILINE)) | {"--help"}
    used = [word.partition("=")[0] for word in words if word.startswith("--")]
    return next((f"no flag {flag}" for flag in used if flag not in flags), None)


def experiment(words):
    """The flags of a call that choose its settings, as `ate config show` takes them; None without a preset or with files."""
    known = re.findall(r"--[\w-]+", help_of("config", "show").partition("Experiment:")[2].partition("Output:")[0])
    if "--preset" not in words or "--config" in words or any(re.match(r"source\.(file|model)=", word) for word in words):
        return None
    kept = []
    for flag, value in zip(words, words[1:]):
        flag = {"--seed": "--seeds"}.get(flag, flag)
        if flag in known:
            kept += [flag, value]
        elif flag == "--arm" and ":" not in value:
            kept += ["--arms", value]
    return tuple(kept)


class Documents(unittest.TestCase):
    def test_links_resolve(self):
        found = [(path, target) for path in FILES for target in links_of(text_of(path))]
        self.assertGreater(len(found), 20)
        for path, target in found:
            with self.subTest(file=name_of(path), link=target):
                self.assertIsNone(broken(path, target))

    def test_the_original_report_goes_by_its_name(self):
        for path in FILES:
            with self.subTest(file=name_of(path)):
                self.assertEqual(re.findall(r"\bthe\s+(?:seed|document)'s\b", text_of(path), re.IGNORECASE), [])

    def test_commands_exist(self):
        found = [(path, words) for path in FILES if not path.endswith("troubleshooting.md")  # wrong on purpose
                 for words in command_lines(text_of(path))]
        self.assertGreater(len(found), 30)
        for path, words in found:
            with self.subTest(file=name_of(path), command=" ".join(["ate", *words])):
                self.assertIsNone(unknown(words))

    def test_settings_of_commands_are_taken(self):
        calls = {experiment(words) for path in FILES if not path.endswith("troubleshooting.md")
                 for words in command_lines(text_of(path))} - {None}
        self.assertGreater(len(calls), 20)
        for call, outcome in side_by_side(lambda *call: run("config", "show", *call), sorted(calls)):
            with self.subTest(" ".join(call)):
                self.assertEqual((outcome.code, outcome.err), (0, ""))

    def test_shell_blocks_parse_and_name_files_that_exist(self):
        blocks = [(path, block) for path in FILES for language, block in FENCE.findall(text_of(path)) if language == "sh"]
        self.assertGreater(len(blocks), 40)
        for path, block in blocks:
            with self.subTest(file=name_of(path), block=block):
                done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                for name in re.findall(r"(?<![\w./])(?:scripts|configs|bench)/[\w./-]+", block):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, name)), name)

    def test_what_is_broken_is_found(self):
        readme = os.path.join(ROOT, "README.md")
        text = "# A `b`, c\n\n[x](none.md) [y](docs/method.md#nothing) [z](https://a.b/c) `[n](o)`\n\n```text\n[p](q)\n```\n"
        self.assertEqual([broken(readme, t) for t in links_of(text)],
                         ["no file none.md", "no heading #nothing in docs/method.md"])
        self.assertEqual(anchors_of(text + "## A `b`, c\n"), {"a-b-c", "a-b-c-1"})
        text = "```sh\nscripts/ate bench \\\n  steep  # a note\nx && ate demo --preset y | jq z\n```\nrun `ate train --seed=3`\n"
        self.assertEqual([unknown(words) for words in command_lines(text)],
                         ["no subcommand steep", "no flag --preset", None])


class Troubleshooting(Case):
    def test_each_command_gives_the_line_that_the_page_shows(self):
        page = text_of(os.path.join(ROOT, "docs", "troubleshooting.md"))
        for name, content in re.findall(r"`([\w.]+)` holding `([^`]*)`", page):
            self.write(name, content)
        blocks = FENCE.findall(page)
        self.assertEqual([language for language, _ in blocks], ["sh", "text"] * (len(blocks) // 2))
        pairs = [(command.strip(), line.strip()) for (_, command), (_, line) in zip(blocks[::2], blocks[1::2])]
        self.assertGreater(len(pairs), 10)
        attempt = lambda command, _: run(*shlex.split(command)[1:], cwd=self.folder)
        for (command, line), outcome in side_by_side(attempt, pairs):
            with self.subTest(command):
                pattern = ".*".join(re.escape(part) for part in re.split(r" ?\.\.\.", line))
                self.assert_error(outcome, 1 if "--out" in command else 2, f"^{pattern}$")


if __name__ == "__main__":
    unittest.main()
