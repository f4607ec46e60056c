// The store's tables, for both databases, as numbered steps from each schema version to the next. Used once,
// when a store is opened.
#pragma once

#include <soci/soci.h>

#include "accounts/database.h"

namespace forewarn {

int64_t CurrentSchemaVersion();

// Makes the tables in an empty database and brings older ones up to date, in one transaction; processes that
// start together wait for each other. Refuses a newer schema, and tables of something else. Throws what SOCI
// throws.
Status PrepareStoreSchema(const DatabaseUrl& url, soci::session& session);

// The version a database holds, 0 where it has none.
int64_t ReadSchemaVersion(const DatabaseUrl& url, soci::session& session);

}  // namespace forewarn
