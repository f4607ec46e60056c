// Status and Result: expected failure as a value. Every message is one sentence for a person and says what,
// where and what to do. Exceptions never cross a module; a caller passes a failure on with FW_RETURN_IF_ERROR
// or FW_ASSIGN_OR_RETURN, or handles it.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace forewarn {

enum class Code {
  kOk,
  kInvalid,          // bad input: a file, a value, a shape
  kNotFound,         // a name that does not exist (the message lists those that do)
  kExists,           // a name that is taken
  kIo,               // the system said no: permission, disk full, unreadable
  kBusy,             // another process holds it
  kGate,             // a validation gate failed
  kUsage,            // wrong flags
  kUnavailable,      // no model, a server away
  kInternal,         // a bug of ours
  kUnauthenticated,  // who asks is not known: wrong password, forged or expired token
  kForbidden,        // who asks is known and may not
  kThrottled,        // too many tries; retry_after_s() says when the next may come
};

const char* CodeName(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return {}; }
  static Status Invalid(std::string message) { return {Code::kInvalid, std::move(message)}; }
  static Status NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
  static Status Exists(std::string message) { return {Code::kExists, std::move(message)}; }
  static Status Io(std::string message) { return {Code::kIo, std::move(message)}; }
  static Status Busy(std::string message) { return {Code::kBusy, std::move(message)}; }
  static Status Gate(std::string message) { return {Code::kGate, std::move(message)}; }
  static Status Usage(std::string message) { return {Code::kUsage, std::move(message)}; }
  static Status Unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
  static Status Internal(std::string message) { return {Code::kInternal, std::move(message)}; }
  static Status Unauthenticated(std::string message) { return {Code::kUnauthenticated, std::move(message)}; }
  static Status Forbidden(std::string message) { return {Code::kForbidden, std::move(message)}; }
  static Status Throttled(std::string message, int retry_after_s) {
    return Status(Code::kThrottled, std::move(message)).WithRetryAfter(retry_after_s);
  }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  // Seconds after which trying again makes sense; 0 = not said.
  int retry_after_s() const { return retry_after_s_; }
  Status WithRetryAfter(int seconds) && {
    retry_after_s_ = seconds;
    return std::move(*this);
  }
  // The same failure with "where: " in front.
  Status WithPrefix(const std::string& where) const {
    return ok() ? *this : Status(code_, where + ": " + message_).WithRetryAfter(retry_after_s_);
  }

 private:
  Code code_ = Code::kOk;
  int retry_after_s_ = 0;
  std::string message_;
};

// A T or the Status that says why there is none. Reading the value of a failed Result is a programming error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}        // NOLINT(google-explicit-constructor): return value;
  Result(Status status) : state_(std::move(status)) {  // NOLINT(google-explicit-constructor): return status;
    assert(!std::get<Status>(state_).ok());
  }

  bool ok() const { return std::holds_alternative<T>(state_); }
  Status status() const { return ok() ? Status() : std::get<Status>(state_); }
  const std::string& message() const { return std::get<Status>(state_).message(); }

  T& value() & { return std::get<T>(state_); }
  const T& value() const& { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

#define FW_CONCAT_INNER(a, b) a##b
#define FW_CONCAT(a, b) FW_CONCAT_INNER(a, b)
#define FW_RETURN_IF_ERROR(expr)             \
  do {                                       \
    ::forewarn::Status fw_status_ = (expr);  \
    if (!fw_status_.ok()) return fw_status_; \
  } while (false)
#define FW_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return tmp.status();            \
  lhs = std::move(tmp).value()
// FW_ASSIGN_OR_RETURN(auto x, MakeX()); declares or assigns lhs, or returns the failure.
#define FW_ASSIGN_OR_RETURN(lhs, expr) FW_ASSIGN_OR_RETURN_IMPL(FW_CONCAT(fw_result_, __LINE__), lhs, expr)

}  // namespace forewarn
