#include "train/checkpoint.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstring>
#include <filesystem>

#include "model/arena.h"
#include "run/folder.h"
#include "support/error.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

std::string_view bytes_of(const at::Tensor& host) {
  return {static_cast<const char*>(host.const_data_ptr()), host.nbytes()};
}

// The file's arrays may lie at any address: copied, not read as floats in place.
void fill(at::Tensor& flat, const SafetensorsFile& file, const std::string& name) {
  at::Tensor host = at::empty(flat.sizes(), at::kFloat);
  std::memcpy(host.mutable_data_ptr<float>(), file.array(name, host.nbytes()).data(), host.nbytes());
  flat.copy_(host);
}

// Sound and of `identity`; throws Failure that says what it is instead.
SafetensorsFile open_as(const fs::path& path, const Identity& identity) {
  SafetensorsFile file(path);
  if (const std::string why = why_another(file, identity); !why.empty()) throw Failure(path.string(), why);
  return file;
}

}  // namespace

std::string checkpoint_bytes(const Layout& layout, const Arena& arena, std::span<const StateArray> state,
                             std::map<std::string, std::string> metadata) {
  const at::Tensor parameters = arena.parameters.cpu();
  std::vector<NamedArray> arrays;
  for (const ParameterTensor& tensor : layout.tensors)
    arrays.push_back({tensor.name, tensor.shape,
                      bytes_of(parameters)
                          .substr(static_cast<size_t>(tensor.offset) * sizeof(float),
                                  static_cast<size_t>(tensor.count()) * sizeof(float))});
  std::vector<at::Tensor> hosts;  // as long as the file is made of them
  for (size_t i = 0; i < state.size(); ++i) {
    hosts.push_back(arena.state.at(i).cpu().contiguous());
    arrays.push_back({state[i].name, {hosts.back().numel()}, bytes_of(hosts.back())});
  }
  return safetensors_bytes(arrays, metadata);
}

void read_parameters(const SafetensorsFile& file, const Layout& layout, Arena& arena) {
  at::Tensor host = at::zeros({layout.size}, at::kFloat);
  for (const ParameterTensor& tensor : layout.tensors) {
    const size_t bytes = static_cast<size_t>(tensor.count()) * sizeof(float);
    std::memcpy(host.mutable_data_ptr<float>() + tensor.offset, file.array(tensor.name, bytes).data(), bytes);
  }
  arena.parameters.copy_(host);
}

void read_state(const SafetensorsFile& file, std::span<const StateArray> state, Arena& arena) {
  for (size_t i = 0; i < state.size(); ++i) fill(arena.state.at(i), file, state[i].name);
}

std::string why_another(const SafetensorsFile& file, const Identity& identity) {
  for (const auto& [name, expected] : identity)
    if (const auto it = file.metadata().find(name); it != file.metadata().end() && it->second != expected)
      return fmt::format("is of {} {}, not of {} {}", name, it->second, name, expected);
  return "";
}

std::optional<SafetensorsFile> open_checkpoint(const RunFolder& run, const std::string& name,
                                               const Identity& identity) {
  const fs::path newest = run.checkpoint(name);
  const fs::path previous = run.previous_checkpoint(name);
  if (!fs::exists(newest) && !fs::exists(previous)) return std::nullopt;
  const auto advice = [&](const std::string& what) {
    return fmt::format("{}; delete {} to train {} again from the start", what,
                       fs::exists(previous) ? "both" : "it", name);
  };
  if (fs::exists(newest)) {
    try {
      return open_as(newest, identity);
    } catch (const Failure& failure) {
      if (!fs::exists(previous))
        throw Failure(newest.string(),
                      advice(failure.problems().front().what + ", and there is no previous checkpoint"));
      spdlog::warn("{}; going on from the previous checkpoint", failure.what());
    }
  }
  try {
    return open_as(previous, identity);
  } catch (const Failure& failure) {
    throw Failure(previous.string(), advice(failure.problems().front().what +
                                            (fs::exists(newest) ? ", as is the newer checkpoint" : "")));
  }
}

}  // namespace ate
