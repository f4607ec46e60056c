// The local registry's tables, and the step from each schema version to the next. Used at open, under a lock.
#pragma once

#include "registry/sqlite.h"

namespace forewarn {

// False of a database that is empty: a new one, or one that was lost.
Result<bool> HasTables(Database& db);

// Makes the tables in an empty database, upgrades older ones; refuses newer ones and databases of something
// else.
Status PrepareSchema(Database& db, const std::filesystem::path& path);

}  // namespace forewarn
