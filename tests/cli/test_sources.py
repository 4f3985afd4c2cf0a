"""Sources: what a user sees of each, texts of one's own, and what is refused."""

import json
import os
import struct
import unittest

from harness import Case, Run, run, without_seconds

# A small study of an encoder; under two seconds.
TINY = ["validate-bespoke", "--preset", "medium", "--epochs", "2", "--seeds", "0..1", "--device", "cpu",
        "--set", "windows.batches_per_epoch=20", "--set", "source.tokens=6000", "--set", "source.vocabulary=80",
        "--set", "body.width=16", "--set", "body.heads=2", "--set", "windows.length=16", "--set", "evaluation.every=1"]
BOOK = "In the beginning was the word, and the word was in a book of {} pages.\n"
SPACE = "\u2581"


def piece_model(pieces):
    """A SentencePiece unigram model (a serialised sentencepiece.ModelProto) of these pieces after <unk>."""
    def field(tag, content):
        return bytes([tag, len(content)]) + content

    def piece(text, score, kind):
        return field(0x0a, field(0x0a, text.encode()) + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind]))

    model = piece("<unk>", 0, 2) + b"".join(piece(p, -1 - i, 1) for i, p in enumerate(pieces))
    return model + field(0x12, b"\x18\x01") + field(0x1a, field(0x0a, b"identity"))


class Sources(Case):
    def sets(self, **settings):
        return [word for name, value in settings.items() for word in ("--set", f"source.{name}={value}")]

    def study_of(self, **settings):
        outcome = self.study(*self.sets(**settings), study=TINY)
        return outcome.out, self.run_files.result()

    def test_markov_chain(self):
        text, result = self.study_of(kind="zipf_markov", order=2, neighbours=3)
        self.assertRegex(text, r"corpus: 6000 tokens of a Markov chain of order 2 over 80 tokens, stationary law Zipf "
                               r"with exponent 1\.3; 3 neighbours drawn, law seed 0; entropy rate \d\.\d{4} nats: no "
                               r"honest loss is lower \(the floor\)\n")
        for canary in result["canaries"]:
            self.assertTrue(canary["passed"], canary)
        self.assert_bands(text, result, with_excess=True)

    def test_recall(self):
        text, result = self.study_of(kind="recall", keys=3, values=5, distance=20)
        self.assertRegex(text, r"corpus: 6000 tokens of 3 keys with 5 values among 71 fillers .*asked for 20 tokens "
                               r"later on average; entropy rate .*a model that sees 16 tokens ends above it")
        self.assert_bands(text, result, with_excess=True)

    def test_independent_draws(self):
        text, result = self.study_of()
        self.assertIn("corpus: 6000 independent draws of 80 tokens, Zipf exponent 1.3; entropy ", text)
        self.assert_bands(text, result, with_excess=True)

    def test_text(self):
        path = self.write("book.txt", "".join(BOOK.format(i) for i in range(200)))
        text, result = self.study_of(kind="text", file=path, tokens=5000)
        self.assertRegex(text, r"corpus: the first 5000 tokens of .*/book\.txt \(bytes, 256 in the vocabulary, content "
                               r"[0-9a-f]{16}\); its entropy is not known: no floor, no excess loss")
        self.assertIsNone(result["floor_nats"])
        self.assertNotIn("floor", " ".join(c["name"] for c in result["canaries"]))
        self.assert_bands(text, result, with_excess=False)

    def assert_bands(self, text, result, with_excess):
        self.assertIn("By the frequency band of the target", text)
        for arm in result["arms"]:
            bands = arm["bands"]
            self.assertEqual([b["band"] for b in bands], ["high", "mid", "low"])
            targets = sum(b["targets"] for b in bands)
            self.assertEqual(targets, 2 * arm["targets"])  # two seeds
            mean = sum(b["targets"] * b["mean_loss"] for b in bands) / targets
            self.assertAlmostEqual(mean, arm["mean_loss"], delta=0.01)
            for band in bands:
                self.assertEqual(band["mean_excess"] is not None, with_excess)

    def test_evaluations_tell_the_excess(self):
        self.study_of(kind="zipf_markov")
        for event in self.run_files.events("evaluation"):
            self.assertGreater(event["excess"], 0)

    def test_each_setting_of_a_source_is_another_experiment(self):
        kinds = [{}, {"kind": "zipf_markov"}, {"kind": "zipf_markov", "order": 2}, {"kind": "zipf_markov", "law_seed": 1},
                 {"kind": "recall"}, {"kind": "recall", "distance": 40}]
        ids = set()
        for kind in kinds:
            outcome = run("config", "show", *TINY[1:3], *self.sets(**kind))
            self.assertEqual(outcome.code, 0, outcome.err)
            ids.add(outcome.out.splitlines()[1])
        self.assertEqual(len(ids), len(kinds))

    def test_resuming_and_jobs_change_nothing(self):
        for kind in ({"kind": "zipf_markov", "order": 2}, {"kind": "recall"}):
            with self.subTest(kind=kind):
                out = [os.path.join(self.folder, f"{kind['kind']}-{jobs}") for jobs in (1, 2)]
                results = []
                for jobs, folder in enumerate(out, 1):
                    outcome = self.study(*self.sets(**kind), "--jobs", jobs, "--format", "json", study=TINY, out=folder)
                    results.append(outcome.out)
                self.assertEqual(*(without_seconds(json.loads(r)) for r in results))


class Text(Case):
    def setUp(self):
        super().setUp()
        self.book = self.write("book.txt", "".join(BOOK.format(i) for i in range(200)))

    def text(self, *more, path=None, code=0, out=None):
        return self.study("--set", "source.kind=text", "--set", f"source.file={path or self.book}", *more, study=TINY,
                          code=code, out=out)

    def show(self, *more):
        outcome = run("config", "show", "--config", self.write("c.json", {"source": {"kind": "text", "file": self.book}}),
                      *more)
        self.assertEqual(outcome.code, 0, outcome.err)
        return {line.split()[0]: line.split()[1:] for line in outcome.out.splitlines() if line.strip()}

    def test_the_whole_file_unless_fewer_tokens_are_asked_for(self):
        size = str(os.path.getsize(self.book))
        self.assertEqual(self.show()["source.tokens"], [size, "source.file"])
        self.assertEqual(self.show()["source.vocabulary"], ["256", "source.file"])
        self.assertEqual(self.show("--set", "source.tokens=4000")["source.tokens"][0], "4000")
        self.assertEqual(self.show("--set", "source.tokens=1000000")["source.tokens"][0], size)

    def test_same_content_is_the_same_run_and_another_content_another(self):
        first = self.text()
        again = self.text()
        self.assertEqual(again.out, first.out)
        self.assertIn("no training needed", again.err)
        with open(self.book, "r+", encoding="utf-8") as file:
            file.write("i")
        changed = self.text()
        self.assertNotIn("no training needed", changed.err)

    def test_a_stored_config_refuses_a_file_that_has_changed(self):
        self.text()
        config = self.run_files.path("config.json")
        kept = run("config", "show", "--config", config)
        self.assertEqual(kept.code, 0, kept.err)
        with open(self.book, "r+", encoding="utf-8") as file:
            file.write("i")
        self.assert_error(run("config", "show", "--config", config), 2,
                          r"config\.json: /source/content: the content of .*book\.txt\" is [0-9a-f]{16} now, not "
                          r"[0-9a-f]{16}: the file has changed")

    def test_token_ids_as_nanogpt_writes_them(self):
        ids = [i * i % 79 for i in range(8000)]
        path = self.write("train.bin", struct.pack(f"<{len(ids)}H", *ids))
        self.assertRegex(self.text(path=path).out, r"the first 6000 tokens of .*train\.bin \(token ids, 80 in the "
                                                   r"vocabulary, content [0-9a-f]{16}\)")

    def test_token_ids_outside_the_vocabulary(self):
        path = self.write("train.bin", struct.pack("<6000H", *([5] * 5999 + [400])))
        self.assert_error(self.text(path=path, code=2), 2,
                          r"^ate: --set source\.vocabulary=80: \".*train\.bin\" holds token id 400 at place 5999, outside "
                          r"the vocabulary of 80; set source\.vocabulary to at least 401$")

    def test_sentencepiece(self):
        words = sorted(set(BOOK.replace("{}", "").replace(",", "").replace(".", "").split()))
        pieces = [SPACE + w for w in words] + [SPACE] + list("0123456789,.")
        model = self.write("book.model", piece_model(pieces))
        arguments = ["--set", f"source.model={model}", "--set", "source.tokens=3000"]
        outcome = run(*TINY, "--set", "source.kind=text", "--set", f"source.file={self.book}", *arguments,
                      "--out", self.out)
        if outcome.code == 2:  # a build without the library
            self.assertRegex(outcome.err, r"built without SentencePiece: install the Debian package libsentencepiece-dev")
            self.skipTest("built without SentencePiece")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertRegex(outcome.out, rf"the first 3000 tokens of .*book\.txt \(SentencePiece model .*book\.model, "
                                      rf"{len(pieces) + 1} in the vocabulary, 0\.00 % unknown pieces, content [0-9a-f]{{16}}\)")

    def test_characters(self):
        """The vocabulary is the file's, code points and not bytes; what is no text in UTF-8 is refused by its place."""
        text = "".join(BOOK.format(i) for i in range(200)).replace("word", "w\u00f6rd")
        path = self.write("book.txt", text.encode())
        outcome = self.text("--set", "source.format=characters", path=path)
        self.assertRegex(outcome.out, rf"the first 6000 tokens of .*book\.txt \(characters, {len(set(text))} in the vocabulary, ")
        for content, said in ((text.encode("latin-1"), r"is no text in UTF-8: byte 0xF6 at offset 26 begins no character"),
                              (b"a" * 9000, r"has one character, again and again"),
                              (struct.pack("<8000H", *range(8000)), r"byte 0x00 at offset 0 is no text: are these token ids\?")):
            refused = self.text("--set", "source.format=characters", path=self.write("bad.txt", content), code=2)
            self.assertRegex(refused.err, said)

    def test_ids_of_four_bytes(self):
        ids = struct.pack("<8000I", *[i * i % 79 for i in range(8000)])
        path = self.write("train.bin", ids)
        self.assertRegex(self.text(path=path).err, r"train\.bin\": every second id is 0 .*source\.format=uint32 reads those")
        outcome = self.text("--set", "source.format=uint32", path=path)
        self.assertRegex(outcome.out, r"the first 6000 tokens of .*train\.bin \(token ids of four bytes, 80 in the vocabulary")
        self.assertNotIn("every second", outcome.err)

    def test_a_token_file_of_llm_c(self):
        """The same ids, with and without the header, are the same tokens."""
        ids = [i * i % 79 for i in range(8000)]
        plain = struct.pack("<8000H", *ids)
        header = struct.pack("<256i", 20240520, 1, len(ids), *[0] * 253)
        losses = []
        for name, content in (("plain", plain), ("header", header + plain)):
            path = self.write(name + ".bin", content)
            outcome = self.text("--format", "json", path=path, out=os.path.join(self.folder, name))
            losses.append([t["val_loss"] for t in json.loads(outcome.out)["trials"]])
        self.assertEqual(*losses)
        cut = self.write("cut.bin", (header + plain)[:-2])
        self.assert_error(self.text(path=cut, code=2), 2, r"/source/file: .*holds 8000 token ids of 2 bytes by its header|"
                                                          r"cut\.bin: .*holds 8000 token ids of 2 bytes by its header")

    def test_a_preset_that_cuts_the_text_off_is_named_once(self):
        path = self.write("long.txt", BOOK.format(1) * 1000)
        size = os.path.getsize(path)
        arguments = ["--set", "source.kind=text", "--set", f"source.file={path}", "--epochs", "1", "--seeds", "0",
                     "--set", "windows.batches_per_epoch=2", "--out", self.out]
        outcome = run("validate-bespoke", "--preset", "medium", *arguments)
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertEqual(outcome.err.count(f"uses 50,000 of {size:,} tokens, because the preset medium sets "
                                           f"source.tokens; source.tokens={size} uses all"), 1)
        again = run("config", "show", "--preset", "medium", *arguments[:4], "--format", "json")
        self.assertEqual(json.loads(again.out)["config"]["source"]["tokens"], 50000)  # stdout holds nothing else
        self.assertEqual(again.err.count("uses 50,000 of"), 1)

    def test_a_text_smaller_than_the_bands_trains_where_no_arm_has_bands(self):
        path = self.write("small.bin", struct.pack("<3000H", *[i * 7 % 65 for i in range(3000)]))
        study = ["--config", self.write("small.json", {"source": {"kind": "text", "file": path}, "study": {
            "arms": ["standard"], "seeds": [0]}, "schedule": {"epochs": 1}, "device": "cpu"}), "--out", self.out]
        for command in ("validate-bespoke", "train"):
            outcome = run(command, *study)
            self.assertEqual(outcome.code, 0, outcome.err)
            self.assertRegex(outcome.out, r"token ids, 65 in the vocabulary")
        refused = run("validate-bespoke", *study, "--arms", "standard,bespoke")
        self.assert_error(refused, 2, r"/bands/high: high and low together take 70, more than the 65 tokens")
        # And one so small that the high band takes all of it.
        tiny = self.write("tiny.bin", struct.pack("<3000H", *[i * 7 % 11 for i in range(3000)]))
        outcome = run("validate-bespoke", *study, "--set", f"source.file={tiny}")
        self.assertEqual(outcome.code, 0, outcome.err)
        # ate train reads the first arm alone; a config that names none means standard, then bespoke.
        bare = self.write("bare.json", {"source": {"kind": "text", "file": path}, "schedule": {"epochs": 1},
                                        "device": "cpu"})
        outcome = run("train", "--config", bare, "--out", self.out)
        self.assertEqual(outcome.code, 0, outcome.err)

    def test_interrupted_and_resumed(self):
        """Jobs and a second look at the file change nothing."""
        first = os.path.join(self.folder, "one")
        second = os.path.join(self.folder, "two")
        self.text("--jobs", 1, out=first)
        self.text("--jobs", 2, "--save-every", 0, out=second)
        self.assert_same_run(Run(second), Run(first))


class BadInput(Case):
    def refused(self, *sets, where):
        words = [word for setting in sets for word in ("--set", setting)]
        self.assert_error(run(*TINY, *words, "--out", self.out), 2, where)
        self.assertFalse(os.path.exists(self.out))

    def test_settings_of_another_kind(self):
        self.refused("source.order=2", where=r"^ate: --set source\.order=2: zipf_iid has no such setting, only "
                                             r"zipf_markov has: leave it out or set source\.kind=zipf_markov$")
        self.refused("source.kind=recall", "source.law_seed=1", where=r"--set source\.law_seed=1: recall has no such")
        self.refused("source.kind=zipf_markov", "source.file=x", where=r"--set source\.file=x: zipf_markov has no such")

    def test_values(self):
        self.refused("source.kind=zipf_markv",
                     where=r"zipf_iid, zipf_markov, recall, mqar, aggregate, induction, copy or text \(did you mean \"zipf_markov\"\?\)")
        self.refused("source.kind=zipf_markov", "source.order=3", where=r"source\.order=3: expected a whole number from 1 "
                                                                        r"to 2, got 3")
        self.refused("source.kind=recall", "source.keys=70", "source.distance=500",
                     where=r"70 keys, 16 values, .* do not fit into 80 tokens: set source\.vocabulary to at least 88")
        self.refused("source.kind=recall", "source.keys=10",
                     where=r"10 keys are 51 tokens from their queries on average .*: set source\.distance")

    def test_files(self):
        text = "source.kind=text"
        self.refused(text, where=r"/source/file: text needs a file: set source\.file to its path$")
        self.refused(text, "source.file=/none.txt", where=r"^ate: --set source\.file=/none\.txt: \"/none\.txt\" cannot be "
                                                          r"read: No such file or directory$")
        self.refused(text, f"source.file={self.folder}", where=r"is a folder, not a file$")
        self.refused(text, f"source.file={self.write('empty.txt', '')}", where=r"empty\.txt\" is empty$")
        self.refused(text, f"source.file={self.write('odd.bin', 'abc')}",
                     where=r"odd\.bin\" has an odd number of bytes, 3: it holds no token ids of two bytes")
        self.refused(text, f"source.file={self.write('short.txt', 'abc')}", where=r"a window of 16 tokens .* do not fit")
        path = self.write("a.txt", "a" * 3000)
        self.refused(text, f"source.file={path}", "source.format=sentencepiece",
                     where=r"/source/model: sentencepiece needs a model: set source\.model to its file$")
        self.refused(text, f"source.file={path}", "source.format=bytes", "source.model=m",
                     where=r"--set source\.model=m: only sentencepiece takes a model, bytes does not")
        self.refused(text, f"source.file={path}", "source.content=0123456789abcdef",
                     where=r"source\.content=0123456789abcdef: the content of .* is [0-9a-f]{16} now, not 0123456789abcdef")


if __name__ == "__main__":
    unittest.main()
