#include "accounts/local_admin.h"

#include <fmt/format.h>

#include "accounts/username.h"
#include "core/names.h"

namespace forewarn {

Status LocalAdmin::Audit(const char* action, const std::string& detail) {
  return store_.Apply(AddAudit{{0, now_us_, who_, action, "", detail}}).status();
}

Result<User> LocalAdmin::Find(const std::string& name) {
  Result<User> user = store_.FindUser(name);
  if (user.ok() || user.status().code() != Code::kNotFound) return user;
  FW_ASSIGN_OR_RETURN(const std::vector<User> users, store_.ListUsers());
  std::vector<std::string> known;
  for (const User& one : users) known.push_back(one.username);
  return Status::NotFound(UnknownName("user", name, known));
}

Result<User> LocalAdmin::Add(const std::string& name, const std::string& password, std::optional<Role> role) {
  FW_ASSIGN_OR_RETURN(const std::string normal, NormalizeUsername(name));
  FW_ASSIGN_OR_RETURN(const std::string hash, hasher_.Hash(password));
  FW_ASSIGN_OR_RETURN(const int64_t id, store_.Apply(AddUser{normal, hash, role, now_us_}));
  FW_ASSIGN_OR_RETURN(User user, store_.GetUser(id));
  FW_RETURN_IF_ERROR(Audit("register", fmt::format("{}, {}", user.username, RoleName(user.role))));
  return user;
}

Result<User> LocalAdmin::SetPassword(const std::string& name, const std::string& password) {
  FW_ASSIGN_OR_RETURN(const User user, Find(name));
  FW_ASSIGN_OR_RETURN(const std::string hash, hasher_.Hash(password));
  FW_RETURN_IF_ERROR(store_.Apply(forewarn::SetPassword{user.id, hash, ""}).status());
  FW_RETURN_IF_ERROR(Audit("password", user.username));
  return store_.GetUser(user.id);
}

Result<User> LocalAdmin::SetRole(const std::string& name, Role role) {
  FW_ASSIGN_OR_RETURN(const User user, Find(name));
  FW_RETURN_IF_ERROR(store_.Apply(forewarn::SetRole{user.id, role}).status());
  FW_RETURN_IF_ERROR(Audit("role", fmt::format("{} is {}", user.username, RoleName(role))));
  return store_.GetUser(user.id);
}

Result<User> LocalAdmin::Remove(const std::string& name) {
  FW_ASSIGN_OR_RETURN(User user, Find(name));
  FW_RETURN_IF_ERROR(store_.Apply(RemoveUser{user.id}).status());
  FW_RETURN_IF_ERROR(Audit("remove", user.username));
  return user;
}

}  // namespace forewarn
