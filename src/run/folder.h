// The files of one run: <out>/runs/<id>/ and, for people and scripts that watch, <out>/progress_*.json and
// <out>/results_<id>.json.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "run/leases.h"
#include "support/files.h"

namespace ate {

// Whether several processes may work on a run at a time.
enum class Sharing { shared, alone };

class RunFolder {
 public:
  // Makes the folders, or finds them again, and says there that this process works on the run. `fresh` first moves an old
  // run's files aside, to runs/<id>.1, <id>.2, ... Throws Failure when a folder cannot be made, or other processes work
  // on the run where one of them must be alone, as to start over. `silence`: see run/leases.h.
  RunFolder(std::filesystem::path out, std::string id, bool fresh, Sharing sharing = Sharing::alone,
            double silence = kLeaseSilence);
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
  // A client of NFS may go on believing that a checkpoint is not there, unless it looks at the folder once more.
  void look_again() const;

  Leases& leases() const { return *leases_; }
  // For what one process does at a time, and quickly: to change the plan, to write the result.
  Lease turn() const { return leases_->wait_for("turn"); }

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
  // The result in both its places, then DONE, last; a run that holds it is left alone. Whether anything was written.
  bool finish(const nlohmann::ordered_json& result) const;

 private:
  void join(bool alone, double silence);
  void move_aside();
  void remove_torn_files() const;
  void move_progress_files(const std::filesystem::path& aside) const;

  std::filesystem::path out_;
  std::string id_;
  std::filesystem::path folder_;
  std::unique_ptr<Leases> leases_;
  std::unique_ptr<LineWriter> metrics_;
};

// Writes JSON, indented, in place of the file.
void write_json_file(const std::filesystem::path& path, const nlohmann::ordered_json& document);

// null when there is no such file. Throws Failure, with the place, when it is no JSON.
nlohmann::ordered_json read_json_file(const std::filesystem::path& path);
// The same for a file that a run can do without: null too when it cannot be read, which a warning tells.
nlohmann::ordered_json read_json_if_sound(const std::filesystem::path& path);

}  // namespace ate
