#include "support/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShownBytes = 60;
constexpr size_t kParserBytes = 200;  // of the library's words, which quote what it read last

std::string pointer_part(const std::string& key) {
  std::string out = "/";
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

// "label:line:column" of a byte of the text, which may be its end.
std::string place(const std::string& label, std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const size_t newline = before.rfind('\n');
  const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  return fmt::format("{}:{}:{}", label, 1 + std::count(before.begin(), before.end(), '\n'),
                     before.size() - line_start + 1);
}

// The bracket that opens the first level too many. All before it has been parsed, so that quotes pair up.
size_t too_deep_at(std::string_view text) {
  size_t level = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\')
      ++i;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '[' || c == '{') && ++level > kDeepestJson)
      return i;
    else if (!in_string && (c == ']' || c == '}'))
      --level;
  }
  return text.size();
}

// Builds the document from the inside out: only the lists and objects that are open hold memory of their own.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const std::string& label, std::vector<Problem>& problems)
      : text_(text), label_(label), problems_(problems) {}

  Json take() { return std::move(document_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return open(true); }
  bool start_array(size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    Open& object = open_.back();
    object.key = key;
    if (!object.keys.insert(key).second)
      problems_.push_back({label_ + ": " + path(), "stands twice; keep one"});
    return true;
  }

  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    // The library's text, from what it was doing: "...column 5: syntax error while parsing object key - ...", or
    // "[json.exception.out_of_range.406] number overflow parsing '1e999'".
    const bool syntax = dynamic_cast<const Json::parse_error*>(&error) != nullptr;
    std::string what = error.what();
    const std::string_view until = syntax ? ": " : "] ";
    if (const size_t found = what.find(until); found != std::string::npos)
      what.erase(0, found + until.size());
    problems_.push_back(
        {place(label_, text_, position > 0 ? position - 1 : 0),
         (syntax ? "not valid JSON: " : "not usable JSON: ") + shortened(std::move(what), kParserBytes)});
    return false;
  }

 private:
  // A list or an object whose end has not been read.
  struct Open {
    bool object = false;
    std::string key;  // of the member that is being read
    std::unordered_set<std::string> keys;
    std::vector<std::pair<std::string, Json>> members;
    std::vector<Json> items;
  };

  bool open(bool object) {
    if (open_.size() == kDeepestJson) {
      problems_.push_back({place(label_, text_, too_deep_at(text_)),
                           fmt::format("nested deeper than {} levels", kDeepestJson)});
      return false;
    }
    open_.push_back({object, {}, {}, {}, {}});
    return true;
  }

  bool close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (!done.object) return add(Json(std::move(done.items)));
    Json object = Json::object();
    auto& members = object.get_ref<Json::object_t&>();
    members.reserve(done.members.size());
    // Past the library's insertion, which looks for the key among all before it.
    for (auto& [key, value] : done.members) members.emplace_back(std::move(key), std::move(value));
    return add(std::move(object));
  }

  bool add(Json value) {
    if (open_.empty())
      document_ = std::move(value);
    else if (open_.back().object)
      open_.back().members.emplace_back(open_.back().key, std::move(value));
    else
      open_.back().items.push_back(std::move(value));
    return true;
  }

  // Of the value that is being read.
  std::string path() const {
    std::string out;
    for (const Open& level : open_)
      out += level.object ? pointer_part(level.key) : "/" + std::to_string(level.items.size());
    return out;
  }

  std::string_view text_;
  const std::string& label_;
  std::vector<Problem>& problems_;
  std::vector<Open> open_;
  Json document_ = Json::object();
};

}  // namespace

Json parse_json(std::string_view text, const std::string& label, std::vector<Problem>& problems) {
  Builder builder(text, label, problems);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

Json parse_json(std::string_view text, const std::string& label) {
  std::vector<Problem> problems;
  Json document = parse_json(text, label, problems);
  if (!problems.empty()) throw Failure(problems.front().where, problems.front().what);
  return document;
}

Json typed_value(const std::string& text) {
  std::vector<Problem> problems;
  Json value = parse_json(text, "", problems);
  return problems.empty() ? value : Json(text);
}

std::string shortened(std::string text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most - 3;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
  return text.substr(0, end) + "...";
}

std::string short_text(const Json& value) {
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace), kShownBytes);
}

JsonValue::JsonValue(const Json& value, std::string file, std::string pointer)
    : value_(&value), file_(std::move(file)), pointer_(std::move(pointer)) {}

std::optional<JsonValue> JsonValue::find(const std::string& key) const {
  if (!value_->is_object()) expected("an object");
  const auto it = value_->find(key);
  if (it == value_->end()) return std::nullopt;
  return JsonValue(*it, file_, pointer_ + pointer_part(key));
}

JsonValue JsonValue::at(const std::string& key) const {
  std::optional<JsonValue> member = find(key);
  if (!member) throw Failure(file_ + ": " + pointer_ + pointer_part(key), "is missing");
  return *std::move(member);
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::members() const {
  if (!value_->is_object()) expected("an object");
  std::vector<std::pair<std::string, JsonValue>> out;
  for (const auto& [key, value] : value_->items())
    out.emplace_back(key, JsonValue(value, file_, pointer_ + pointer_part(key)));
  return out;
}

std::vector<JsonValue> JsonValue::items() const {
  if (!value_->is_array()) expected("a list");
  std::vector<JsonValue> out;
  for (const Json& item : *value_) out.emplace_back(item, file_, pointer_ + "/" + std::to_string(out.size()));
  return out;
}

std::string JsonValue::text() const {
  if (!value_->is_string()) expected("a string");
  return value_->get<std::string>();
}

std::vector<std::string> JsonValue::texts() const {
  std::vector<std::string> out;
  for (const JsonValue& item : items()) out.push_back(item.text());
  return out;
}

bool JsonValue::flag() const {
  if (!value_->is_boolean()) expected("true or false");
  return value_->get<bool>();
}

int64_t JsonValue::whole() const {
  constexpr uint64_t most = std::numeric_limits<int64_t>::max();
  const bool fits = !value_->is_number_unsigned() || value_->get<uint64_t>() <= most;
  if (!value_->is_number_integer() || !fits) expected("a whole number");
  return value_->get<int64_t>();
}

double JsonValue::number() const {
  if (!value_->is_number()) expected("a number");
  return value_->get<double>();
}

double JsonValue::number_or_nan() const {
  return number_if_any().value_or(std::numeric_limits<double>::quiet_NaN());
}

std::optional<double> JsonValue::number_if_any() const {
  if (value_->is_null()) return std::nullopt;
  if (!value_->is_number()) expected("a number or null");
  return value_->get<double>();
}

void JsonValue::expected(const std::string& what) const {
  throw Failure(pointer_.empty() ? file_ : file_ + ": " + pointer_,
                "expected " + what + ", got " + short_text(*value_));
}

}  // namespace ate
