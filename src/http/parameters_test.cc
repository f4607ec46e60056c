#include "http/parameters.h"

#include <gtest/gtest.h>

#include "http/target.h"

namespace forewarn::http {
namespace {

Request WithTarget(std::string_view target) {
  Request request;
  EXPECT_TRUE(ParseTarget(target, &request).ok()) << target;
  return request;
}

std::vector<std::string> Faults(const Parameters& parameters) {
  std::vector<std::string> out;
  for (const Fault& fault : parameters.faults()) out.push_back(fault.pointer + " " + fault.detail);
  return out;
}

TEST(Target, IsSplitAndDecoded) {
  const Request request = WithTarget("/a%20b/%C3%A9?x=1+2&y=%26&y=&z");
  EXPECT_EQ(request.path, "/a b/é");
  EXPECT_EQ(request.query, (Pairs{{"x", "1 2"}, {"y", "&"}, {"y", ""}, {"z", ""}}));
  EXPECT_EQ(WithTarget("http://host:80/p?q=1").path, "/p");
  EXPECT_EQ(WithTarget("HTTP://host").path, "/");
  EXPECT_EQ(WithTarget("*").path, "*");
}

TEST(Target, BadEncoding_IsRefused) {
  Request request;
  for (const char* target : {"/%", "/%2", "/%zz", "/%00", "/%ff", "/%ed%a0%80", "/a?x=%00", "/a?x=%c3",
                             "/a/../b", "/%2e%2e", "/a/.", "ftp://host/x", "host:443", "a"}) {
    EXPECT_FALSE(ParseTarget(target, &request).ok()) << target;
  }
}

TEST(Query, Integers_AreStrict) {
  const auto faults = [](std::string_view target) {
    const Request request = WithTarget(target);
    Parameters query = Parameters::Query(request);
    query.Integer("limit", {1, 1000}, 200);
    return Faults(query);
  };
  EXPECT_TRUE(faults("/h").empty());
  EXPECT_TRUE(faults("/h?limit=1000").empty());
  EXPECT_EQ(faults("/h?limit=-1"),
            std::vector<std::string>{"/query/limit is -1; a whole number from 1 to 1000 is needed"});
  EXPECT_EQ(faults("/h?limit=99999999999999999999"),
            std::vector<std::string>{"/query/limit is too large; a whole number from 1 to 1000 is needed"});
  for (const char* bad : {"", "x", "1x", "1.0", "+1", "%201", "0x1", "1e2"}) {
    EXPECT_EQ(faults(std::string("/h?limit=") + bad),
              std::vector<std::string>{"/query/limit must be a whole number in digits"})
        << bad;
  }
  EXPECT_EQ(faults("/h?limit=1&limit=1"), std::vector<std::string>{"/query/limit given more than once"});
}

TEST(Query, UnknownParameters_AreRefusedIfAsked) {
  const Request request = WithTarget("/h?limit=5&limitt=6&type=a");
  Parameters query = Parameters::Query(request);
  EXPECT_EQ(query.Integer("limit", {}, 1), 5);
  EXPECT_EQ(query.Choice("type", {"a", "b"}, "b"), "a");
  EXPECT_FALSE(query.Finish().has_value());
  const auto refusal = query.Finish(UnknownKeys::kRefuse);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->status, 422);
  EXPECT_NE(refusal->body.find("/query/limitt"), std::string::npos);
}

TEST(Path, Parameters_AreReadAlike) {
  Request request;
  request.params = {{"id", "12345678901234567890"}};
  Parameters path = Parameters::Path(request);
  path.Integer("id", {1});
  EXPECT_EQ(path.Finish()->status, 422);
}

TEST(Form, IsDecodedAndChecked) {
  Request request;
  request.body = "username=al%C3%A9&password=a+b%2Bc&grant_type=password";
  Parameters form = Parameters::Form(request);
  EXPECT_EQ(form.Text("username", {3, 64}), "alé");
  EXPECT_EQ(form.Text("password", {1, 1024}), "a b+c");
  EXPECT_EQ(form.Text("scope", {}, ""), "");
  EXPECT_FALSE(form.Finish().has_value());
  form.Text("client", {1, 5});
  EXPECT_EQ(form.Finish()->status, 422);
  request.body = "username=%00";
  Parameters bad = Parameters::Form(request);
  EXPECT_EQ(bad.Finish()->status, 400);
}

TEST(Cookie, IsFoundByItsWholeName) {
  Request request;
  request.fields.Add("Cookie", "a=1; fw_session=abc=; xfw_session=no");
  EXPECT_EQ(FindCookie(request, "fw_session"), "abc=");
  EXPECT_EQ(FindCookie(request, "session"), std::nullopt);
  request.fields.Add("cookie", "fw_session=abc=");
  EXPECT_EQ(FindCookie(request, "fw_session"), "abc=");
  request.fields.Add("Cookie", "fw_session=planted");
  EXPECT_EQ(FindCookie(request, "fw_session"), std::nullopt);
}

TEST(Bearer, OnlyTheOneFormCounts) {
  const auto token = [](std::string_view value) {
    static Request request;
    request.fields.Clear();
    request.fields.Add("Authorization", value);
    return BearerToken(request);
  };
  EXPECT_EQ(token("Bearer abc.def-_~+/="), "abc.def-_~+/=");
  EXPECT_EQ(token("bearer  x"), "x");
  for (const char* bad : {"", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a,b", "Bearerabc"}) {
    EXPECT_EQ(token(bad), std::nullopt) << bad;
  }
  Request twice;
  twice.fields.Add("Authorization", "Bearer a");
  twice.fields.Add("Authorization", "Bearer a");
  EXPECT_EQ(BearerToken(twice), std::nullopt);
}

TEST(SetCookie, SaysAllItNeeds) {
  EXPECT_EQ(SetCookieValue("fw_session", "x", true, 60),
            "fw_session=x; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=60");
  EXPECT_EQ(SetCookieValue("fw_session", "", false, -1), "fw_session=; Path=/; HttpOnly; SameSite=Strict");
}

TEST(Percent, EncodingRoundTrips) {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  all += "é€😀";
  EXPECT_EQ(DecodePercent(EncodePercent(all), false), all);
  EXPECT_EQ(DecodePercent(EncodePercent(all), true), all);
}

}  // namespace
}  // namespace forewarn::http
