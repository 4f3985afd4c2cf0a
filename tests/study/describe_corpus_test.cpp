#include "study/describe_corpus.h"

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("a corpus with a known law is described with its floor", "[study]") {
  Config config = tiny_encoder();
  CHECK(describe_corpus(config, 2.5) ==
        "corpus: 400 independent draws of 20 tokens, Zipf exponent 1.1; entropy 2.5000 nats: no honest loss "
        "is lower "
        "(the floor)");
  config.source.kind = SourceKind::zipf_markov;
  config.source.order = 2;
  CHECK(describe_corpus(config, 2.5) ==
        "corpus: 400 tokens of a Markov chain of order 2 over 20 tokens, stationary law Zipf with exponent "
        "1.1; 4 "
        "neighbours drawn, law seed 0; entropy rate 2.5000 nats: no honest loss is lower (the floor)");
  config.source.kind = SourceKind::recall;
  config.source.vocabulary = 50;
  const std::string recall = describe_corpus(config, 2.5);
  CHECK(contains(recall, "4 keys with 16 values among 29 fillers"));
  CHECK(contains(recall, "a model that sees 6 tokens ends above it"));
}

TEST_CASE("a text is described with its file and content, and without a floor", "[study]") {
  Config config = tiny_encoder();
  config.source.kind = SourceKind::text;
  config.source.file = "book.txt";
  config.source.format = TextFormat::bytes;
  config.source.vocabulary = 256;
  config.source.content = "0123456789abcdef";
  CHECK(describe_corpus(config, std::nullopt) ==
        "corpus: the first 400 tokens of book.txt (bytes, 256 in the vocabulary, content 0123456789abcdef); "
        "its "
        "entropy is not known: no floor, no excess loss");
  for (const auto& [format, words] : {std::pair{TextFormat::uint16, "(token ids, 256"},
                                      std::pair{TextFormat::uint32, "(token ids of four bytes, 256"},
                                      std::pair{TextFormat::npy, "(token ids of NumPy, 256"},
                                      std::pair{TextFormat::llmc, "(token ids of llm.c, 256"}}) {
    config.source.format = format;
    CHECK(contains(describe_corpus(config, std::nullopt), words));
  }
  config.source.format = TextFormat::sentencepiece;
  config.source.model = "book.model";
  CHECK(contains(describe_corpus(config, std::nullopt), "(SentencePiece model book.model, 256"));
}
