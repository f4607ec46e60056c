#include "plant/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/names.h"
#include "frame/statistics.h"
#include "plant/rule_lexer.h"

namespace forewarn {

// A node of the parsed rule. Truth values are carried as 0 and 1.
struct RuleNode {
  enum class Kind {
    kNumber,
    kColumn,
    kQuantile,
    kAbs,
    kNegate,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kEqual,
    kNotEqual,
    kNot,
    kAnd,
    kOr,
  };
  Kind kind = Kind::kNumber;
  double number = 0;   // kNumber; the share of kQuantile
  std::string column;  // kColumn, kQuantile
  size_t offset = 0;   // byte of the text at which it starts
  std::vector<std::unique_ptr<const RuleNode>> children;

  bool IsTruth() const { return kind >= Kind::kLess; }
};

namespace {

using Node = std::unique_ptr<const RuleNode>;
using Kind = RuleNode::Kind;

constexpr size_t kMaxText = 64 * 1024;
constexpr int kMaxDepth = 100;  // of nested brackets, minus signs, nots
constexpr size_t kMaxNodes = 1000;

// Recursive descent, one function a line of the grammar in rule.h.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), lexer_(text) {}

  Result<Node> Parse() {
    FW_RETURN_IF_ERROR(Advance());
    if (token_.kind == RuleTokenKind::kEnd)
      return Status::Invalid("the rule is empty; write a comparison like 'level > 80'");
    FW_ASSIGN_OR_RETURN(Node root, Or());
    if (token_.kind != RuleTokenKind::kEnd) {
      if (IsComparison()) return Error("comparisons do not chain; write 'a < b and b < c'");
      return Error("expected 'and', 'or' or the end of the rule, found " + Found());
    }
    if (!root->IsTruth())
      return ErrorAt(*root, "a rule is a comparison, but this is a number; write for example '… > 0'");
    return root;
  }

 private:
  Result<Node> Or() {
    FW_ASSIGN_OR_RETURN(Node first, And());
    return Chain(std::move(first), "or", Kind::kOr, &Parser::And);
  }

  Result<Node> And() {
    FW_ASSIGN_OR_RETURN(Node first, Not());
    return Chain(std::move(first), "and", Kind::kAnd, &Parser::Not);
  }

  Result<Node> Chain(Node first, std::string_view word, Kind kind, Result<Node> (Parser::*next)()) {
    if (!IsWord(word)) return first;
    std::vector<Node> parts;
    parts.push_back(std::move(first));
    while (IsWord(word)) {
      FW_RETURN_IF_ERROR(Advance());
      FW_ASSIGN_OR_RETURN(Node part, (this->*next)());
      parts.push_back(std::move(part));
    }
    for (const Node& part : parts) {
      if (!part->IsTruth())
        return ErrorAt(*part, fmt::format("'{}' joins comparisons, but this is a number", word));
    }
    const size_t offset = parts.front()->offset;
    return Make(kind, offset, std::move(parts));
  }

  Result<Node> Not() {
    if (!IsWord("not")) return Comparison();
    const size_t offset = token_.offset;
    const Deeper deeper(*this);
    FW_RETURN_IF_ERROR(CheckDepth());
    FW_RETURN_IF_ERROR(Advance());
    FW_ASSIGN_OR_RETURN(Node inner, Not());
    if (!inner->IsTruth()) return ErrorAt(*inner, "'not' wants a comparison, but this is a number");
    return Make(Kind::kNot, offset, std::move(inner));
  }

  Result<Node> Comparison() {
    FW_ASSIGN_OR_RETURN(Node left, Sum());
    if (!IsComparison()) return left;
    const std::string symbol = token_.text;
    FW_RETURN_IF_ERROR(Advance());
    FW_ASSIGN_OR_RETURN(Node right, Sum());
    const Kind kind = symbol == "<"    ? Kind::kLess
                      : symbol == "<=" ? Kind::kLessEqual
                      : symbol == ">"  ? Kind::kGreater
                      : symbol == ">=" ? Kind::kGreaterEqual
                      : symbol == "==" ? Kind::kEqual
                                       : Kind::kNotEqual;
    return Binary(kind, symbol, std::move(left), std::move(right));
  }

  Result<Node> Sum() {
    FW_ASSIGN_OR_RETURN(Node left, Product());
    while (IsSymbol("+") || IsSymbol("-")) {
      const std::string symbol = token_.text;
      FW_RETURN_IF_ERROR(Advance());
      FW_ASSIGN_OR_RETURN(Node right, Product());
      FW_ASSIGN_OR_RETURN(left, Binary(symbol == "+" ? Kind::kAdd : Kind::kSubtract, symbol, std::move(left),
                                       std::move(right)));
    }
    return left;
  }

  Result<Node> Product() {
    FW_ASSIGN_OR_RETURN(Node left, Unary());
    while (IsSymbol("*") || IsSymbol("/")) {
      const std::string symbol = token_.text;
      FW_RETURN_IF_ERROR(Advance());
      FW_ASSIGN_OR_RETURN(Node right, Unary());
      FW_ASSIGN_OR_RETURN(left, Binary(symbol == "*" ? Kind::kMultiply : Kind::kDivide, symbol,
                                       std::move(left), std::move(right)));
    }
    return left;
  }

  Result<Node> Unary() {
    if (!IsSymbol("-")) return Atom();
    const size_t offset = token_.offset;
    const Deeper deeper(*this);
    FW_RETURN_IF_ERROR(CheckDepth());
    FW_RETURN_IF_ERROR(Advance());
    FW_ASSIGN_OR_RETURN(Node inner, Unary());
    if (inner->IsTruth()) return ErrorAt(*inner, "'-' wants a number, but this is a comparison");
    return Make(Kind::kNegate, offset, std::move(inner));
  }

  Result<Node> Atom() {
    const RuleToken token = token_;
    if (token.kind == RuleTokenKind::kNumber) {
      FW_RETURN_IF_ERROR(Advance());
      auto node = std::make_unique<RuleNode>();
      node->number = token.number;
      return Count(std::move(node), token.offset);
    }
    if (IsSymbol("(")) {
      const Deeper deeper(*this);
      FW_RETURN_IF_ERROR(CheckDepth());
      FW_RETURN_IF_ERROR(Advance());
      FW_ASSIGN_OR_RETURN(Node inner, Or());
      FW_RETURN_IF_ERROR(Expect(")"));
      return inner;
    }
    if (token.kind != RuleTokenKind::kName || IsWord("and") || IsWord("or") || IsWord("not")) {
      return Error("expected a number, a column or '(', found " + Found());
    }
    FW_RETURN_IF_ERROR(Advance());
    if (token.text == "abs") return Abs(token.offset);
    if (token.text == "quantile") return Quantile(token.offset);
    if (IsSymbol("(")) {
      return Status::Invalid(RulePlace(text_, token.offset) + ": " +
                             UnknownName("function", token.text, {"abs", "quantile"}));
    }
    auto node = std::make_unique<RuleNode>();
    node->kind = Kind::kColumn;
    node->column = token.text;
    return Count(std::move(node), token.offset);
  }

  Result<Node> Abs(size_t offset) {
    const Deeper deeper(*this);
    FW_RETURN_IF_ERROR(CheckDepth());
    FW_RETURN_IF_ERROR(Expect("("));
    FW_ASSIGN_OR_RETURN(Node inner, Sum());
    if (inner->IsTruth()) return ErrorAt(*inner, "'abs' wants a number, but this is a comparison");
    FW_RETURN_IF_ERROR(Expect(")"));
    return Make(Kind::kAbs, offset, std::move(inner));
  }

  Result<Node> Quantile(size_t offset) {
    FW_RETURN_IF_ERROR(Expect("("));
    if (token_.kind != RuleTokenKind::kName)
      return Error("'quantile' wants a column first, found " + Found());
    auto node = std::make_unique<RuleNode>();
    node->kind = Kind::kQuantile;
    node->column = token_.text;
    FW_RETURN_IF_ERROR(Advance());
    FW_RETURN_IF_ERROR(Expect(","));
    if (token_.kind != RuleTokenKind::kNumber || token_.number > 1) {
      return Error("the second argument of 'quantile' is a number from 0 to 1, found " + Found());
    }
    node->number = token_.number;
    FW_RETURN_IF_ERROR(Advance());
    FW_RETURN_IF_ERROR(Expect(")"));
    return Count(std::move(node), offset);
  }

  Result<Node> Binary(Kind kind, std::string_view symbol, Node left, Node right) {
    for (const Node* side : {&left, &right}) {
      if ((*side)->IsTruth()) {
        return ErrorAt(**side,
                       fmt::format("'{}' wants numbers on both sides, but this is a comparison", symbol));
      }
    }
    const size_t offset = left->offset;
    std::vector<Node> sides;
    sides.push_back(std::move(left));
    sides.push_back(std::move(right));
    return Make(kind, offset, std::move(sides));
  }

  Result<Node> Make(Kind kind, size_t offset, Node child) {
    std::vector<Node> children;
    children.push_back(std::move(child));
    return Make(kind, offset, std::move(children));
  }

  Result<Node> Make(Kind kind, size_t offset, std::vector<Node> children) {
    auto node = std::make_unique<RuleNode>();
    node->kind = kind;
    node->children = std::move(children);
    return Count(std::move(node), offset);
  }

  Result<Node> Count(std::unique_ptr<RuleNode> node, size_t offset) {
    node->offset = offset;
    if (++nodes_ > kMaxNodes)
      return Status::Invalid(fmt::format("the rule has more than {} parts", kMaxNodes));
    return Node(std::move(node));
  }

  struct Deeper {
    explicit Deeper(Parser& p) : parser(p) { ++parser.depth_; }
    ~Deeper() { --parser.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    Parser& parser;
  };

  Status CheckDepth() const {
    if (depth_ <= kMaxDepth) return Status::Ok();
    return Error(fmt::format("the rule is nested more than {} deep", kMaxDepth));
  }

  Status Advance() {
    FW_ASSIGN_OR_RETURN(token_, lexer_.Next());
    return Status::Ok();
  }

  Status Expect(std::string_view symbol) {
    if (!IsSymbol(symbol)) return Error(fmt::format("expected '{}', found {}", symbol, Found()));
    return Advance();
  }

  bool IsWord(std::string_view word) const {
    return token_.kind == RuleTokenKind::kName && token_.text == word;
  }
  bool IsSymbol(std::string_view symbol) const {
    return token_.kind == RuleTokenKind::kSymbol && token_.text == symbol;
  }
  bool IsComparison() const {
    return token_.kind == RuleTokenKind::kSymbol &&
           std::string_view("<>=!").find(token_.text[0]) != std::string_view::npos;
  }
  std::string Found() const {
    return token_.kind == RuleTokenKind::kEnd ? "the end of the rule"
                                              : fmt::format("'{}'", token_.text.substr(0, 80));
  }
  Status Error(const std::string& message) const {
    return Status::Invalid(RulePlace(text_, token_.offset) + ": " + message);
  }
  Status ErrorAt(const RuleNode& node, const std::string& message) const {
    return Status::Invalid(RulePlace(text_, node.offset) + ": " + message);
  }

  std::string_view text_;
  RuleLexer lexer_;
  RuleToken token_;
  int depth_ = 0;
  size_t nodes_ = 0;
};

template <typename Visit>
void VisitColumns(const RuleNode& node, const Visit& visit) {
  if (node.kind == Kind::kColumn || node.kind == Kind::kQuantile) visit(node);
  for (const Node& child : node.children) VisitColumns(*child, visit);
}

double Apply(Kind kind, double a, double b) {
  switch (kind) {
    case Kind::kAdd:
      return a + b;
    case Kind::kSubtract:
      return a - b;
    case Kind::kMultiply:
      return a * b;
    case Kind::kDivide:
      return a / b;
    case Kind::kLess:
      return a < b;
    case Kind::kLessEqual:
      return a <= b;
    case Kind::kGreater:
      return a > b;
    case Kind::kGreaterEqual:
      return a >= b;
    case Kind::kEqual:
      return a == b;
    case Kind::kNotEqual:
      return a < b || a > b;  // false where either is null, unlike !=
    case Kind::kAnd:
      return a != 0 && b != 0;
    case Kind::kOr:
      return a != 0 || b != 0;
    default:
      return kNull;
  }
}

// All rows of one node. A row-independent node (number, quantile) gives a single cell.
Result<std::vector<double>> EvaluateNode(const RuleNode& node, const Frame& table,
                                         const std::vector<RuleQuantile>& known) {
  switch (node.kind) {
    case Kind::kNumber:
      return std::vector<double>{node.number};
    case Kind::kColumn: {
      FW_ASSIGN_OR_RETURN(const auto cells, table.Column(node.column));
      return std::vector<double>(cells.begin(), cells.end());
    }
    case Kind::kQuantile: {
      const RuleQuantile* given = FindQuantile(known, node.column, node.number);
      if (given != nullptr) return std::vector<double>{given->value};
      FW_ASSIGN_OR_RETURN(const auto cells, table.Column(node.column));
      return std::vector<double>{Quantile(cells, node.number)};
    }
    default:
      break;
  }
  FW_ASSIGN_OR_RETURN(std::vector<double> out, EvaluateNode(*node.children[0], table, known));
  if (node.kind == Kind::kAbs)
    std::transform(out.begin(), out.end(), out.begin(), [](double x) { return std::abs(x); });
  if (node.kind == Kind::kNegate)
    std::transform(out.begin(), out.end(), out.begin(), [](double x) { return -x; });
  if (node.kind == Kind::kNot)
    std::transform(out.begin(), out.end(), out.begin(), [](double x) { return x == 0; });
  for (size_t c = 1; c < node.children.size(); ++c) {
    FW_ASSIGN_OR_RETURN(std::vector<double> right, EvaluateNode(*node.children[c], table, known));
    if (out.size() < right.size()) out.resize(right.size(), out.front());
    const bool scalar = right.size() < out.size();
    for (size_t r = 0; r < out.size(); ++r) out[r] = Apply(node.kind, out[r], right[scalar ? 0 : r]);
  }
  return out;
}

}  // namespace

const RuleQuantile* FindQuantile(const std::vector<RuleQuantile>& quantiles, const std::string& column,
                                 double share) {
  const auto it = std::find_if(quantiles.begin(), quantiles.end(),
                               [&](const RuleQuantile& q) { return q.column == column && q.share == share; });
  return it == quantiles.end() ? nullptr : &*it;
}

Result<Rule> Rule::Parse(std::string_view text) {
  if (text.size() > kMaxText)
    return Status::Invalid(fmt::format("a rule has at most {} characters", kMaxText));
  FW_ASSIGN_OR_RETURN(Node root, Parser(text).Parse());
  Rule rule;
  rule.text_ = text;
  VisitColumns(*root, [&](const RuleNode& node) {
    if (std::find(rule.columns_.begin(), rule.columns_.end(), node.column) == rule.columns_.end()) {
      rule.columns_.push_back(node.column);
    }
    if (node.kind == Kind::kQuantile && FindQuantile(rule.quantiles_, node.column, node.number) == nullptr) {
      rule.quantiles_.push_back({node.column, node.number, 0});
    }
  });
  if (rule.columns_.empty()) return Status::Invalid("the rule reads no column, so it is always the same");
  rule.root_ = std::shared_ptr<const RuleNode>(std::move(root));
  return rule;
}

Status Rule::Check(const std::vector<std::string>& known_columns) const {
  if (root_ == nullptr) return Status::Invalid("the rule is empty");
  Status status;
  VisitColumns(*root_, [&](const RuleNode& node) {
    if (!status.ok()) return;
    if (std::find(known_columns.begin(), known_columns.end(), node.column) != known_columns.end()) return;
    // a quantile's place is its own; its column stands inside the brackets
    size_t offset = node.offset;
    if (node.kind == Kind::kQuantile) {
      const size_t bracket = text_.find('(', offset);
      offset = text_.find_first_not_of(" \t\r\n", bracket + 1);
    }
    status =
        Status::NotFound(RulePlace(text_, offset) + ": " + UnknownName("column", node.column, known_columns));
  });
  return status;
}

Result<std::vector<bool>> Rule::Evaluate(const Frame& table, const std::vector<RuleQuantile>& known) const {
  if (root_ == nullptr) return Status::Invalid("the rule is empty");
  FW_RETURN_IF_ERROR(Check(table.names()));
  if (table.rows() == 0) return std::vector<bool>();
  FW_ASSIGN_OR_RETURN(const std::vector<double> cells, EvaluateNode(*root_, table, known));
  std::vector<bool> out(table.rows());
  const bool scalar = cells.size() != out.size();
  for (size_t r = 0; r < out.size(); ++r) out[r] = cells[scalar ? 0 : r] != 0;
  return out;
}

Result<std::vector<bool>> EvaluateAny(const std::vector<Rule>& rules, const Frame& table) {
  std::vector<bool> any(table.rows());
  for (const Rule& rule : rules) {
    auto hits = rule.Evaluate(table);
    if (!hits.ok()) return hits.status().WithPrefix("rule '" + rule.text() + "'");
    for (size_t r = 0; r < any.size(); ++r) any[r] = any[r] || (*hits)[r];
  }
  return any;
}

}  // namespace forewarn
