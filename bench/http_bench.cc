// The server's share of a request without sockets: bytes → Request → route → handler → reply's bytes, against
// Beast's own message types doing the same without routing; and a JSON body's fields against nlohmann/json.
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/ostream.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "http/dispatch.h"
#include "http/json_body.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "http/router.h"
#include "ratios.h"

namespace forewarn::http {
namespace {

namespace beast = boost::beast;

std::string PredictBytes() {
  std::string body = "{\"features\":{";
  for (int i = 0; i < 28; ++i)
    body += "\"feature_" + std::to_string(i) + "\":" + std::to_string(i * 1.37) + ",";
  body.back() = '}';
  body += "}";
  return "POST /predict HTTP/1.1\r\nHost: 127.0.0.1:7502\r\nUser-Agent: bench\r\nAccept: */*\r\n"
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr const char* kReply = R"({"risk_score":0.123456,"alarm":false,"threshold":0.5,"status":"ok"})";

void OurRequest(benchmark::State& state) {
  Router router;
  for (const char* path : {"/health", "/ready", "/metrics", "/forecast", "/explain"}) {
    router.Add(Method::kPost, path, Inline{[](const Request&) { return Json(200, "{}"); }}, JsonRoute());
  }
  router.Add(Method::kPost, "/predict", Inline{[](const Request&) { return Json(200, kReply); }},
             JsonRoute());
  const std::string bytes = PredictBytes();
  RequestParser parser;
  Request request;
  std::string out;
  for (auto _ : state) {
    parser.Begin(&request);
    size_t used = 0;
    (void)parser.Feed(bytes, &used);
    const Router::Match match = router.Find(request);
    (void)Router::CheckContentType(*match.route, request);
    parser.AllowBody(match.route->options.max_body);
    size_t rest = 0;
    (void)parser.Feed(std::string_view(bytes).substr(used), &rest);
    const Response response = RunHandler(std::get<Inline>(match.route->handler).run, request);
    out.clear();
    AppendHead(response, {}, router.fixed_headers(), &out);
    out += response.body;
    benchmark::DoNotOptimize(out.data());
  }
}

void BeastRequest(benchmark::State& state) {
  const std::string bytes = PredictBytes();
  beast::flat_buffer out;
  for (auto _ : state) {
    beast::http::request_parser<beast::http::string_body> parser;
    parser.eager(true);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(bytes), error);
    beast::http::response<beast::http::string_body> response(beast::http::status::ok, 11);
    response.set(beast::http::field::date, HttpDate());
    response.set(beast::http::field::content_type, "application/json");
    response.keep_alive(parser.get().keep_alive());
    response.body() = kReply;
    response.prepare_payload();
    out.clear();
    beast::http::serializer<false, beast::http::string_body> serializer(response);
    while (!serializer.is_done()) {
      serializer.next(error, [&](boost::system::error_code&, const auto& buffers) {
        const size_t size = boost::asio::buffer_copy(out.prepare(boost::asio::buffer_size(buffers)), buffers);
        out.commit(size);
        serializer.consume(size);
      });
    }
    benchmark::DoNotOptimize(out.data());
  }
}

constexpr const char* kSignIn =
    R"({"username":"operator","password":"correct horse battery","remember":true,"n":60})";

void OurJson(benchmark::State& state) {
  for (auto _ : state) {
    const JsonBody body(kSignIn);
    benchmark::DoNotOptimize(body.root().Text("username", {3, 64}));
    benchmark::DoNotOptimize(body.root().Text("password", {8, 1024}));
    benchmark::DoNotOptimize(body.root().Flag("remember", false));
    benchmark::DoNotOptimize(body.root().Integer("n", {1, 600}, 60));
    benchmark::DoNotOptimize(body.Finish());
  }
}

void NlohmannJson(benchmark::State& state) {
  for (auto _ : state) {
    const auto body = nlohmann::json::parse(kSignIn);
    benchmark::DoNotOptimize(body.at("username").get<std::string>());
    benchmark::DoNotOptimize(body.at("password").get<std::string>());
    benchmark::DoNotOptimize(body.value("remember", false));
    benchmark::DoNotOptimize(body.value("n", 60));
  }
}

BENCHMARK(OurRequest);
BENCHMARK(BeastRequest);
BENCHMARK(OurJson);
BENCHMARK(NlohmannJson);

}  // namespace
}  // namespace forewarn::http

int main(int argc, char** argv) {
  return forewarn::bench::RunWithRatios(
      argc, argv,
      {{"a request, routed, against Beast's messages", "OurRequest", "BeastRequest", 0},
       {"a strict JSON body against nlohmann/json", "OurJson", "NlohmannJson", 0}});
}
