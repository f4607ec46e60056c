// For tests: one typed suite over both databases. Each test has an empty store.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "accounts/postgres_fixture.h"
#include "accounts/store.h"
#include "core/file.h"

namespace forewarn {

struct Sqlite {
  static constexpr char kName[] = "SQLite";
  static std::string Absence() { return ""; }
  std::string NewUrl() { return "sqlite:" + (folder.path() / "store.db").string(); }
  ScratchFolder folder;
};

struct Postgres {
  static constexpr char kName[] = "PostgreSQL";
  static std::string Absence() { return PostgresServer::Absence(); }
  std::string NewUrl() { return PostgresServer::Shared().NewDatabase(); }
};

using Databases = ::testing::Types<Sqlite, Postgres>;

struct DatabaseNames {
  template <typename T>
  static std::string GetName(int) {
    return T::kName;
  }
};

template <typename Database>
class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string absence = Database::Absence(); !absence.empty()) GTEST_SKIP() << absence;
    options_.url = database_.NewUrl();
    Open();
  }

  void Open() {
    store_.reset();
    Result<std::unique_ptr<Store>> opened = OpenStore(options_);
    ASSERT_TRUE(opened.ok()) << opened.message();
    store_ = std::move(*opened);
  }

  int64_t Do(Write write) {
    const Result<int64_t> result = store_->Apply(std::move(write));
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.message());
    return result.ok() ? *result : -1;
  }
  Status Fail(Write write) { return store_->Apply(std::move(write)).status(); }
  int64_t NewUser(const std::string& name) { return Do(AddUser{name, "hash", std::nullopt, 1}); }
  int64_t NewHistory(int64_t user, const std::string& type = "predict", int64_t ts_us = 1) {
    return Do(AddHistory{{0, user, type, "{}", "{\"risk\":0.5}", ts_us}});
  }

  Database database_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
};

}  // namespace forewarn
