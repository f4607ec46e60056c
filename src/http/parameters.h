// Strict readers of what comes beside a JSON body: query parameters, forms
// (application/x-www-form-urlencoded), cookies, and the bearer of the Authorization field. As with JsonBody
// all faults are told at once; a parameter given twice is a fault, and so is one nobody asked for if those
// are refused. Pointers of faults: "/query/limit", "/form/username", "/path/id". One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "http/json_body.h"
#include "http/message.h"

namespace forewarn::http {

class Parameters {
 public:
  static Parameters Query(const Request& request) { return {request.query, "/query/"}; }
  static Parameters Path(const Request& request) { return {request.params, "/path/"}; }
  // Decodes the body; bad encoding is a 400 from Finish.
  static Parameters Form(const Request& request);

  std::string Text(std::string_view name, TextLimits limits = {});
  std::string Text(std::string_view name, TextLimits limits, std::string absent);
  int64_t Integer(std::string_view name, IntegerRange range = {});
  int64_t Integer(std::string_view name, IntegerRange range, int64_t absent);
  std::optional<int64_t> OptionalInteger(std::string_view name, IntegerRange range = {});
  std::string Choice(std::string_view name, const std::vector<std::string>& known, std::string absent);
  bool Has(std::string_view name) const;
  void AddFault(std::string_view name, std::string detail);

  std::optional<Response> Finish(UnknownKeys unknown = UnknownKeys::kIgnore);
  const std::vector<Fault>& faults() const { return faults_; }

 private:
  Parameters(Pairs pairs, std::string base) : pairs_(std::move(pairs)), base_(std::move(base)) {}
  const std::string* Take(std::string_view name, bool needed);
  std::optional<int64_t> ReadInteger(std::string_view name, IntegerRange range, bool needed);

  Pairs pairs_;
  std::string base_;
  std::string malformed_;  // why the form is none
  std::vector<Fault> faults_;
  std::vector<std::string> asked_;
};

// The cookie of that name. Nothing when there is none, or when it is there more than once with different
// values (a planted one beside the true one must not count).
std::optional<std::string> FindCookie(const Request& request, std::string_view name);
// The token of `Authorization: Bearer …`; nothing when the field is absent, doubled, or of another form.
std::optional<std::string_view> BearerToken(const Request& request);
// "fw_session=…; Path=/; HttpOnly; SameSite=Strict[; Secure][; Max-Age=…]"; max_age < 0: a session cookie.
std::string SetCookieValue(std::string_view name, std::string_view value, bool secure, int64_t max_age);

// Percent-decoding; plus_is_space for queries and forms. Nothing on a bad escape, NUL, or invalid UTF-8.
std::optional<std::string> DecodePercent(std::string_view text, bool plus_is_space);
// Everything but RFC 3986's unreserved characters and those of `kept` is escaped.
std::string EncodePercent(std::string_view text, std::string_view kept = "");
// "a=1&b=2"; false as for DecodePercent, or for more than 1000 pairs.
bool DecodePairs(std::string_view text, Pairs* out);

}  // namespace forewarn::http
