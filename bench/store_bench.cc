// Small history writes through group commit against a commit a write, on this machine's disk; and reads of a
// history of 100,000 rows. Wall time, because waiting for the disk is the point. With
// FOREWARN_BENCH_DATABASE=postgresql://… the same on that server (an empty database is needed).
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "accounts/history_csv.h"
#include "accounts/store.h"
#include "core/file.h"

namespace forewarn::bench {
namespace {

constexpr char kInput[] = R"({"te301020":107.2,"pdt31008":225.0,"pdt31001":6.2,"lt301031":44.0})";
constexpr char kResult[] = R"({"risk_score":0.1234,"alarm":0,"threshold":0.43,"status":"ok"})";

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double CpuNow() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <typename T>
T Must(Result<T> result) {
  if (result.ok()) return *std::move(result);
  std::fprintf(stderr, "store_bench: %s\n", result.message().c_str());
  std::exit(1);
}

AddHistory Row(int64_t user, int i) {
  return {{0, user, i % 3 == 0 ? "auto_1h" : "predict", kInput, kResult, 1700000000 * kSecond + i * kSecond}};
}

struct Rate {
  double per_second = 0;
  double cpu_us = 0;
};

Rate Measure(const char* what, int rows, const std::function<void()>& run) {
  const double wall = Now(), cpu = CpuNow();
  run();
  const double seconds = Now() - wall;
  const Rate rate{rows / seconds, (CpuNow() - cpu) * 1e6 / rows};
  std::printf("%-44s %9.0f rows/s  %6.1f us CPU a row\n", what, rate.per_second, rate.cpu_us);
  return rate;
}

// One write after the other, each waiting for its commit.
Rate CommitEach(Store& store, int64_t user, int rows) {
  return Measure("a commit a write", rows, [&] {
    for (int i = 0; i < rows; ++i) Must(store.Apply(Row(user, i)));
  });
}

// As many writers as a busy gateway has requests in flight.
Rate GroupCommit(Store& store, int64_t user, int writers, int rows) {
  return Measure(fmt::format("group commit, {} in flight", writers).c_str(), rows, [&] {
    std::promise<void> finished;
    std::atomic<int> next = writers, left = rows;
    // A completion starts the next write, as the next request of a connection would.
    std::function<void(int)> submit = [&](int i) {
      store.Submit(Row(user, i), [&](Result<int64_t> id) {
        Must(std::move(id));
        const int mine = next.fetch_add(1);
        if (mine < rows) submit(mine);
        if (left.fetch_sub(1) == 1) finished.set_value();
      });
    };
    for (int i = 0; i < writers; ++i) submit(i);
    finished.get_future().wait();
  });
}

void Reads(Store& store, int64_t user) {
  const auto time = [](const char* what, const std::function<void()>& run) {
    std::vector<double> took;
    for (int i = 0; i < 21; ++i) {
      const double begin = Now();
      run();
      took.push_back((Now() - begin) * 1e3);
    }
    std::nth_element(took.begin(), took.begin() + 10, took.end());
    std::printf("%-44s %9.2f ms (median of 21)\n", what, took[10]);
  };
  const int64_t rows = Must(store.CountHistory({.user_id = user}));
  std::printf("\nreads, %lld rows of one user\n", static_cast<long long>(rows));
  const int64_t middle = Must(store.ListHistory({.user_id = user, .limit = 1})).front().id - rows / 2;
  time("first page of 200", [&] { Must(store.ListHistory({.user_id = user})); });
  time("a page in the middle", [&] { Must(store.ListHistory({.user_id = user, .before = middle})); });
  time("first page of one type", [&] { Must(store.ListHistory({.user_id = user, .type_prefix = "auto"})); });
  time("a type that no row has", [&] { Must(store.ListHistory({.user_id = user, .type_prefix = "none"})); });
  time("an hour long ago", [&] {
    Must(
        store.ListHistory({.user_id = user, .from_us = 1700000000 * kSecond, .to_us = 1700003600 * kSecond}));
  });
  time("count", [&] { Must(store.CountHistory({.user_id = user})); });
  const double begin = Now();
  HistoryCsv csv(store, {.user_id = user});
  size_t bytes = 0;
  for (std::string piece = Must(csv.Next()); !piece.empty(); piece = Must(csv.Next())) bytes += piece.size();
  std::printf("%-44s %9.2f s (%.1f MB)\n", "CSV of all", Now() - begin, static_cast<double>(bytes) / 1e6);
}

int Run() {
  const ScratchFolder folder;
  const char* server = std::getenv("FOREWARN_BENCH_DATABASE");
  StoreOptions options;
  options.url = server != nullptr ? server : "sqlite:" + (folder.path() / "store.db").string();
  std::unique_ptr<Store> store = Must(OpenStore(options));
  const int64_t user = Must(store->Apply(AddUser{fmt::format("bench {}", Now()), "hash", std::nullopt, 1}));
  const Rate each = CommitEach(*store, user, 500);
  GroupCommit(*store, user, 16, 10000);
  const Rate group = GroupCommit(*store, user, 512, 89500);
  std::printf("\ngroup commit against a commit a write: %.1fx (wanted: 10000 rows/s, got %.0f)\n",
              group.per_second / each.per_second, group.per_second);
  Reads(*store, user);
  return 0;
}

}  // namespace
}  // namespace forewarn::bench

int main() { return forewarn::bench::Run(); }
