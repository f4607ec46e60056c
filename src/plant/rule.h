// The rule language of plant files: boolean expressions over a table's columns.
//   rule    := or ;  or := and ('or' and)* ;  and := not ('and' not)* ;  not := 'not' not | comparison
//   comparison := sum (('<'|'<='|'>'|'>='|'=='|'!=') sum)? ;  sum := product (('+'|'-') product)*
//   product := unary (('*'|'/') unary)* ;  unary := '-' unary | atom
//   atom := number | column | 'abs' '(' sum ')' | 'quantile' '(' column ',' number ')' | '(' or ')'
// Types are number and truth value; a rule is a truth value. A comparison with a null cell is false.
// quantile(col, q) is over all valid rows of the table at hand, linear interpolation between order statistics
// (pandas' default). Immutable after parsing; evaluation is const and safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "frame/frame.h"

namespace forewarn {

struct RuleNode;

// A quantile a rule reads, and its value where the table at hand is only a part of the one that is meant.
struct RuleQuantile {
  std::string column;
  double share = 0;  // q
  double value = 0;
};
const RuleQuantile* FindQuantile(const std::vector<RuleQuantile>& quantiles, const std::string& column,
                                 double share);

class Rule {
 public:
  // Errors carry line and column of the place and what was expected: "line 1, column 14: …".
  static Result<Rule> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::vector<std::string>& columns() const { return columns_; }  // every column it reads, once each
  bool UsesQuantile() const { return !quantiles_.empty(); }
  const std::vector<RuleQuantile>& Quantiles() const { return quantiles_; }  // without values

  // NotFound, naming the column, its place in the rule and the nearest known one, if a column is missing.
  Status Check(const std::vector<std::string>& known_columns) const;
  // One truth value a row. A quantile among `known` is taken from there, not from the table.
  Result<std::vector<bool>> Evaluate(const Frame& table, const std::vector<RuleQuantile>& known = {}) const;

 private:
  std::string text_;
  std::vector<std::string> columns_;
  std::vector<RuleQuantile> quantiles_;
  std::shared_ptr<const RuleNode> root_;
};

// One truth value a row: any of the rules holds. A failure names the rule.
Result<std::vector<bool>> EvaluateAny(const std::vector<Rule>& rules, const Frame& table);

}  // namespace forewarn
