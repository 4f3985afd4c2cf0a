// What ate reads that others wrote, or that something may have damaged: one reader for each kind of text and file. Two
// programs call them: ate_fuzz, with inputs that libFuzzer makes, and ate_tests, with a few damaged ones.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ate::fuzz {

// `read` returns or throws an ate::Error, which is how ate refuses what it cannot use. Any other exception is a finding, as
// is a sanitizer's word.
struct Reader {
  const char* name;  // of its folder of seeds
  void (*read)(std::string_view bytes);
};

// All of them.
const std::vector<Reader>& readers();

// Throws std::logic_error, which is a finding, unless `holds`.
inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

// A file that lies in memory, for readers that take a path.
class InputFileInMemory {
 public:
  explicit InputFileInMemory(std::string_view bytes);
  ~InputFileInMemory();
  InputFileInMemory(const InputFileInMemory&) = delete;
  InputFileInMemory& operator=(const InputFileInMemory&) = delete;

  std::string path() const;

 private:
  int descriptor_;
};

// Replaces a file; its folders are made.
void put(const std::filesystem::path& path, std::string_view bytes);

void read_config_file(std::string_view bytes);    // --config
void read_flags(std::string_view bytes);          // --set and --arm, one a line
void read_seed_list(std::string_view bytes);      // --seeds
void read_claims(std::string_view bytes);         // --claims
void read_sweep_file(std::string_view bytes);     // ate sweep run FILE
void read_sweep_listing(std::string_view bytes);  // sweep_<name>.json
void read_result(std::string_view bytes);         // result.json and failure.json of a sweep's job
void read_progress(std::string_view bytes);       // progress_*.json, and a checkpoint's progress
void read_plan(std::string_view bytes);           // plan.json
void read_run_config(std::string_view bytes);     // config.json of a run
void read_lease_file(std::string_view bytes);     // of run/leases.h
void read_stops(std::string_view bytes);          // slurm/*.stops
void read_tokens(std::string_view bytes);         // texts and token files, in every format
void read_safetensors(std::string_view bytes);    // checkpoints
void read_sentencepiece(std::string_view bytes);  // --set source.model

}  // namespace ate::fuzz
