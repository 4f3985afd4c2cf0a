#include "cli/analysis_flags.h"

#include <algorithm>

#include "cli/checks.h"

namespace ate {

void AnalysisFlags::add_to(CLI::App& command, const std::vector<std::string>& settings) {
  const char* const group = "Shape";
  for (const SettingHelp& setting : analysis_settings()) {
    if (!settings.empty() && std::find(settings.begin(), settings.end(), setting.name) == settings.end())
      continue;
    Flag& flag = flags_.emplace_back();
    flag.setting = setting.name;
    flag.name = "--" + flag.setting;
    std::replace(flag.name.begin(), flag.name.end(), '_', '-');
    flag.option = command.add_option(flag.name, flag.value, setting.help)
                      ->type_name(setting.type)
                      ->check(not_empty())
                      ->group(group);
  }
  config_ = command.add_option("--config", file_, "JSON file of these settings; flags override it")
                ->type_name("FILE")
                ->check(not_empty())
                ->group(group);
}

std::vector<std::string> AnalysisFlags::typed() const {
  std::vector<std::string> names;
  for (const Flag& flag : flags_)
    if (flag.option->count() > 0) names.push_back(flag.name);
  if (config_->count() > 0) names.emplace_back("--config");
  return names;
}

AnalysisRequest AnalysisFlags::request(std::vector<Setting> settings) const {
  std::vector<Setting> of_file;
  if (config_->count() > 0) of_file = read_settings(file_);
  std::vector<Problem> unread;
  for (const Setting& setting : of_file)
    if (std::none_of(flags_.begin(), flags_.end(),
                     [&](const Flag& flag) { return flag.setting == setting.name; }))
      unread.push_back({setting.where, "this command does not read it: leave it out"});
  if (!unread.empty()) throw BadInput(std::move(unread));
  settings.insert(settings.end(), of_file.begin(), of_file.end());
  for (const Flag& flag : flags_)
    if (flag.option->count() > 0)
      settings.push_back({flag.setting, flag.value, flag.name + " " + flag.value});
  return make_request(settings);
}

}  // namespace ate
