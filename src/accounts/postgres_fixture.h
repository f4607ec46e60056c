// For tests: a PostgreSQL cluster of the test's own, in a scratch folder, reached by a Unix socket. Started
// by the process that first asks for it; stopped with it. A root process runs it as the user "postgres" or
// "nobody", since PostgreSQL refuses root.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <soci/soci.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "accounts/database.h"
#include "core/file.h"

namespace forewarn {

class PostgresServer {
 public:
  // Why there is none, or "".
  static std::string Absence() {
    return Binaries().empty() ? "PostgreSQL is not installed (package postgresql)" : "";
  }
  static PostgresServer& Shared() {
    static PostgresServer server;
    return server;
  }

  PostgresServer() {
    if (::getuid() == 0) {
      const passwd* user = ::getpwnam("postgres");
      if (user == nullptr) user = ::getpwnam("nobody");
      uid_ = user->pw_uid;
      gid_ = user->pw_gid;
      if (::chown(folder_.path().c_str(), uid_, gid_) != 0) std::abort();
    }
    const pid_t pid = Spawn({Binaries() / "initdb", "-D", data(), "-A", "trust", "-U", "forewarn", "-N", "-E",
                             "UTF8", "--locale=C.UTF-8"});
    int state = 0;
    ::waitpid(pid, &state, 0);
    std::ofstream(folder_.path() / "data/postgresql.conf", std::ios::app)
        << "listen_addresses = ''\nfsync = off\nmax_connections = 50\nshared_buffers = 16MB\n"
        << "unix_socket_directories = '" << folder_.path().string() << "'\n";
    Start();
  }
  ~PostgresServer() { Stop(SIGINT); }

  void Start() {
    pid_ = Spawn({Binaries() / "postgres", "-D", data()});
    while (!Answers()) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        std::fprintf(stderr, "PostgreSQL did not start: %s\n", log().c_str());
        std::abort();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  // SIGINT: connections are ended and it stops; SIGQUIT: at once, as after a crash.
  void Stop(int signal) {
    if (pid_ == 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  std::string Url(const std::string& database) const {
    return fmt::format("postgresql://forewarn@/{}?host={}", database, folder_.path().string());
  }
  std::string NewDatabase() {
    static std::atomic<int> count = 0;
    const std::string name = fmt::format("test_{}", ++count);
    Run("postgres", "CREATE DATABASE " + name);
    return Url(name);
  }
  void Run(const std::string& database, const std::string& sql) {
    soci::session session;
    OpenSession(*ParseDatabaseUrl(Url(database)), Access::kRead, 5000, session);
    session << sql;
  }

 private:
  static std::filesystem::path Binaries() {
    for (const char* version : {"15", "16", "17", "14", "13"}) {
      const std::filesystem::path folder = std::filesystem::path("/usr/lib/postgresql") / version / "bin";
      if (std::filesystem::exists(folder / "initdb")) return folder;
    }
    return {};
  }
  std::string data() const { return (folder_.path() / "data").string(); }
  std::string log() const {
    return ReadFile(folder_.path() / "log").ok() ? *ReadFile(folder_.path() / "log") : "";
  }

  bool Answers() {
    try {
      Run("postgres", "SELECT 1");
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  pid_t Spawn(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const std::string log_file = (folder_.path() / "log").string();
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGINT);  // it never outlives the test, however that ends
    const int out = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, 1);
    ::dup2(out, 2);
    if (::getuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(gid_) != 0 || ::setuid(uid_) != 0))
      ::_exit(1);
    ::prctl(PR_SET_PDEATHSIG, SIGINT);  // a change of user has reset it
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  ScratchFolder folder_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  pid_t pid_ = 0;
};

}  // namespace forewarn
