#include "scoring_input.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/file.h"
#include "core/names.h"
#include "io/csv_table.h"
#include "object_stores.h"
#include "registry/model_names.h"
#include "scoring/reply_json.h"
#include "table_input.h"

namespace forewarn {
namespace {

constexpr uint64_t kMaxInput = uint64_t{4} << 30;

Result<std::string> ReadStandardInput() {
  std::string out;
  std::string piece(1 << 16, '\0');
  while (true) {
    const ssize_t n = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Status::Io(fmt::format("cannot read standard input: {}", std::strerror(errno)));
    if (n == 0) return out;
    out.append(piece, 0, static_cast<size_t>(n));
    if (out.size() > kMaxInput) return Status::Invalid("standard input is larger than 4 GiB");
  }
}

// True where every line that holds anything starts an object of its own.
bool IsJsonLines(std::string_view text) {
  size_t objects = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    if (!line.empty()) {
      if (line.front() != '{' || line.back() != '}') return false;
      ++objects;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return objects > 1;
}

void SplitLines(std::string_view text, ScoringInput* input) {
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view body = Trim(text.substr(0, end));
    if (!body.empty()) {
      input->bodies.emplace_back(body);
      input->lines.push_back(line);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Result<std::optional<double>> ThresholdSetting(const Context& context) {
  const Setting& setting = context.Get("alarm_threshold");
  if (setting.value.empty()) return std::optional<double>();
  double value = 0;
  const char* end = setting.value.data() + setting.value.size();
  const auto [stop, error] = std::from_chars(setting.value.data(), end, value);
  if (error != std::errc() || stop != end || !(value >= 0 && value <= 1)) {
    return Status::Usage(fmt::format("alarm_threshold is '{}' ({}); a number from 0 to 1 is needed",
                                     setting.value, setting.origin));
  }
  return std::optional<double>(value);
}

}  // namespace

Result<ScoringInput> ReadScoringInput(const std::string& file, const Plant& plant) {
  ScoringInput input;
  const bool standard = file.empty() || file == "-";
  input.name = standard ? "standard input" : file;
  Result<std::string> bytes = standard ? ReadStandardInput() : ReadFile(file, kMaxInput);
  if (!bytes.ok()) return bytes.status();
  std::string_view text = Trim(*bytes);
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text = Trim(text.substr(3));
  if (text.empty())
    return Status::Invalid(input.name + " is empty; a JSON object, JSON lines or a table is needed");
  if (text.front() != '{' && text.front() != '[') {
    input.kind = ScoringInput::Kind::kTable;
    FW_ASSIGN_OR_RETURN(input.table, ReadTableFromBytes(*bytes, input.name, TableOptionsOf(plant)));
    return input;
  }
  if (IsJsonLines(text)) {
    input.kind = ScoringInput::Kind::kJsonLines;
    SplitLines(*bytes, &input);
  } else {
    input.bodies.emplace_back(text);
    input.lines.push_back(1);
  }
  return input;
}

Result<OpenedModel> OpenModel(const Context& context, const Plant& plant, const std::string& ref,
                              double confidence) {
  EngineOptions options;
  FW_ASSIGN_OR_RETURN(options.alarm_threshold, ThresholdSetting(context));
  options.confidence = confidence;
  std::string wanted = ref.empty() ? context.Get("model_name").value : ref;
  if (wanted.empty()) wanted = plant.ModelName(kChampionSuffix);
  FW_ASSIGN_OR_RETURN(const ModelRef parsed, ParseModelRef(wanted));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  // Found here first, for its own words on what there is.
  const Result<ModelVersion> found = registry->Find(parsed);
  if (!found.ok()) return found.status().WithPrefix(fmt::format("registry {}", registry->Uri()));
  options.champion = parsed.name;
  options.only = {wanted};
  OpenedModel opened;
  opened.name = parsed.name;
  opened.engine = std::make_unique<ScoringEngine>(plant, options);
  FW_RETURN_IF_ERROR(opened.engine->Reload(*registry).status());
  FW_ASSIGN_OR_RETURN(opened.model, opened.engine->Find(parsed.name));
  return opened;
}

Status AnswerBodies(const ScoringInput& input,
                    const std::function<Result<std::string>(const std::string&)>& answer) {
  std::string out;
  for (size_t i = 0; i < input.bodies.size(); ++i) {
    Result<std::string> reply = answer(input.bodies[i]);
    if (!reply.ok()) {
      return reply.status().WithPrefix(
          input.bodies.size() == 1 ? input.name : fmt::format("{}:{}", input.name, input.lines[i]));
    }
    out += *reply;
    out += '\n';
  }
  return WriteStdout(out);
}

Status EmitTable(const Context& context, Table table, const TableScores& scores) {
  for (const std::string& note : scores.notes) context.Say(note);
  if (!context.json) return WriteStdout(WriteCsvTable(AppendColumns(std::move(table), scores)));
  std::string out = "[";
  for (size_t r = 0; r < table.rows(); ++r) {
    out += r == 0 ? "{" : ",{";
    for (size_t c = 0; c < scores.names.size(); ++c) {
      const double value = scores.columns[c][r];
      out += fmt::format("{}{}:{}", c == 0 ? "" : ",", JsonText(scores.names[c]),
                         std::isfinite(value) ? fmt::format("{}", value) : "null");
    }
    out += "}";
  }
  return WriteStdout(out + "]\n");
}

std::string TextTable(Table table, const std::vector<std::pair<std::string, TextColumn>>& columns) {
  for (const auto& [name, column] : columns) {
    std::erase_if(table.columns, [&](const TableColumn& c) { return c.name == name; });
    table.columns.push_back({name, column});
  }
  return WriteCsvTable(table);
}

Status WriteStdout(const std::string& text) {
  const bool good =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (good) return Status::Ok();
  return Status::Io(fmt::format("cannot write the output: {}", std::strerror(errno)));
}

}  // namespace forewarn
