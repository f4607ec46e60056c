// Filters of MLflow's searches: the part of its language the registry can answer.
#include <fmt/format.h>

#include "api/mlflow_face.h"
#include "core/names.h"

namespace forewarn {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '`';
}

class FilterReader {
 public:
  explicit FilterReader(std::string_view text) : rest_(Trim(text)) {}

  Result<MlflowFilter> Read() {
    MlflowFilter filter;
    while (!rest_.empty()) {
      FW_RETURN_IF_ERROR(Comparison(&filter));
      if (rest_.empty()) break;
      if (ToLower(Word()) != "and") return Wrong("AND joins two comparisons");
      if (rest_.empty()) return Wrong("a comparison is missing behind AND");
    }
    return filter;
  }

 private:
  static Status Wrong(const std::string& what) {
    return Status::Invalid(fmt::format(
        "the filter is not understood: {}; known: name = 'x', name LIKE 'x%', name ILIKE 'x%', run_id = 'x'",
        what));
  }

  std::string_view Word() {
    size_t end = 0;
    while (end < rest_.size() && IsNameCharacter(rest_[end])) ++end;
    const std::string_view word = rest_.substr(0, end);
    rest_ = Trim(rest_.substr(end));
    return word;
  }

  Status Comparison(MlflowFilter* filter) {
    const std::string key = ToLower(Word());
    bool like = false;
    bool ignore_case = false;
    bool differs = false;
    if (rest_.starts_with("!=")) {
      differs = true;
      rest_ = Trim(rest_.substr(2));
    } else if (!rest_.empty() && rest_.front() == '=') {
      rest_ = Trim(rest_.substr(1));
    } else {
      const std::string operation = ToLower(Word());
      if (operation != "like" && operation != "ilike") return Wrong("'=' or LIKE is needed behind a name");
      like = true;
      ignore_case = operation == "ilike";
    }
    if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"'))
      return Wrong("a text in quotes is needed");
    const char quote = rest_.front();
    const size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) return Wrong("a quote is not closed");
    const std::string value(rest_.substr(1, end - 1));
    rest_ = Trim(rest_.substr(end + 1));
    // MLflow 3 adds this to every search, so that prompts are not taken for models; here is no prompt.
    if (key == "tag.`mlflow.prompt.is_prompt`" || key == "tags.`mlflow.prompt.is_prompt`") {
      filter->none = filter->none || differs != (ToLower(value) == "true");
      return Status::Ok();
    }
    if (differs) return Wrong("'!=' is not known here");
    if (key == "name") {
      filter->name = value;
      filter->like = like;
      filter->ignore_case = ignore_case;
    } else if (key == "run_id" && !like) {
      filter->run_id = value;
    } else {
      return Wrong(fmt::format("'{}' is not known", key));
    }
    return Status::Ok();
  }

  std::string_view rest_;
};

}  // namespace

bool MlflowFilter::Matches(const std::string& model_name, const std::string& run) const {
  if (none || (!run_id.empty() && run != run_id)) return false;
  if (name.empty()) return true;
  return like ? MatchesPattern(model_name, name, {'%', '_', ignore_case}) : model_name == name;
}

Result<MlflowFilter> ParseMlflowFilter(std::string_view text) { return FilterReader(text).Read(); }

}  // namespace forewarn
