#include "http/message.h"

#include <array>

namespace forewarn::http {
namespace {

constexpr std::array<std::string_view, kMethods> kNames = {"GET",   "HEAD",   "POST",   "PUT",
                                                           "PATCH", "DELETE", "OPTIONS"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool SameName(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

Response Reply(int status, const char* type, std::string body) {
  Response response;
  response.status = status;
  response.content_type = type;
  response.body = std::move(body);
  return response;
}

}  // namespace

std::string_view MethodName(Method method) {
  return method == Method::kOther ? "other" : kNames[static_cast<size_t>(method)];
}

Method MethodOf(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Method>(i);
  }
  return Method::kOther;
}

void Fields::Add(std::string_view name, std::string_view value) {
  slots_.push_back({static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(name.size()),
                    static_cast<uint32_t>(value.size())});
  text_.append(name);
  text_.append(value);
}

void Fields::Clear() {
  text_.clear();
  slots_.clear();
}

std::string_view Fields::name(size_t i) const {
  return std::string_view(text_).substr(slots_[i].begin, slots_[i].name_size);
}

std::string_view Fields::value(size_t i) const {
  return std::string_view(text_).substr(slots_[i].begin + slots_[i].name_size, slots_[i].value_size);
}

std::string_view Fields::Find(std::string_view name) const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (SameName(this->name(i), name)) return value(i);
  }
  return {};
}

size_t Fields::Count(std::string_view name) const {
  size_t count = 0;
  for (size_t i = 0; i < slots_.size(); ++i) count += SameName(this->name(i), name) ? 1 : 0;
  return count;
}

std::string_view Request::Param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  return {};
}

Response Json(int status, std::string body) { return Reply(status, "application/json", std::move(body)); }

Response Text(int status, std::string body) {
  return Reply(status, "text/plain; charset=utf-8", std::move(body));
}

Response NoContent() {
  Response response;
  response.status = 204;
  return response;
}

}  // namespace forewarn::http
