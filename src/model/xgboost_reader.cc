#include "model/xgboost_reader.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace forewarn {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxTrees = 100'000;
constexpr int kMaxFeatures = 100'000;
constexpr int kMaxDepth = 32;

Status Damaged(const std::string& what) {
  return Status::Invalid("the XGBoost model cannot be read: " + what);
}

// Stops a parse of more nesting than a model has: the UBJ parser recurses.
class DepthGuard : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(size_t) override { return ++depth_ <= kMaxDepth; }
  bool start_array(size_t) override { return ++depth_ <= kMaxDepth; }
  bool end_object() override { return --depth_ >= 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  int depth_ = 0;
};

// "28", or in later releases "[5E-1]" and "5E-1".
Result<double> NumberOf(const Json& text) {
  if (text.is_number()) return text.get<double>();
  std::string_view digits = text.get_ref<const std::string&>();
  if (digits.starts_with('[') && digits.ends_with(']')) digits = digits.substr(1, digits.size() - 2);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
    return Damaged(fmt::format("'{}' is no number", digits.substr(0, 40)));
  }
  return value;
}

// Arrays of one tree, one entry a node.
struct TreeArrays {
  const Json& left;
  const Json& right;
  const Json& feature;
  const Json& condition;  // of a leaf: its value
  const Json& default_left;
  const Json& hessian;
  const Json& gain;

  explicit TreeArrays(const Json& tree)
      : left(tree.at("left_children")),
        right(tree.at("right_children")),
        feature(tree.at("split_indices")),
        condition(tree.at("split_conditions")),
        default_left(tree.at("default_left")),
        hessian(tree.at("sum_hessian")),
        gain(tree.at("loss_changes")) {}

  bool SameLength() const {
    for (const Json* array : {&left, &right, &feature, &condition, &default_left, &hessian, &gain}) {
      if (!array->is_array() || array->size() != left.size()) return false;
    }
    return !left.empty();
  }
};

// Older releases write truth values as such, later ones as 0 and 1.
bool Truth(const Json& cell) { return cell.is_boolean() ? cell.get<bool>() : cell.get<int>() != 0; }

bool HasCategories(const Json& tree) {
  const auto types = tree.find("split_type");
  if (types == tree.end()) return false;
  for (const Json& type : *types) {
    if (type.get<int>() != 0) return true;
  }
  return false;
}

// Nodes are renumbered breadth-first from the root, so children stand after their parent and nodes the
// library pruned are gone.
Result<Tree> ReadTree(const Json& json) {
  const TreeArrays in(json);
  if (!in.SameLength()) return Damaged("a tree's arrays differ in length");
  if (HasCategories(json)) return Status::Invalid("an XGBoost model with categorical splits cannot be taken");
  const size_t count = in.left.size();
  Tree tree;
  std::vector<size_t> source = {0};
  for (size_t i = 0; i < source.size(); ++i) {
    const size_t s = source[i];
    TreeNode node;
    node.cover = in.hessian[s].get<float>();
    const int left = in.left[s].get<int>();
    const int right = in.right[s].get<int>();
    if (left < 0) {
      node.value = in.condition[s].get<float>();
    } else {
      if (right < 0 || static_cast<size_t>(left) >= count || static_cast<size_t>(right) >= count ||
          source.size() + 2 > count) {
        return Damaged("a tree's children are not its own");
      }
      node.feature = in.feature[s].get<int32_t>();
      node.threshold = in.condition[s].get<float>();
      node.default_left = Truth(in.default_left[s]);
      node.gain = in.gain[s].get<float>();
      node.left = static_cast<int32_t>(source.size());
      node.right = node.left + 1;
      source.push_back(static_cast<size_t>(left));
      source.push_back(static_cast<size_t>(right));
    }
    tree.nodes.push_back(node);
  }
  return tree;
}

// The raw output before any tree, from base_score, which a logistic objective gives as a probability.
Result<float> BaseMargin(const Json& parameters, bool log_odds) {
  FW_ASSIGN_OR_RETURN(const double base, NumberOf(parameters.at("base_score")));
  if (!log_odds) return static_cast<float>(base);
  if (!(base > 0 && base < 1)) return Damaged(fmt::format("base_score is {}, no probability", base));
  return 0.0F - std::log(1.0F / static_cast<float>(base) - 1.0F);  // in float, as the library itself
}

Result<XgboostModel> ReadDocument(const Json& document) {
  const Json& learner = document.at("learner");
  const std::string& objective = learner.at("objective").at("name").get_ref<const std::string&>();
  if (objective != "binary:logistic" && objective != "reg:squarederror") {
    return Status::Invalid(fmt::format(
        "an XGBoost model of objective '{}' cannot be taken; known: binary:logistic, reg:squarederror",
        objective.substr(0, 80)));
  }
  const Json& booster = learner.at("gradient_booster");
  const std::string& kind = booster.at("name").get_ref<const std::string&>();
  if (kind != "gbtree") {
    return Status::Invalid(
        fmt::format("an XGBoost model of booster '{}' cannot be taken; known: gbtree", kind.substr(0, 80)));
  }
  const Json& parameters = learner.at("learner_model_param");
  FW_ASSIGN_OR_RETURN(const double classes, NumberOf(parameters.at("num_class")));
  double targets = 1;
  if (parameters.contains("num_target")) {
    FW_ASSIGN_OR_RETURN(targets, NumberOf(parameters.at("num_target")));
  }
  if (classes > 1 || targets > 1) {
    return Status::Invalid("an XGBoost model of several outputs cannot be taken; one output is needed");
  }
  FW_ASSIGN_OR_RETURN(const double features, NumberOf(parameters.at("num_feature")));
  if (!(features >= 1 && features <= kMaxFeatures)) return Damaged("num_feature is out of range");
  XgboostModel out;
  out.log_odds = objective == "binary:logistic";
  out.trees.features = static_cast<int>(features);
  FW_ASSIGN_OR_RETURN(out.trees.base, BaseMargin(parameters, out.log_odds));
  const Json& trees = booster.at("model").at("trees");
  if (!trees.is_array() || trees.size() > kMaxTrees)
    return Damaged("there is no list of trees, or too long a one");
  for (const Json& each : trees) {
    FW_ASSIGN_OR_RETURN(Tree tree, ReadTree(each));
    out.trees.trees.push_back(std::move(tree));
  }
  FW_RETURN_IF_ERROR(CheckTreeEnsemble(out.trees));
  return out;
}

}  // namespace

Result<XgboostModel> ReadXgboost(std::string_view bytes) {
  // Both forms begin with '{'; only text goes on with a quote or a space.
  const size_t second = bytes.find_first_not_of(" \t\r\n", 1);
  const bool text = second != std::string_view::npos && bytes[second] == '"';
  DepthGuard guard;
  if (!Json::sax_parse(bytes, &guard, text ? Json::input_format_t::json : Json::input_format_t::ubjson)) {
    return Damaged("it is neither JSON nor UBJ");
  }
  const Json document = text ? Json::parse(bytes, nullptr, false) : Json::from_ubjson(bytes, true, false);
  if (document.is_discarded()) return Damaged("it is neither JSON nor UBJ");
  try {
    return ReadDocument(document);
  } catch (const Json::exception& error) {
    return Damaged(error.what());
  }
}

}  // namespace forewarn
