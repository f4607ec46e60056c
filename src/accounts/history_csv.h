// HistoryCsv: a user's past inferences as a CSV table (RFC 4180), piece by piece, so that an export of any
// length takes the memory of one piece and holds no connection between pieces. Rows stored after the first
// piece are not in it. Used by one thread at a time; the store must outlive it.
#pragma once

#include <string>

#include "accounts/store.h"

namespace forewarn {

class HistoryCsv {
 public:
  // query.before and query.limit are not looked at.
  HistoryCsv(Store& store, HistoryQuery query);

  // The next piece, newest rows first; empty at the end. The first one begins with the header: id, ts, type,
  // risk, alarm, threshold, status, model, version, input, result (the last two as JSON).
  Result<std::string> Next();

 private:
  Store& store_;
  HistoryQuery query_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace forewarn
