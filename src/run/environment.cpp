#include "run/environment.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "kernels/cpu/kernels.h"
#include "kernels/cpu/product.h"
#include "version.h"

namespace ate {
namespace {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

int usable_cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

int64_t available_memory() {
  int64_t available = 0;
  std::ifstream info("/proc/meminfo");
  for (std::string word; info >> word;)
    if (word == "MemAvailable:" && info >> available) {
      available *= 1024;
      break;
    }
  int64_t limit = 0;
  int64_t used = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit &&
      std::ifstream("/sys/fs/cgroup/memory.current") >> used && available > 0)
    available = std::min(available, std::max<int64_t>(limit - used, 1));
  return available;
}

nlohmann::ordered_json describe_environment(const std::string& device, int jobs) {
  utsname system = {};
  uname(&system);
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  return {{"ate", ATE_VERSION},
          {"commit", ATE_COMMIT},
          {"compiler", __VERSION__},
          {"libtorch", ATE_LIBTORCH_VERSION},
          {"system", std::string(system.sysname) + " " + system.release + " " + system.machine},
          {"host", system.nodename},
          {"processor", processor_name()},
          {"instructions", kernels::kernel_sets().front().name},
          {"products", kernels::product_library()},
          {"cores", usable_cores()},
          {"memory_gb", static_cast<int64_t>(memory / 1e9)},
          {"device", device},
          {"jobs", jobs},
          {"threads_per_trial", 1}};
}

namespace {

// "" for what an earlier version did not say.
std::string text_at(const nlohmann::ordered_json& document, const char* name) {
  const auto it = document.find(name);
  return it != document.end() && it->is_string() ? it->get<std::string>() : "";
}

}  // namespace

std::vector<std::string> differences_that_round(const nlohmann::ordered_json& now,
                                                const nlohmann::ordered_json& before) {
  std::vector<std::string> found;
  if (!now.is_object() || !before.is_object()) return found;
  for (const char* name : {"device", "instructions", "products"}) {
    const std::string is = text_at(now, name);
    const std::string was = text_at(before, name);
    if (!is.empty() && !was.empty() && is != was)
      found.push_back(std::string(name) + " " + is + " instead of " + was);
  }
  return found;
}

}  // namespace ate
