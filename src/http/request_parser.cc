#include "http/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "core/names.h"
#include "http/target.h"

namespace forewarn::http {

namespace beast = boost::beast;
using ErrorCode = boost::system::error_code;

namespace {

constexpr uint64_t kReserve = 64 * 1024;  // a promised length is believed up to here

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// Beast's parser writes straight into our Request.
class RequestParser::Beast : public beast::http::basic_parser<true> {
 public:
  explicit Beast(Request* request) : request_(request) {}
  bool target_seen() const { return version_ != 0; }
  int version() const { return version_; }

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       ErrorCode&) override {
    request_->method = MethodOf(View(method));
    request_->target = View(target);
    version_ = version;
  }
  void on_response_impl(int, beast::string_view, int, ErrorCode&) override {}
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     ErrorCode&) override {
    if (!is_header_done()) request_->fields.Add(View(name), View(value));  // trailers are dropped
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>& length, ErrorCode&) override {
    if (length) request_->body.reserve(static_cast<size_t>(std::min(*length, kReserve)));
  }
  size_t on_body_impl(beast::string_view bytes, ErrorCode&) override {
    request_->body += View(bytes);
    return bytes.size();
  }
  void on_chunk_header_impl(uint64_t, beast::string_view, ErrorCode&) override {}
  size_t on_chunk_body_impl(uint64_t, beast::string_view bytes, ErrorCode&) override {
    request_->body += View(bytes);
    return bytes.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  Request* request_;
  int version_ = 0;  // 10 or 11 once the request line is read
};

RequestParser::RequestParser(ParserLimits limits) : limits_(limits) {}
RequestParser::~RequestParser() = default;

void RequestParser::Begin(Request* request) {
  request_ = request;
  request->method = Method::kOther;
  request->target.clear();
  request->path.clear();
  request->query.clear();
  request->fields.Clear();
  request->body.clear();
  request->params.clear();
  request->route = {};
  request->principal.reset();
  beast_ = std::make_unique<Beast>(request);
  beast_->header_limit(static_cast<uint32_t>(limits_.max_head));
  beast_->body_limit(boost::none);
  head_done_ = false;
  begun_ = false;
}

RequestParser::Step RequestParser::Fail(int status, std::string detail) {
  failure_ = {status, std::move(detail)};
  return Step::kFailed;
}

RequestParser::Step RequestParser::Feed(std::string_view bytes, size_t* used) {
  *used = 0;
  while (!beast_->is_done() && *used < bytes.size()) {
    begun_ = true;
    ErrorCode error;
    *used += beast_->put(boost::asio::const_buffer(bytes.data() + *used, bytes.size() - *used), error);
    if (error == beast::http::error::need_more) break;
    if (error == beast::http::error::header_limit) {
      if (!beast_->target_seen()) return Fail(414, "the request line is longer than this service takes");
      return Fail(431, "the header fields are larger than this service takes");
    }
    if (error == beast::http::error::body_limit) {
      return Fail(413, "the body is larger than this path takes");
    }
    if (error) return Fail(400, "the request is not HTTP/1.1: " + error.message());
    if (beast_->is_header_done() && !head_done_) return CheckHead();
  }
  return beast_->is_done() ? Step::kDone : Step::kMore;
}

RequestParser::Step RequestParser::CheckHead() {
  head_done_ = true;
  const Fields& fields = request_->fields;
  if (request_->target.size() > limits_.max_target) {
    return Fail(414, "the request's target is longer than this service takes");
  }
  const size_t hosts = fields.Count("Host");
  if (hosts > 1 || (hosts == 0 && http11())) return Fail(400, "exactly one Host field is needed");
  const size_t encodings = fields.Count("Transfer-Encoding");
  const size_t lengths = fields.Count("Content-Length");
  if (encodings + lengths > 1 || fields.Find("Content-Length").find(',') != std::string_view::npos) {
    return Fail(400, "the body's length is told more than once");
  }
  if (encodings == 1 && (!http11() || ToLower(fields.Find("Transfer-Encoding")) != "chunked")) {
    return Fail(400, "Transfer-Encoding must be 'chunked' alone");
  }
  const std::string target = std::move(request_->target);
  if (const Status parsed = ParseTarget(target, request_); !parsed.ok()) return Fail(400, parsed.message());
  return Step::kHead;
}

void RequestParser::AllowBody(size_t max) { beast_->body_limit(uint64_t{max}); }

bool RequestParser::begun() const { return begun_; }
bool RequestParser::keep_alive() const { return beast_->is_header_done() && beast_->keep_alive(); }
bool RequestParser::http11() const { return beast_->version() >= 11; }

bool RequestParser::has_body() const { return beast_->chunked() || content_length().value_or(0) > 0; }

std::optional<uint64_t> RequestParser::content_length() const {
  const auto length = beast_->content_length();
  return length ? std::optional<uint64_t>(*length) : std::nullopt;
}

}  // namespace forewarn::http
