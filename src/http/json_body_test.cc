#include "http/json_body.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/json_text.h"

namespace forewarn::http {
namespace {

// "pointer detail" of each fault.
std::vector<std::string> Faults(const JsonBody& body) {
  std::vector<std::string> out;
  for (const Fault& fault : body.faults()) out.push_back(fault.pointer + " " + fault.detail);
  return out;
}

int StatusOf(const JsonBody& body, UnknownKeys unknown = UnknownKeys::kIgnore) {
  const auto refusal = body.Finish(unknown);
  return refusal ? refusal->status : 200;
}

TEST(JsonBody, GoodBody_IsReadWhole) {
  const JsonBody body(R"({"name":"Pumpe é","risk":0.25,"n":7,"on":true,"kind":"b","in":{"x":-1e3},
                          "list":[{"y":1},{"y":2}],"numbers":[1,2.5],"words":["a","b"]})");
  const JsonObject& root = body.root();
  EXPECT_EQ(root.Text("name", {1, 10}), "Pumpe é");
  EXPECT_EQ(root.Number("risk", {0, 1}), 0.25);
  EXPECT_EQ(root.Integer("n", {1, 10}), 7);
  EXPECT_TRUE(root.Flag("on"));
  EXPECT_EQ(root.Choice("kind", {"a", "b"}), "b");
  EXPECT_EQ(root.Object("in").Number("x"), -1000);
  const auto list = root.Objects("list", 5);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].Integer("y") + list[1].Integer("y"), 3);
  EXPECT_EQ(root.Numbers("numbers", 5), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(root.Texts("words", 5), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(StatusOf(body, UnknownKeys::kRefuse), 200);
}

TEST(JsonBody, AbsentAndNull_GiveTheDefault) {
  const JsonBody body(R"({"a":null})");
  EXPECT_EQ(body.root().Number("a", {}, 5.0), 5.0);
  EXPECT_EQ(body.root().Text("b", {}, "x"), "x");
  EXPECT_EQ(body.root().Integer("c", {}, 3), 3);
  EXPECT_TRUE(body.root().Flag("d", true));
  EXPECT_FALSE(body.root().Has("a"));
  EXPECT_EQ(StatusOf(body), 200);
}

TEST(JsonBody, NothingIsCoerced_EveryFaultIsTold) {
  const JsonBody body(R"({"a":"107.2","b":true,"c":1.5,"d":7,"e":"x","f":[1,"2"],"g":{"h":9},"i":"zz"})");
  const JsonObject& root = body.root();
  root.Number("a");
  root.Number("b");
  root.Integer("c");
  root.Text("d");
  root.Flag("e");
  root.Numbers("f", 5);
  root.Object("g").Number("h", {0, 1});
  root.Choice("i", {"one", "two"});
  root.Text("j");
  EXPECT_EQ(Faults(body), (std::vector<std::string>{
                              "/a must be a number, not a text", "/b must be a number, not a truth value",
                              "/c is 1.5; a whole number is needed", "/d must be a text, not a number",
                              "/e must be true or false, not a text", "/f/1 must be a number, not a text",
                              "/g/h is 9; a number from 0 to 1 is needed", "/i must be one of: one, two",
                              "/j is missing"}));
  EXPECT_EQ(StatusOf(body), 422);
  EXPECT_NE(body.Finish()->body.find("\"pointer\":\"/g/h\""), std::string::npos);
}

TEST(JsonBody, WholeNumberWrittenAsReal_IsAnInteger) {
  const JsonBody body(R"({"a":6.0,"b":1e2})");
  EXPECT_EQ(body.root().Integer("a"), 6);
  EXPECT_EQ(body.root().Integer("b"), 100);
  EXPECT_EQ(StatusOf(body), 200);
}

TEST(JsonBody, TwentyDigits_Are422OnlyWhereAnIntegerIsNeeded) {
  const JsonBody body(
      R"({"id":12345678901234567890123,"x":99999999999999999999,"s":"99999999999999999999"})");
  EXPECT_TRUE(body.is_json());
  body.root().Integer("id");
  EXPECT_EQ(body.root().Number("x"), 99999999999999999999.0);
  EXPECT_EQ(body.root().Text("s"), "99999999999999999999");
  ASSERT_EQ(body.faults().size(), 1u);
  EXPECT_EQ(body.faults()[0].pointer, "/id");
  EXPECT_EQ(StatusOf(body), 422);
}

TEST(JsonBody, Lengths_CountCharacters) {
  const JsonBody body(R"({"four":"äöü€","edge":" x","empty":""})");
  body.root().Text("four", {4, 4});
  EXPECT_TRUE(body.faults().empty());
  body.root().Text("four", {1, 3});
  body.root().Text("edge", {.trimmed = true});
  body.root().Text("empty", {1, 5});
  EXPECT_EQ(Faults(body), (std::vector<std::string>{"/four has 4 characters; at most 3 are allowed",
                                                    "/edge must not begin or end with white space",
                                                    "/empty has 0 characters; at least 1 are needed"}));
}

TEST(JsonBody, NulAndLoneSurrogates_AreFaults) {
  const JsonBody nul(R"({"a":"x\u0000y"})");
  nul.root().Text("a");
  EXPECT_EQ(StatusOf(nul), 422);
  for (const char* text : {R"({"a":"\ud800"})", R"({"a":"\udc00"})", R"({"a":"\ud800\u0041"})"}) {
    const JsonBody body(text);
    body.root().Text("a");
    EXPECT_NE(StatusOf(body), 200) << text;
  }
  const JsonBody pair(R"({"a":"\ud83d\ude00"})");
  EXPECT_EQ(pair.root().Text("a", {1, 1}), "😀");
  EXPECT_EQ(StatusOf(pair), 200);
}

TEST(JsonBody, WhatIsNotJson_Is400) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::string deep_object = "{\"a\":" + deep + "}";
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{\"a\":NaN}"), std::string("{\"a\":Infinity}"),
        std::string("{\"a\":1e999}"), std::string("{\"a\":\"\xff\"}"), std::string("{'a':1}"), deep,
        deep_object, std::string("{\"a\":1}x"), std::string("{\"a\":01}"), std::string("\0{}", 3)}) {
    EXPECT_EQ(StatusOf(JsonBody(text)), 400) << text.substr(0, 40);
  }
}

TEST(JsonBody, RootThatIsNoObject_Is422) {
  EXPECT_EQ(StatusOf(JsonBody("[1]")), 422);
  EXPECT_EQ(StatusOf(JsonBody("3")), 422);
  const JsonBody body("\"x\"");
  EXPECT_EQ(body.root().Text("a"), "");  // of a fault: nothing more is told
  EXPECT_EQ(body.faults().size(), 1u);
}

TEST(JsonBody, DuplicateKeys_AreFaultsOnce) {
  const JsonBody body(R"({"a":1,"b":2,"a":3,"a":4,"o":{"x":1,"x":1}})");
  body.root().Object("o");
  EXPECT_EQ(Faults(body), (std::vector<std::string>{"/a given more than once", "/o/x given more than once"}));
}

TEST(JsonBody, UnknownKeys_AreIgnoredOrRefused) {
  const JsonBody body(R"({"a":1,"b/c":2})");
  body.root().Number("a");
  EXPECT_EQ(StatusOf(body), 200);
  EXPECT_EQ(StatusOf(body, UnknownKeys::kRefuse), 422);
  EXPECT_EQ(body.unknown(), std::vector<std::string>{"/b~1c"});
}

TEST(JsonBody, ManyFaults_AreCut) {
  std::string text = "{\"a\":[";
  for (int i = 0; i < 5000; ++i) text += "true,";
  const JsonBody body(text + "true]}");
  body.root().Numbers("a", 10000);
  EXPECT_EQ(body.faults().size(), 100u);
}

TEST(JsonText, WidenIntegers_TouchesLongIntegersOnly) {
  EXPECT_EQ(WidenIntegers(R"({"a":123456789012345678,"b":"1234567890123456789012","c":1.5e300})"),
            std::nullopt);
  EXPECT_EQ(WidenIntegers(R"([-1234567890123456789,"\"9999999999999999999"])"),
            R"([-1234567890123456789e0,"\"9999999999999999999"])");
  EXPECT_EQ(WidenIntegers("1234567890123456789.5"), std::nullopt);
}

}  // namespace
}  // namespace forewarn::http
