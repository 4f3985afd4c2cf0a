#include "support/text.h"

#include "catch.h"

using namespace ate;

TEST_CASE("what a terminal would obey is spelt out", "[support]") {
  CHECK(printable("plain, caf\xC3\xA9, \xE2\x86\x92 \xF0\x9F\x98\x80") ==
        "plain, caf\xC3\xA9, \xE2\x86\x92 \xF0\x9F\x98\x80");
  CHECK(printable("\x1b[31mred") == "\\x1b[31mred");
  CHECK(printable("two\nlines\r\n\tand a tab") == "two\\nlines\\r\\n\\tand a tab");
  CHECK(printable(std::string("nul\0", 4)) == "nul\\x00");
  CHECK(printable("\x7f") == "\\x7f");
  CHECK(printable("\xC2\x9B"
                  "2J") == "\\x9b2J");  // CSI in one character
  CHECK(printable("\xE2\x80\xAE"
                  "gnp.exe") == "\\u202egnp.exe");  // writes the rest from right to left
  CHECK(printable("a\xE2\x80\xA8"
                  "b") ==
        "a\\u2028"
        "b");
}

TEST_CASE("a text's first line", "[support]") {
  CHECK(first_line("what failed\nframe #0") == "what failed");
  CHECK(first_line("what failed") == "what failed");
  CHECK(first_line("\nframe #0") == "");
}

TEST_CASE("bytes that are no UTF-8 are spelt out one by one", "[support]") {
  CHECK(printable("\xFF\xFE") == "\\xff\\xfe");
  CHECK(printable("\x80") == "\\x80");
  CHECK(printable("cut \xE2\x86") == "cut \\xe2\\x86");
  CHECK(printable("\xC0\xAF") == "\\xc0\\xaf");                    // an overlong "/"
  CHECK(printable("\xE0\x80\x80") == "\\xe0\\x80\\x80");           // an overlong NUL
  CHECK(printable("\xED\xA0\x80") == "\\xed\\xa0\\x80");           // half a surrogate pair
  CHECK(printable("\xF4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  CHECK(printable("\xF4\x8F\xBF\xBF") == "\xF4\x8F\xBF\xBF");
}

TEST_CASE("a text is cut between characters", "[support]") {
  CHECK(cut_to_width("abc", 5) == "abc");
  CHECK(cut_to_width("abc", 2) == "ab");
  CHECK(cut_to_width("\xC3\xA9\xC3\xA9\xC3\xA9", 2) == "\xC3\xA9\xC3\xA9");
  CHECK(cut_to_width("abc", 0).empty());
  CHECK(display_width("\xC3\xA9\xC3\xA9") == 2);
}

TEST_CASE("lines are broken between words, and a long word stays whole", "[support]") {
  CHECK(broken_lines("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(broken_lines("one two three", 6) == std::vector<std::string>{"one", "two", "three"});
  CHECK(broken_lines("a incomprehensible b", 5) == std::vector<std::string>{"a", "incomprehensible", "b"});
  CHECK(broken_lines("", 5) == std::vector<std::string>{""});
  CHECK(wrapped("one two three", 9, "- ", "  ") == "- one two\n  three\n");
  CHECK(wrapped("", 9, "- ", "  ") == "-\n");
}

TEST_CASE("one of a thing is no plural", "[support]") {
  CHECK(counted(1, "head") == "1 head");
  CHECK(counted(0, "head") == "0 heads");
  CHECK(counted(2, "head") == "2 heads");
  CHECK(counted(1, "head that attends", "heads that attend") == "1 head that attends");
  CHECK(counted(3, "head that attends", "heads that attend") == "3 heads that attend");
}
