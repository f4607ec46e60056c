#include "accounts/records.h"

#include "core/names.h"

namespace forewarn {

const char* RoleName(Role role) { return role == Role::kAdministrator ? "administrator" : "operator"; }

Result<Role> ParseRole(std::string_view name) {
  for (const Role role : {Role::kAdministrator, Role::kOperator}) {
    if (name == RoleName(role)) return role;
  }
  return Status::Invalid(UnknownName("role", name, {"administrator", "operator"}));
}

}  // namespace forewarn
