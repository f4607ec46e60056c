// What a store keeps, on both databases. Crashes, full disks and lost servers are in store_faults_test.cc.
#include "accounts/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <limits>
#include <thread>

#include "accounts/store_fixture.h"

namespace forewarn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TYPED_TEST_SUITE(StoreTest, Databases, DatabaseNames);

std::vector<int64_t> Ids(const auto& rows) {
  std::vector<int64_t> out;
  for (const auto& row : rows) out.push_back(row.id);
  return out;
}

TYPED_TEST(StoreTest, TheFirstUserIsAnAdministratorAndLaterOnesOperators) {
  this->NewUser("alice");
  this->NewUser("bob");
  this->Do(AddUser{"carol", "hash", Role::kAdministrator, 5});
  EXPECT_EQ(this->store_->FindUser("alice")->role, Role::kAdministrator);
  EXPECT_EQ(this->store_->FindUser("bob")->role, Role::kOperator);
  EXPECT_EQ(this->store_->FindUser("carol")->role, Role::kAdministrator);
  EXPECT_EQ(this->store_->FindUser("carol")->created_us, 5);
  EXPECT_EQ(this->store_->ListUsers()->size(), 3u);
  EXPECT_EQ(this->store_->FindUser("nobody").status().code(), Code::kNotFound);
  EXPECT_EQ(this->store_->GetUser(99).status().code(), Code::kNotFound);
}

TYPED_TEST(StoreTest, ANameIsTakenInAnyCaseAndWidth) {
  const int64_t id = this->NewUser("Ärger");
  for (const char* same : {"Ärger", "ÄRGER", "ärger", "A\u0308rger", "ＡＲＧＥＲ"}) {
    EXPECT_EQ(this->Fail(AddUser{same, "hash", std::nullopt, 1}).code() == Code::kExists,
              std::string(same) != "ＡＲＧＥＲ")
        << same;
  }
  EXPECT_EQ(this->store_->FindUser("ärGER")->id, id);
  EXPECT_EQ(this->store_->FindUser("ärGER")->username, "Ärger");
  EXPECT_EQ(this->Fail(AddUser{"arger", "hash", std::nullopt, 1}).code(),
            Code::kExists);  // as the full-width one
}

TYPED_TEST(StoreTest, APasswordChangeEndsTheOtherSessionsAndRaisesTheGeneration) {
  const int64_t alice = this->NewUser("alice");
  const int64_t bob = this->NewUser("bob");
  this->Do(AddSession{{"one", alice, 1, 1, 100}});
  this->Do(AddSession{{"two", alice, 1, 1, 100}});
  this->Do(AddSession{{"bobs", bob, 1, 1, 100}});
  this->Do(SetPassword{alice, "new hash", "two"});
  EXPECT_EQ(this->store_->FindSession("one").status().code(), Code::kNotFound);
  EXPECT_EQ(this->store_->FindSession("two")->user_id, alice);
  EXPECT_TRUE(this->store_->FindSession("bobs").ok());
  EXPECT_EQ(this->store_->GetUser(alice)->password_hash, "new hash");
  EXPECT_EQ(this->store_->GetUser(alice)->token_generation, 1);
  EXPECT_EQ(this->store_->GetUser(bob)->token_generation, 0);
  EXPECT_EQ(this->Fail(SetPassword{99, "x", ""}).code(), Code::kNotFound);

  this->Do(UpgradePasswordHash{alice, "new hash", "stronger"});
  EXPECT_EQ(this->store_->GetUser(alice)->token_generation, 1);
  EXPECT_EQ(this->Fail(UpgradePasswordHash{alice, "new hash", "late"}).code(), Code::kNotFound);
  EXPECT_EQ(this->store_->GetUser(alice)->password_hash, "stronger");
}

TYPED_TEST(StoreTest, TheLastAdministratorStays) {
  const int64_t alice = this->NewUser("alice");
  const int64_t bob = this->NewUser("bob");
  EXPECT_THAT(this->Fail(SetRole{alice, Role::kOperator}).message(), HasSubstr("last administrator"));
  EXPECT_THAT(this->Fail(RemoveUser{alice}).message(), HasSubstr("last administrator"));
  EXPECT_EQ(this->store_->GetUser(alice)->role, Role::kAdministrator);
  this->Do(SetRole{bob, Role::kAdministrator});
  this->Do(SetRole{alice, Role::kOperator});
  this->Do(RemoveUser{alice});
  EXPECT_EQ(this->store_->GetUser(alice).status().code(), Code::kNotFound);
  this->Do(RemoveUser{bob});  // nobody is left: the next one is the first
  EXPECT_EQ(this->store_->GetUser(this->NewUser("carol"))->role, Role::kAdministrator);
  EXPECT_EQ(this->Fail(RemoveUser{99}).code(), Code::kNotFound);
  EXPECT_EQ(this->Fail(SetRole{99, Role::kOperator}).code(), Code::kNotFound);
}

TYPED_TEST(StoreTest, ARemovedUserTakesSessionsAndHistoryAlong) {
  this->NewUser("alice");
  const int64_t bob = this->NewUser("bob");
  this->Do(AddSession{{"bobs", bob, 1, 1, 100}});
  this->NewHistory(bob);
  this->Do(RemoveUser{bob});
  EXPECT_EQ(this->store_->FindSession("bobs").status().code(), Code::kNotFound);
  EXPECT_TRUE(this->store_->ListHistory({.user_id = bob})->empty());
  EXPECT_EQ(this->Fail(AddHistory{{0, bob, "predict", "{}", "{}", 1}}).code(), Code::kNotFound);
  EXPECT_FALSE(this->Fail(AddSession{{"again", bob, 1, 1, 100}}).ok());
}

TYPED_TEST(StoreTest, SessionsAndRevokedTokensAreKeptUntilTheyEnd) {
  const int64_t alice = this->NewUser("alice");
  this->Do(AddSession{{"s", alice, 10, 10, 100}});
  EXPECT_EQ(this->Do(TouchSession{"s", 50, 150}), 1);
  EXPECT_EQ(this->Do(TouchSession{"other", 50, 150}), 0);
  EXPECT_EQ(this->store_->FindSession("s")->last_used_us, 50);
  EXPECT_EQ(this->store_->FindSession("s")->expires_us, 150);
  this->Do(RevokeToken{"jti", 200});
  this->Do(RevokeToken{"jti", 200});
  EXPECT_TRUE(*this->store_->IsTokenRevoked("jti"));
  EXPECT_FALSE(*this->store_->IsTokenRevoked("other"));
  EXPECT_EQ(this->Do(Purge{149}), 0);
  EXPECT_EQ(this->Do(Purge{151}), 1);
  EXPECT_FALSE(this->store_->FindSession("s").ok());
  EXPECT_EQ(this->Do(Purge{201}), 1);
  EXPECT_FALSE(*this->store_->IsTokenRevoked("jti"));
  this->Do(AddSession{{"t", alice, 10, 10, 900}});
  EXPECT_EQ(this->Do(RemoveSession{"t"}), 1);
  EXPECT_EQ(this->Do(RemoveSession{"t"}), 0);
}

TYPED_TEST(StoreTest, HistoryIsNewestFirstAndPagesByBefore) {
  const int64_t alice = this->NewUser("alice");
  const int64_t bob = this->NewUser("bob");
  std::vector<int64_t> ids;
  for (int i = 0; i < 10; ++i) {
    ids.push_back(this->NewHistory(alice, i % 2 == 0 ? "predict" : "auto_1h", 100 + i));
    this->NewHistory(bob);
  }
  const auto list = [&](const HistoryQuery& query) { return Ids(*this->store_->ListHistory(query)); };
  EXPECT_THAT(list({.user_id = alice, .limit = 3}), ElementsAre(ids[9], ids[8], ids[7]));
  const int64_t newer = this->NewHistory(alice, "predict", 200);  // does not shift the next page
  EXPECT_THAT(list({.user_id = alice, .before = ids[7], .limit = 3}), ElementsAre(ids[6], ids[5], ids[4]));
  EXPECT_THAT(list({.user_id = alice, .type_prefix = "auto", .limit = 2}), ElementsAre(ids[9], ids[7]));
  EXPECT_THAT(list({.user_id = alice, .type_prefix = "predict", .limit = 2}), ElementsAre(newer, ids[8]));
  EXPECT_THAT(list({.user_id = alice, .type_prefix = "auto_1h_"}), ElementsAre());
  EXPECT_THAT(list({.user_id = alice, .from_us = 102, .to_us = 105}), ElementsAre(ids[4], ids[3], ids[2]));
  EXPECT_EQ(*this->store_->CountHistory({.user_id = alice}), 11);
  EXPECT_EQ(*this->store_->CountHistory({.user_id = alice, .type_prefix = "auto", .from_us = 104}), 3);
  for (const int limit : {0, -1, 100000}) {
    EXPECT_EQ(this->store_->ListHistory({.user_id = alice, .limit = limit}).status().code(), Code::kInvalid);
  }
}

TYPED_TEST(StoreTest, HistoryRowsComeBackAsTheyWere) {
  const int64_t alice = this->NewUser("alice");
  const std::string input = R"({"te301020": 107.2, "note": "Ä 'quoted' \"text\" :name $1 ? \\", "big": ")" +
                            std::string(200000, 'x') + "\"}";
  const std::string result = R"({"risk": 0.1234567890123456789})";
  const int64_t id = this->Do(AddHistory{{0, alice, "forecast_6h", input, result, 1700000000123456}});
  const HistoryRow row = this->store_->ListHistory({.user_id = alice})->front();
  EXPECT_EQ(row.id, id);
  EXPECT_EQ(row.user_id, alice);
  EXPECT_EQ(row.type, "forecast_6h");
  EXPECT_EQ(row.input, input);
  EXPECT_EQ(row.result, result);
  EXPECT_EQ(row.ts_us, 1700000000123456);
}

TYPED_TEST(StoreTest, OneDeletesOnlyOnesOwnAndCanUndoIt) {
  const int64_t alice = this->NewUser("alice");
  const int64_t bob = this->NewUser("bob");
  const int64_t mine = this->NewHistory(alice);
  const int64_t other = this->NewHistory(alice);
  const int64_t his = this->NewHistory(bob);
  EXPECT_EQ(this->Fail(DeleteHistory{alice, his, 5}).code(), Code::kNotFound);
  EXPECT_EQ(this->store_->ListHistory({.user_id = bob})->size(), 1u);
  this->Do(DeleteHistory{alice, mine, 5});
  EXPECT_EQ(this->Fail(DeleteHistory{alice, mine, 6}).code(), Code::kNotFound);
  EXPECT_THAT(Ids(*this->store_->ListHistory({.user_id = alice})), ElementsAre(other));
  EXPECT_EQ(this->Fail(RestoreHistory{bob, mine, 0}).code(), Code::kNotFound);
  EXPECT_EQ(this->Do(RestoreHistory{alice, mine, 0}), 1);
  EXPECT_THAT(Ids(*this->store_->ListHistory({.user_id = alice})), ElementsAre(other, mine));

  EXPECT_EQ(this->Do(DeleteAllHistory{alice, 7}), 2);
  EXPECT_EQ(this->Do(DeleteAllHistory{alice, 8}), 0);
  EXPECT_EQ(this->store_->ListHistory({.user_id = bob})->size(), 1u);
  EXPECT_EQ(this->Fail(RestoreHistory{alice, 0, 8}).code(), Code::kNotFound);
  EXPECT_EQ(this->Do(RestoreHistory{alice, 0, 7}), 2);
}

TYPED_TEST(StoreTest, RetentionPurgesOldRowsAndDeletedOnesAfterTheUndoTime) {
  const int64_t alice = this->NewUser("alice");
  const int64_t now = 1000 * kDay;
  for (int i = 0; i < 25; ++i) this->NewHistory(alice, "predict", now - 40 * kDay + i);
  const int64_t young = this->NewHistory(alice, "predict", now - kDay);
  const int64_t deleted = this->NewHistory(alice, "predict", now - kDay);
  this->Do(DeleteHistory{alice, deleted, now - 2 * kHour});
  this->Do(AddAudit{{0, now - 40 * kDay, "alice", "sign_in", "", ""}});
  this->Do(RecordWatch{{{.horizon = "1h", .rise_us = now - 40 * kDay, .outcome = "false"}},
                       {{.start_us = now - 40 * kDay}},
                       {{.body = "{}", .ts_us = now - 40 * kDay}},
                       {}});
  EXPECT_EQ(this->Do(Purge{now}), 1);  // by the defaults only what was deleted two hours ago goes
  EXPECT_EQ(this->Fail(RestoreHistory{alice, deleted, 0}).code(), Code::kNotFound);

  Retention keep;
  keep.history_days = keep.warning_days = keep.alarm_days = keep.risk_days = keep.audit_days = 30;
  keep.undo_minutes = 5;
  this->Do(SetRetention{keep});
  EXPECT_EQ(this->store_->GetRetention()->risk_days, 30);
  EXPECT_EQ(this->store_->GetRetention()->undo_minutes, 5);
  EXPECT_EQ(this->Do(Purge{now, 10}), 14);  // ten history rows and one of each other kind
  EXPECT_EQ(this->Do(Purge{now, 10}), 10);
  EXPECT_EQ(this->Do(Purge{now, 10}), 5);
  EXPECT_EQ(this->Do(Purge{now, 10}), 0);
  EXPECT_THAT(Ids(*this->store_->ListHistory({.user_id = alice})), ElementsAre(young));
  EXPECT_TRUE(this->store_->ListWarnings({})->empty());
  EXPECT_TRUE(this->store_->ListAlarms({})->empty());
  EXPECT_TRUE(this->store_->ListRisk({})->empty());
  EXPECT_TRUE(this->store_->ListAudit(0, 10)->empty());
  keep.history_days = -1;
  EXPECT_EQ(this->Fail(SetRetention{keep}).code(), Code::kInvalid);
}

TYPED_TEST(StoreTest, AWarningRisesMeetsItsAlarmAndIsJudged) {
  Warning warning{.horizon = "6h",
                  .horizon_hours = 6,
                  .plant_rise = 100,
                  .plant_told = 110,
                  .rise_us = 7,
                  .outcome = "pending",
                  .probability = 0.8,
                  .peak_probability = 0.8,
                  .threshold = 0.6,
                  .drivers = R"([{"feature":"x"}])",
                  .model = "forecaster_6h",
                  .version = 3,
                  .skill = "skill"};
  const Warning later{.horizon = "6h", .plant_rise = 200, .outcome = "pending"};
  this->Do(RecordWatch{{warning, later}, {}, {}, {}});
  const int64_t id = this->store_->FindWarning("6h", 100)->id;
  const int64_t second = this->store_->FindWarning("6h", 200)->id;
  EXPECT_EQ(this->store_->FindWarning("1h", 100).status().code(), Code::kNotFound);
  EXPECT_EQ(this->store_->GetWarning(id)->plant_end, std::nullopt);
  EXPECT_EQ(this->store_->GetWarning(id)->lead_hours, std::nullopt);
  EXPECT_THAT(Ids(*this->store_->ListWarnings({.on_only = true})), ElementsAre(second, id));

  this->Do(AcknowledgeWarning{id, "alice", "seen", 9});
  warning.plant_end = 160;
  warning.plant_alarm = 150;
  warning.lead_hours = 0.1;
  warning.outcome = "true";
  warning.peak_probability = 0.95;
  warning.rise_us = 99;  // stored again: the first time stays
  this->Do(RecordWatch{{warning}, {}, {}, {}});
  this->Do(JudgeWarning{id, "true", "bob", "it came", 11});
  const Warning kept = *this->store_->GetWarning(id);
  EXPECT_EQ(kept.horizon, "6h");
  EXPECT_EQ(kept.horizon_hours, 6);
  EXPECT_EQ(kept.model, "forecaster_6h");
  EXPECT_EQ(kept.version, 3);
  EXPECT_EQ(kept.plant_rise, 100);
  EXPECT_EQ(kept.plant_told, 110);
  EXPECT_EQ(kept.rise_us, 7);
  EXPECT_EQ(kept.plant_end, 160);
  EXPECT_EQ(kept.plant_alarm, 150);
  EXPECT_EQ(kept.lead_hours, 0.1);
  EXPECT_EQ(kept.outcome, "true");
  EXPECT_EQ(kept.probability, 0.8);
  EXPECT_EQ(kept.peak_probability, 0.95);
  EXPECT_EQ(kept.threshold, 0.6);
  EXPECT_EQ(kept.drivers, R"([{"feature":"x"}])");
  EXPECT_EQ(kept.skill, "skill");
  EXPECT_EQ(kept.ack_by + kept.ack_note, "aliceseen");
  EXPECT_EQ(kept.ack_us, 9);
  EXPECT_EQ(kept.verdict + kept.verdict_by + kept.verdict_note, "truebobit came");
  EXPECT_EQ(kept.verdict_us, 11);

  EXPECT_THAT(Ids(*this->store_->ListWarnings({.on_only = true})), ElementsAre(second));
  EXPECT_THAT(Ids(*this->store_->ListWarnings({.before = second})), ElementsAre(id));
  EXPECT_THAT(Ids(*this->store_->ListWarnings({.from = 150, .to = 201})), ElementsAre(second));
  EXPECT_EQ(this->Fail(JudgeWarning{id, "maybe", "bob", "", 1}).code(), Code::kInvalid);
  EXPECT_EQ(this->Fail(JudgeWarning{99, "true", "bob", "", 1}).code(), Code::kNotFound);
  EXPECT_EQ(this->Fail(AcknowledgeWarning{99, "bob", "", 1}).code(), Code::kNotFound);
}

TYPED_TEST(StoreTest, AWatchedHourIsKeptWholeAndAgainDoesNoHarm) {
  EXPECT_EQ(this->store_->GetWatchState()->last_hour, std::nullopt);
  const auto step = [](int hour, std::optional<bool> alarm) {
    return RecordWatch{{},
                       {{.plant_start = 2 * kHour, .rules = R"(["pressure"])", .start_us = hour}},
                       {{hour * kHour, alarm, std::to_string(hour), 5}},
                       WatchState{hour * kHour, "state"}};
  };
  EXPECT_EQ(this->Do(step(1, false)), 3);
  this->Do(step(2, true));
  this->Do(step(3, std::nullopt));
  this->Do(step(4, true));
  this->Do(step(4, true));
  EXPECT_EQ(this->store_->GetWatchState()->last_hour, 4 * kHour);
  EXPECT_EQ(this->store_->GetWatchState()->state, "state");
  EXPECT_EQ(*this->store_->CountAlarmHours(0, 5 * kHour), 2);
  EXPECT_EQ(*this->store_->CountAlarmHours(2 * kHour, 4 * kHour), 1);
  const std::vector<RiskHour> hours = *this->store_->ListRisk({.from = 2 * kHour});
  ASSERT_EQ(hours.size(), 3u);
  EXPECT_EQ(hours[0].plant_time, 2 * kHour);
  EXPECT_EQ(hours[0].body, "2");
  EXPECT_EQ(hours[0].alarm, true);
  EXPECT_EQ(hours[1].alarm, std::nullopt);
  EXPECT_EQ(this->store_->ListRisk({.limit = 1})->front().plant_time, 4 * kHour);

  ASSERT_EQ(this->store_->ListAlarms({.on_only = true})->size(), 1u);
  const int64_t id = this->store_->ListAlarms({})->front().id;
  const Alarm ended{.plant_start = 2 * kHour, .plant_end = 5 * kHour, .rules = "[]", .lead_hours = 3};
  this->Do(RecordWatch{{}, {ended}, {}, {}});
  const Alarm alarm = this->store_->ListAlarms({.from = kHour, .to = 3 * kHour})->front();
  EXPECT_EQ(alarm.id, id);
  EXPECT_EQ(alarm.plant_end, 5 * kHour);
  EXPECT_EQ(alarm.rules, "[]");
  EXPECT_EQ(alarm.lead_hours, 3);
  EXPECT_EQ(alarm.start_us, 1);
  EXPECT_TRUE(this->store_->ListAlarms({.on_only = true})->empty());

  RecordWatch bad = step(5, false);
  bad.warnings.push_back({.horizon = "1h", .outcome = "unheard of"});
  EXPECT_EQ(this->Fail(bad).code(), Code::kInvalid);
  EXPECT_EQ(this->store_->GetWatchState()->last_hour, 4 * kHour);  // all or nothing
}

TYPED_TEST(StoreTest, AuditRowsOutliveTheAccount) {
  const int64_t id = this->Do(AddAudit{{0, 5, "mallory", "sign_in_failed", "10.0.0.1", "wrong password"}});
  this->Do(AddAudit{{0, 6, "local", "role", "", "bob is an administrator"}});
  const std::vector<AuditRow> rows = *this->store_->ListAudit(0, 10);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].who + rows[1].action + rows[1].address + rows[1].detail,
            "mallorysign_in_failed10.0.0.1wrong password");
  EXPECT_EQ(rows[1].ts_us, 5);
  EXPECT_EQ(this->store_->ListAudit(rows[0].id, 10)->front().id, id);
}

TYPED_TEST(StoreTest, WhatNoDatabaseMaySeeIsRefusedInWords) {
  const int64_t alice = this->NewUser("alice");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  using namespace std::string_literals;
  for (const Write& write : std::vector<Write>{
           AddHistory{{0, alice, "predict", "a\0b"s, "{}", 1}},
           AddHistory{{0, alice, "predict", "{}", "\xff", 1}},
           AddHistory{{0, alice, "Predict!", "{}", "{}", 1}}, AddHistory{{0, alice, "", "{}", "{}", 1}},
           AddHistory{{0, alice, "predict", std::string(5 << 20, 'x'), "{}", 1}},
           AddUser{"bob\0"s, "hash", std::nullopt, 1}, AddUser{"bob", "", std::nullopt, 1},
           RecordWatch{{{.horizon = "1h", .outcome = "true", .probability = nan}}, {}, {}, {}},
           RecordWatch{{{.horizon = "1h", .outcome = "true", .threshold = infinity}}, {}, {}, {}},
           RecordWatch{{}, {{.lead_hours = nan}}, {}, {}}, RecordWatch{{}, {}, {{.body = "\xff"}}, {}},
           RecordWatch{{}, {}, {}, WatchState{{}, "\0"s}}, AddAudit{{0, 1, "a", "b", "\xed\xa0\x80", ""}},
           Purge{1, 0}}) {
    EXPECT_EQ(this->Fail(write).code(), Code::kInvalid) << write.index();
  }
  EXPECT_EQ(this->Fail(RecordWatch{{}, {{.lead_hours = nan}}, {}, {}}).message(),
            "alarm: lead_hours is no finite number");
  EXPECT_TRUE(this->store_->ListHistory({.user_id = alice})->empty());
}

TYPED_TEST(StoreTest, ManyWritersAtOnceLoseNothingAndGetTheirOwnIds) {
  const int64_t alice = this->NewUser("alice");
  constexpr int kThreads = 8, kEach = 200;
  std::mutex mutex;
  std::map<int64_t, std::string> wrote;
  std::atomic<int> left = kThreads * kEach;
  std::promise<void> all;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string input = std::to_string(t * 1000 + i);
        this->store_->Submit(AddHistory{{0, alice, "predict", input, "{}", 1}},
                             [&, input](Result<int64_t> id) {
                               {
                                 const std::lock_guard lock(mutex);
                                 ASSERT_TRUE(id.ok()) << id.message();
                                 EXPECT_TRUE(wrote.emplace(*id, input).second);
                               }
                               if (--left == 0) all.set_value();
                             });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  all.get_future().wait();
  const std::vector<HistoryRow> rows = *this->store_->ListHistory({.user_id = alice, .limit = 10000});
  ASSERT_EQ(rows.size(), wrote.size());
  for (const HistoryRow& row : rows) EXPECT_EQ(wrote[row.id], row.input);
}

TYPED_TEST(StoreTest, AWriteAtFaultFailsAloneInItsGroup) {
  const int64_t alice = this->NewUser("alice");
  constexpr int kWrites = 150;
  std::vector<Result<int64_t>> results(kWrites, Status::Internal("not called"));
  for (int i = 0; i < kWrites; ++i) {
    Write write = AddHistory{{0, i % 50 == 20 ? alice + 1000 : alice, "predict", std::to_string(i), "{}", 1}};
    if (i == 60) write = AddSession{{"s", alice + 1000, 1, 1, 1}};
    if (i == 61) write = AddUser{"ALICE", "hash", std::nullopt, 1};
    this->store_->Submit(std::move(write),
                         [&results, i](Result<int64_t> result) { results[i] = std::move(result); });
  }
  this->Do(AddAudit{{0, 1, "a", "flush", "", ""}});  // everything before it has been answered
  for (int i = 0; i < kWrites; ++i) {
    const bool bad = i % 50 == 20 || i == 60 || i == 61;
    EXPECT_EQ(results[i].ok(), !bad) << i << (results[i].ok() ? "" : results[i].message());
  }
  EXPECT_EQ(results[20].status().code(), Code::kNotFound);
  EXPECT_EQ(results[61].status().code(), Code::kExists);
  EXPECT_EQ(*this->store_->CountHistory({.user_id = alice}), kWrites - 5);
}

TYPED_TEST(StoreTest, AFullQueueRefusesAtOnceAndLosesNothing) {
  this->options_.queue_writes = 4;
  this->Open();
  const int64_t alice = this->NewUser("alice");
  std::promise<void> entered, release;
  // The writer thread is held in a completion, so that the queue fills.
  this->store_->Submit(AddAudit{{0, 1, "a", "b", "", ""}}, [&](const Result<int64_t>&) {
    entered.set_value();
    release.get_future().wait();
  });
  entered.get_future().wait();
  int busy = 0, done = 0;
  for (int i = 0; i < 10; ++i) {
    this->store_->Submit(AddHistory{{0, alice, "predict", "{}", "{}", 1}},
                         [&](const Result<int64_t>& result) {
                           if (result.ok()) {
                             ++done;
                           } else {
                             EXPECT_EQ(result.status().code(), Code::kBusy);
                             EXPECT_GT(result.status().retry_after_s(), 0);
                             ++busy;
                           }
                         });
  }
  EXPECT_EQ(busy, 6);
  release.set_value();
  this->store_.reset();  // commits what is queued
  EXPECT_EQ(done, 4);
  this->Open();
  EXPECT_EQ(*this->store_->CountHistory({.user_id = alice}), 4);
}

TYPED_TEST(StoreTest, AStoreIsReopenedAndSharedByProcesses) {
  const int64_t alice = this->NewUser("alice");
  Result<std::unique_ptr<Store>> other = OpenStore(this->options_);  // as another process would
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE((*other)->FindUser("alice").ok());
  std::thread writes([&] {
    for (int i = 0; i < 50; ++i)
      EXPECT_TRUE((*other)->Apply(AddHistory{{0, alice, "auto_1h", "{}", "{}", 1}}).ok());
  });
  for (int i = 0; i < 50; ++i) this->NewHistory(alice);
  writes.join();
  EXPECT_EQ(*this->store_->CountHistory({.user_id = alice}), 100);
  this->Open();
  EXPECT_EQ(*this->store_->CountHistory({.user_id = alice}), 100);
  EXPECT_TRUE(this->store_->Ping().ok());
}

TYPED_TEST(StoreTest, ProcessesThatStartTogetherAgreeOnTheTables) {
  this->store_.reset();
  this->options_.url = this->database_.NewUrl();
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      const Result<std::unique_ptr<Store>> store = OpenStore(this->options_);
      EXPECT_TRUE(store.ok()) << store.message();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TYPED_TEST(StoreTest, ANewerSchemaIsRefusedInWords) {
  this->store_.reset();
  {
    soci::session session;
    OpenSession(*ParseDatabaseUrl(this->options_.url), Access::kWrite, 1000, session);
    session << "INSERT INTO forewarn_schema (version) VALUES (99)";
  }
  const Status status = OpenStore(this->options_).status();
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_THAT(status.message(), HasSubstr("newer forewarn (schema 99"));
  EXPECT_THAT(status.message(), HasSubstr("update forewarn"));
}

TYPED_TEST(StoreTest, ADatabaseOfSomethingElseIsRefused) {
  StoreOptions options;
  options.url =
      TypeParam().Absence().empty() ? this->database_.NewUrl() + (TypeParam::kName[0] == 'S' ? "2" : "") : "";
  {
    soci::session session;
    OpenSession(*ParseDatabaseUrl(options.url), Access::kWrite, 1000, session);
    session << "CREATE TABLE users (name TEXT)";
  }
  const Status status = OpenStore(options).status();
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_THAT(status.message(), HasSubstr("something else"));
}

}  // namespace
}  // namespace forewarn
