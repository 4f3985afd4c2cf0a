// The files of one run: <out>/runs/<id>/ and, for people and scripts that watch, <out>/progress_*.json and
// <out>/results_<id>.json. One process at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "support/files.h"

namespace ate {

class RunFolder {
 public:
  // Makes the folders, or finds them again, and takes the run's lock. `fresh` first moves an old run's files
  // aside, to runs/<id>.1, <id>.2, ... Throws Failure when a folder cannot be made or another process holds
  // the run.
  RunFolder(std::filesystem::path out, std::string id, bool fresh);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::string& id() const { return id_; }
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path checkpoint(const std::string& trial) const;
  std::filesystem::path previous_checkpoint(const std::string& trial) const;
  std::filesystem::path progress(const std::string& arm, int64_t seed) const;
  std::filesystem::path result() const;  // <out>/results_<id>.json
  bool done() const;

  // Replaces <folder>/<name> atomically, indented.
  void write_json(const std::string& name, const nlohmann::ordered_json& document) const;
  // <folder>/<name>, or null when there is none. Throws Failure, with the place, when it is no JSON.
  nlohmann::ordered_json read_json(const std::string& name) const;

  // Appends a line to metrics.jsonl; "time" (UTC) is put first. Thread-safe.
  void event(const nlohmann::ordered_json& fields);

  // Before training: no longer done; says where the last bits of a run taken up here may differ, and on what it runs now;
  // an event with `details`.
  void begin(const nlohmann::ordered_json& environment, const nlohmann::ordered_json& details);

  // Whether the run is done and its result is this one, in both its places.
  bool holds(const nlohmann::ordered_json& result) const;
  // The result in both its places, then DONE, last; a run that holds it is left alone.
  void finish(const nlohmann::ordered_json& result) const;

 private:
  void take_lock();
  void move_progress_files(const std::filesystem::path& aside) const;

  std::filesystem::path out_;
  std::string id_;
  std::filesystem::path folder_;
  int lock_ = -1;
  std::unique_ptr<LineWriter> metrics_;
};

// Writes JSON, indented, in place of the file.
void write_json_file(const std::filesystem::path& path, const nlohmann::ordered_json& document);

// null when there is no such file. Throws Failure, with the place, when it is no JSON.
nlohmann::ordered_json read_json_file(const std::filesystem::path& path);
// The same for a file that a run can do without: null too when it cannot be read, which a warning tells.
nlohmann::ordered_json read_json_if_sound(const std::filesystem::path& path);

}  // namespace ate
