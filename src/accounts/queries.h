// What the store reads, on one connection. Throws what SOCI throws.
#pragma once

#include <soci/soci.h>

#include <vector>

#include "accounts/store.h"

namespace forewarn {

Result<User> QueryUser(soci::session& session, int64_t id);
Result<User> QueryUserByKey(soci::session& session, const std::string& key);
std::vector<User> QueryUsers(soci::session& session);
Result<Session> QuerySession(soci::session& session, const std::string& id_hash);
bool QueryTokenRevoked(soci::session& session, const std::string& token_id);
std::vector<HistoryRow> QueryHistory(soci::session& session, const HistoryQuery& query);
int64_t QueryHistoryCount(soci::session& session, const HistoryQuery& query);
Result<Warning> QueryWarning(soci::session& session, int64_t id);
Result<Warning> QueryWarningByKey(soci::session& session, const std::string& horizon, PlantTime plant_rise);
std::vector<Warning> QueryWarnings(soci::session& session, const WarningQuery& query);
std::vector<Alarm> QueryAlarms(soci::session& session, const AlarmQuery& query);
int64_t QueryAlarmHours(soci::session& session, PlantTime from, PlantTime to);
std::vector<RiskHour> QueryRisk(soci::session& session, const RiskQuery& query);
WatchState QueryWatchState(soci::session& session);
std::vector<AuditRow> QueryAudit(soci::session& session, int64_t before, int limit);

}  // namespace forewarn
