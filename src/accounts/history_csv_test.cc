#include "accounts/history_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "accounts/store_fixture.h"

namespace forewarn {
namespace {

class HistoryCsvTest : public StoreTest<Sqlite> {};

std::string All(HistoryCsv& csv, int* pieces = nullptr) {
  std::string out;
  for (Result<std::string> piece = csv.Next(); !piece->empty(); piece = csv.Next()) {
    out += *piece;
    if (pieces != nullptr) ++*pieces;
  }
  return out;
}

TEST_F(HistoryCsvTest, RowsAreQuotedAndTheirNumbersHaveColumns) {
  const int64_t alice = NewUser("alice");
  Do(AddHistory{
      {0, alice, "predict", R"({"a":1,"note":"x, \"y\""})",
       R"({"risk_score":0.82,"alarm":1,"threshold":0.43,"status":"ok","model":{"name":"m","version":3}})",
       1700000000 * kSecond}});
  Do(AddHistory{
      {0, alice, "forecast_6h", "{}", R"({"anomaly_probability":0.1,"alarm":0,"status":"stale"})", 0}});
  Do(AddHistory{{0, alice, "auto_1h", "{}", "[1]", 0}});
  HistoryCsv csv(*store_, {.user_id = alice});
  EXPECT_EQ(All(csv),
            "id,ts,type,risk,alarm,threshold,status,model,version,input,result\r\n"
            "3,1970-01-01T00:00:00Z,auto_1h,,,,,,,{},[1]\r\n"
            "2,1970-01-01T00:00:00Z,forecast_6h,0.1,0,,stale,,,{},\"{\"\"anomaly_probability\"\":0.1,"
            "\"\"alarm\"\":0,"
            "\"\"status\"\":\"\"stale\"\"}\"\r\n"
            "1,2023-11-14T22:13:20Z,predict,0.82,1,0.43,ok,m,3,\"{\"\"a\"\":1,\"\"note\"\":\"\"x, "
            "\\\"\"y\\\"\"\"\"}\","
            "\"{\"\"risk_score\"\":0.82,\"\"alarm\"\":1,\"\"threshold\"\":0.43,\"\"status\"\":\"\"ok\"\","
            "\"\"model\"\":"
            "{\"\"name\"\":\"\"m\"\",\"\"version\"\":3}}\"\r\n");
}

TEST_F(HistoryCsvTest, ALongOneComesInPiecesAndRowsOfMeanwhileAreNotInIt) {
  const int64_t alice = NewUser("alice");
  for (int i = 0; i < 1200; ++i) {
    store_->Submit(AddHistory{{0, alice, "predict", "{}", "{}", i}}, [](const Result<int64_t>&) {});
  }
  NewHistory(alice, "auto_1h");
  HistoryCsv csv(*store_, {.user_id = alice, .type_prefix = "predict"});
  std::string text = *csv.Next();
  for (int i = 0; i < 100; ++i) NewHistory(alice, "predict");
  int pieces = 1;
  text += All(csv, &pieces);
  EXPECT_EQ(pieces, 3);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1201);
}

TEST_F(HistoryCsvTest, AnEmptyOneIsItsHeader) {
  HistoryCsv csv(*store_, {.user_id = NewUser("alice")});
  EXPECT_EQ(All(csv), "id,ts,type,risk,alarm,threshold,status,model,version,input,result\r\n");
}

}  // namespace
}  // namespace forewarn
