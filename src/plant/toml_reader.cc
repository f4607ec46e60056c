#include "plant/toml_reader.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/names.h"

namespace forewarn {

struct TomlDocument::State {
  std::string file;
  toml::table root;
  std::vector<Problem> problems;
  struct Visited {
    std::string path;
    std::set<std::string, std::less<>> known;
  };
  std::map<const toml::table*, Visited> visited;
};

namespace {

const toml::table& AsTable(const void* table) { return *static_cast<const toml::table*>(table); }
const toml::node& AsNode(const void* node) { return *static_cast<const toml::node*>(node); }
int LineOf(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

const char* TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time of day";
    case toml::node_type::date_time:
      return "a date and time";
    default:
      return "nothing";
  }
}

// A string that can be shown: TOML allows control characters by escapes, names and texts of a plant do not
// need them.
bool IsPlainText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
  });
}

Result<PlantTime> TimeOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return ParsePlantTime(text->get());
  const auto* value = node.as_date_time();
  const auto* day = node.as_date();
  if (value == nullptr && day == nullptr)
    return Status::Invalid(std::string("wanted a time, found ") + TypeName(node));
  CivilTime civil;
  const toml::date date = value != nullptr ? value->get().date : day->get();
  civil.year = date.year;
  civil.month = date.month;
  civil.day = date.day;
  if (value != nullptr) {
    if (value->get().offset)
      return Status::Invalid("a plant's times are its own wall clock; leave the zone out");
    civil.hour = value->get().time.hour;
    civil.minute = value->get().time.minute;
    civil.second = value->get().time.second;
    civil.microsecond = static_cast<int>(value->get().time.nanosecond / 1000);
  }
  return FromCivil(civil);
}

}  // namespace

std::string Problem::Text() const {
  std::string out = file;
  if (line > 0) out += fmt::format(":{}", line);
  if (!key.empty()) out += ": " + key;
  return out + ": " + message;
}

TomlDocument::TomlDocument(std::unique_ptr<State> state) : state_(std::move(state)) {}
TomlDocument::TomlDocument(TomlDocument&&) noexcept = default;
TomlDocument& TomlDocument::operator=(TomlDocument&&) noexcept = default;
TomlDocument::~TomlDocument() = default;

Result<TomlDocument> TomlDocument::Parse(std::string_view text, const std::string& file_name) {
  auto state = std::make_unique<State>();
  state->file = file_name;
  if (!IsValidUtf8(text)) return Status::Invalid(file_name + ": not UTF-8 text, so no TOML file");
  try {
    state->root = toml::parse(text, file_name);
  } catch (const toml::parse_error& error) {
    std::string what(error.description());
    std::replace_if(
        what.begin(), what.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return Status::Invalid(fmt::format("{}: line {}, column {}: {}", file_name, error.source().begin.line,
                                       error.source().begin.column, what));
  } catch (const std::exception& error) {
    return Status::Invalid(fmt::format("{}: {}", file_name, error.what()));
  }
  return TomlDocument(std::move(state));
}

TomlReader TomlDocument::Root() { return {state_.get(), &state_->root, ""}; }

std::vector<Problem> TomlDocument::Finish() {
  for (const auto& [table, visit] : state_->visited) {
    const std::vector<std::string> known(visit.known.begin(), visit.known.end());
    for (const auto& [key, node] : *table) {
      const std::string name(key.str());
      if (visit.known.count(name) > 0) continue;
      const std::string path = visit.path.empty() ? name : visit.path + "." + name;
      state_->problems.push_back({state_->file, LineOf(node), path, UnknownName("key", name, known)});
    }
  }
  // one place may have been read twice, by its section and by a check across sections
  auto& problems = state_->problems;
  const auto order = [](const Problem& p) { return std::tie(p.line, p.key, p.message); };
  std::sort(problems.begin(), problems.end(),
            [&](const Problem& a, const Problem& b) { return order(a) < order(b); });
  problems.erase(std::unique(problems.begin(), problems.end(),
                             [&](const Problem& a, const Problem& b) { return order(a) == order(b); }),
                 problems.end());
  return std::move(state_->problems);
}

TomlReader::TomlReader(TomlDocument::State* state, const void* table, std::string path)
    : state_(state), table_(table), path_(std::move(path)) {
  state_->visited[&AsTable(table)].path = path_;
}

std::string TomlReader::KeyPath(std::string_view key, int item) const {
  std::string out = path_.empty() || key.empty() ? path_ + std::string(key) : path_ + "." + std::string(key);
  if (item >= 0) out += fmt::format("[{}]", item + 1);
  return out;
}

void TomlReader::Accept(std::string_view key) { state_->visited[&AsTable(table_)].known.emplace(key); }

bool TomlReader::Has(std::string_view key) const { return AsTable(table_).get(key) != nullptr; }

const void* TomlReader::Find(std::string_view key, Need need) {
  Accept(key);
  const toml::node* node = AsTable(table_).get(key);
  if (node == nullptr && need == Need::kRequired) {
    AddProblem(key, fmt::format("missing; [{}] must have it", path_.empty() ? "the file" : path_));
  }
  return node;
}

void TomlReader::AddProblem(std::string_view key, const std::string& message, int item) {
  Accept(key);
  const toml::node* node = AsTable(table_).get(key);
  int line = LineOf(node != nullptr ? *node : static_cast<const toml::node&>(AsTable(table_)));
  const toml::array* array = node != nullptr ? node->as_array() : nullptr;
  if (array == nullptr || item >= static_cast<int>(array->size())) item = -1;
  if (item >= 0) line = LineOf(*array->get(static_cast<size_t>(item)));
  state_->problems.push_back({state_->file, line, KeyPath(key, item), message});
}

bool TomlReader::Wrong(std::string_view key, std::string_view wanted, int item) {
  const toml::node* node = AsTable(table_).get(key);
  if (item >= 0) node = node->as_array()->get(static_cast<size_t>(item));
  AddProblem(key, fmt::format("wanted {}, found {}", wanted, TypeName(*node)), item);
  return false;
}

bool TomlReader::String(std::string_view key, std::string* out, Need need) {
  const void* found = Find(key, need);
  if (found == nullptr) return false;
  const auto* text = AsNode(found).as_string();
  if (text == nullptr) return Wrong(key, "a string");
  if (!IsPlainText(text->get())) {
    AddProblem(key, "the string holds control characters");
    return false;
  }
  *out = text->get();
  return true;
}

bool TomlReader::OneOf(std::string_view key, const std::vector<std::string>& allowed, std::string* out,
                       Need need) {
  std::string text;
  if (!String(key, &text, need)) return false;
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    AddProblem(key, UnknownName("value", text, allowed));
    return false;
  }
  *out = std::move(text);
  return true;
}

bool TomlReader::Bool(std::string_view key, bool* out, Need need) {
  const void* found = Find(key, need);
  if (found == nullptr) return false;
  const auto* value = AsNode(found).as_boolean();
  if (value == nullptr) return Wrong(key, "true or false");
  *out = value->get();
  return true;
}

bool TomlReader::Number(std::string_view key, double* out, double low, double high, Need need) {
  const void* found = Find(key, need);
  if (found == nullptr) return false;
  const toml::node& node = AsNode(found);
  if (!node.is_number()) return Wrong(key, "a number");
  const double value = *node.value<double>();
  if (!std::isfinite(value) || value < low || value > high) {
    const std::string from = std::isfinite(low) ? fmt::format(" from {}", low) : "";
    const std::string to = std::isfinite(high) ? fmt::format(" up to {}", high) : "";
    AddProblem(key, fmt::format("{} is out of range; allowed: a finite number{}{}", value, from, to));
    return false;
  }
  *out = value;
  return true;
}

bool TomlReader::Integer(std::string_view key, int* out, int low, int high, Need need) {
  const void* found = Find(key, need);
  if (found == nullptr) return false;
  const auto* value = AsNode(found).as_integer();
  if (value == nullptr) return Wrong(key, "an integer");
  if (value->get() < low || value->get() > high) {
    AddProblem(key, fmt::format("{} is out of range; allowed: {} to {}", value->get(), low, high));
    return false;
  }
  *out = static_cast<int>(value->get());
  return true;
}

bool TomlReader::Strings(std::string_view key, std::vector<std::string>* out, Need need) {
  const void* found = Find(key, need);
  if (found == nullptr) return false;
  const auto* array = AsNode(found).as_array();
  if (array == nullptr) return Wrong(key, "an array of strings");
  std::vector<std::string> texts;
  bool good = true;
  for (size_t i = 0; i < array->size(); ++i) {
    const auto* text = array->get(i)->as_string();
    if (text == nullptr) {
      good = Wrong(key, "a string", static_cast<int>(i));
    } else if (!IsPlainText(text->get())) {
      AddProblem(key, "the string holds control characters", static_cast<int>(i));
      good = false;
    } else {
      texts.push_back(text->get());
    }
  }
  if (good) *out = std::move(texts);
  return good;
}

bool TomlReader::Numbers(std::string_view key, std::vector<double>* out, Need need) {
  const void* found = Find(key, need);
  if (found == nullptr) return false;
  const auto* array = AsNode(found).as_array();
  if (array == nullptr) return Wrong(key, "an array of numbers");
  std::vector<double> numbers;
  bool good = true;
  for (size_t i = 0; i < array->size(); ++i) {
    const auto value = array->get(i)->is_number() ? array->get(i)->value<double>() : std::nullopt;
    if (!value || !std::isfinite(*value)) {
      good = Wrong(key, "a finite number", static_cast<int>(i));
    } else {
      numbers.push_back(*value);
    }
  }
  if (good) *out = std::move(numbers);
  return good;
}

bool TomlReader::Duration(std::string_view key, PlantTime* out, Need need) {
  std::string text;
  if (!String(key, &text, need)) return false;
  const auto duration = ParseDuration(text);
  if (!duration.ok()) {
    AddProblem(key, duration.message());
    return false;
  }
  *out = *duration;
  return true;
}

bool TomlReader::Time(std::string_view key, PlantTime* out, Need need) {
  const void* found = Find(key, need);
  if (found == nullptr) return false;
  const auto time = TimeOf(AsNode(found));
  if (!time.ok()) {
    AddProblem(key, time.message());
    return false;
  }
  *out = *time;
  return true;
}

std::optional<TomlReader> TomlReader::Table(std::string_view key, Need need) {
  const void* found = Find(key, need);
  if (found == nullptr) return std::nullopt;
  const auto* table = AsNode(found).as_table();
  if (table == nullptr) {
    Wrong(key, "a table");
    return std::nullopt;
  }
  return TomlReader(state_, table, KeyPath(key));
}

std::vector<TomlReader> TomlReader::Tables(std::string_view key, Need need) {
  std::vector<TomlReader> out;
  const void* found = Find(key, need);
  if (found == nullptr) return out;
  const auto* array = AsNode(found).as_array();
  if (array == nullptr) {
    Wrong(key, fmt::format("tables; write [[{}]]", KeyPath(key)));
    return out;
  }
  for (size_t i = 0; i < array->size(); ++i) {
    const auto* table = array->get(i)->as_table();
    if (table == nullptr) {
      Wrong(key, "a table", static_cast<int>(i));
    } else {
      out.push_back(TomlReader(state_, table, KeyPath(key, static_cast<int>(i))));
    }
  }
  return out;
}

}  // namespace forewarn
