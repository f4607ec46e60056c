// Small helpers over SOCI for the statements of the store: absent numbers, and rows one by one. Everything
// here throws what SOCI throws. Values given to soci::use must be named variables that outlive the statement:
// SOCI keeps their address and reads them at the end of the full expression, when temporaries are gone.
#pragma once

#include <soci/soci.h>

#include <optional>
#include <string>
#include <utility>

namespace soci {

// An absent number is NULL in both directions.
template <typename T>
struct type_conversion<std::optional<T>> {
  using base_type = T;
  static void from_base(const T& in, indicator ind, std::optional<T>& out) {
    out = ind == i_null ? std::nullopt : std::optional<T>(in);
  }
  static void to_base(const std::optional<T>& in, T& out, indicator& ind) {
    out = in.value_or(T());
    ind = in.has_value() ? i_ok : i_null;
  }
};

}  // namespace soci

namespace forewarn {

// Runs a query and calls row() after each row has been put into the `into` variables. In one trip to the
// server, and to the end: a half-read statement would hold SQLite's read lock.
template <typename Row, typename... Exchanges>
void EachRow(soci::session& session, const std::string& sql, Row&& row, Exchanges&&... exchanges) {
  soci::statement statement(session);
  (statement.exchange(std::forward<Exchanges>(exchanges)), ...);
  statement.alloc();
  statement.prepare(sql, soci::details::st_one_time_query);
  statement.define_and_bind();
  statement.execute(false);
  while (statement.fetch()) row();
}

// Runs a statement that gives no rows; how many rows it changed.
template <typename... Exchanges>
int64_t Execute(soci::session& session, const std::string& sql, Exchanges&&... exchanges) {
  soci::statement statement(session);
  (statement.exchange(std::forward<Exchanges>(exchanges)), ...);
  statement.alloc();
  statement.prepare(sql, soci::details::st_one_time_query);
  statement.define_and_bind();
  statement.execute(true);
  return statement.get_affected_rows();
}

}  // namespace forewarn
