// `forewarn user add|passwd|role|list|remove`: accounts of the gateway, at the machine itself. Works beside a
// running `up`, which sees the change within half a second.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "accounts/local_admin.h"
#include "accounts/username.h"
#include "clock.h"
#include "commands.h"
#include "core/plant_time.h"
#include "ops/data_folder.h"
#include "password_prompt.h"

namespace forewarn {
namespace {

struct UserOptions {
  std::string name;
  std::string role;
  bool password_stdin = false;
};

Result<std::unique_ptr<Store>> OpenAccounts(const Context& context) {
  StoreOptions options;
  options.url = context.Get("database_url").value;
  options.readers = 1;
  if (!options.url.empty()) return OpenStore(options);
  FW_ASSIGN_OR_RETURN(const DataFolder folder, DataFolder::Open(context.data_dir));
  options.url = "sqlite:" + folder.Accounts().string();
  return OpenStore(options);
}

std::string SystemUser() {
  const passwd* user = ::getpwuid(::getuid());
  return user == nullptr ? fmt::format("local:{}", ::getuid()) : fmt::format("local:{}", user->pw_name);
}

Result<std::string> NewPassword(const UserOptions& options) {
  return options.password_stdin ? ReadPasswordLine() : AskNewPassword(options.name);
}

nlohmann::ordered_json UserJson(const User& user) {
  return {{"id", user.id},
          {"username", user.username},
          {"role", RoleName(user.role)},
          {"created", FormatIsoUtc(user.created_us)}};
}

void Tell(const Context& context, const User& user, const std::string& text) {
  if (context.json) {
    context.PrintJson(UserJson(user));
  } else {
    context.Print(text + "\n");
  }
}

using Change = std::function<Result<User>(LocalAdmin&)>;

Status Run(const Context& context, const Change& change,
           const std::function<std::string(const User&)>& text) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store, OpenAccounts(context));
  PasswordHasher hasher({});
  LocalAdmin admin(*store, hasher, SystemUser(), NowUtcMicroseconds());
  FW_ASSIGN_OR_RETURN(const User user, change(admin));
  Tell(context, user, text(user));
  return Status::Ok();
}

Status AddAccount(const Context& context, const UserOptions& options) {
  std::optional<Role> role;
  if (!options.role.empty()) {
    FW_ASSIGN_OR_RETURN(role, ParseRole(options.role));
  }
  FW_RETURN_IF_ERROR(NormalizeUsername(options.name).status());  // before a password is asked for
  FW_ASSIGN_OR_RETURN(const std::string password, NewPassword(options));
  return Run(
      context, [&](LocalAdmin& admin) { return admin.Add(options.name, password, role); },
      [](const User& user) { return fmt::format("{} added as {}", user.username, RoleName(user.role)); });
}

Status Passwd(const Context& context, const UserOptions& options) {
  FW_ASSIGN_OR_RETURN(const std::string password, NewPassword(options));
  return Run(
      context, [&](LocalAdmin& admin) { return admin.SetPassword(options.name, password); },
      [](const User& user) {
        return fmt::format("password of {} changed; its sessions and tokens have ended", user.username);
      });
}

Status GiveRole(const Context& context, const UserOptions& options) {
  FW_ASSIGN_OR_RETURN(const Role role, ParseRole(options.role));
  return Run(
      context, [&](LocalAdmin& admin) { return admin.SetRole(options.name, role); },
      [](const User& user) { return fmt::format("{} is {}", user.username, RoleName(user.role)); });
}

Status Remove(const Context& context, const UserOptions& options) {
  return Run(
      context, [&](LocalAdmin& admin) { return admin.Remove(options.name); },
      [](const User& user) { return fmt::format("{} and its history removed", user.username); });
}

Status List(const Context& context) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store, OpenAccounts(context));
  FW_ASSIGN_OR_RETURN(const std::vector<User> users, store->ListUsers());
  auto rows = nlohmann::ordered_json::array();
  for (const User& user : users) {
    rows.push_back(UserJson(user));
    context.Print(fmt::format("{:>4}  {:<14} {}  {}\n", user.id, RoleName(user.role),
                              FormatIsoUtc(user.created_us), user.username));
  }
  if (context.json) context.PrintJson(rows);
  return Status::Ok();
}

}  // namespace

void AddUserCommand(CLI::App& app, const Context& context, Command& run) {
  auto* user = app.add_subcommand("user", "accounts of the gateway: add, passwd, role, list, remove");
  user->require_subcommand(1);
  user->fallthrough();
  const auto options = std::make_shared<UserOptions>();
  const auto subcommand = [&](const char* name, const char* help,
                              Status (*act)(const Context&, const UserOptions&)) {
    auto* command = user->add_subcommand(name, help);
    command->add_option("NAME", options->name, "user name")->required();
    command->callback([&context, &run, options, act] {
      run = [&context, options, act] { return act(context, *options); };
    });
    return command;
  };
  const auto password = [&](CLI::App* command) {
    command->add_flag("--password-stdin", options->password_stdin,
                      "the password is the first line of standard input; else it is asked for");
  };
  auto* add = subcommand("add", "a new account", AddAccount);
  add->add_option("--role", options->role, "administrator or operator (the first account: administrator)");
  password(add);
  password(subcommand("passwd", "a new password; ends the account's sessions and tokens", Passwd));
  subcommand("role", "makes an administrator or operator of an account", GiveRole)
      ->add_option("ROLE", options->role, "administrator or operator")
      ->required();
  subcommand("remove", "removes an account with its history", Remove);
  user->add_subcommand("list", "all accounts")->callback([&context, &run] {
    run = [&context] { return List(context); };
  });
}

}  // namespace forewarn
