#include "http/raw_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "core/names.h"

namespace forewarn::http {
namespace {

constexpr int kPatienceMs = 10'000;

}  // namespace

RawClient::RawClient(int port) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Close();
}

RawClient::~RawClient() { Close(); }

void RawClient::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool RawClient::Fill() {
  pollfd waited{fd_, POLLIN, 0};
  if (fd_ < 0 || poll(&waited, 1, kPatienceMs) != 1) return false;
  char bytes[16384];
  const ssize_t size = recv(fd_, bytes, sizeof(bytes), 0);
  if (size <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(size));
  return true;
}

std::string RawClient::ReadUntil(std::string_view mark) {
  size_t end = std::string::npos;
  while ((end = buffer_.find(mark)) == std::string::npos) {
    if (!Fill()) return std::exchange(buffer_, "");
  }
  const std::string out = buffer_.substr(0, end + mark.size());
  buffer_.erase(0, end + mark.size());
  return out;
}

RawReply RawClient::Read(bool head_only) {
  RawReply reply;
  reply.head = ReadUntil("\r\n\r\n");
  if (!reply.head.starts_with("HTTP/1.1 ") || !reply.head.ends_with("\r\n\r\n")) return reply;
  reply.status = std::atoi(reply.head.c_str() + 9);
  reply.whole = true;
  if (head_only || reply.status == 204 || reply.status == 304 || reply.status < 200) return reply;
  if (const std::string length = reply.Header("Content-Length"); !length.empty()) {
    const size_t size = std::strtoul(length.c_str(), nullptr, 10);
    while (buffer_.size() < size && Fill()) {
    }
    reply.whole = buffer_.size() >= size;
    reply.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
  } else if (reply.Header("Transfer-Encoding") == "chunked") {
    for (;;) {
      const std::string line = ReadUntil("\r\n");
      const size_t size = std::strtoul(line.c_str(), nullptr, 16);
      while (buffer_.size() < size + 2 && Fill()) {
      }
      reply.whole = line.ends_with("\r\n") && buffer_.size() >= size + 2;
      reply.body += buffer_.substr(0, size);
      buffer_.erase(0, size + 2);
      if (size == 0 || !reply.whole) break;
    }
  } else {
    while (Fill()) {
    }
    reply.body = std::exchange(buffer_, "");
  }
  return reply;
}

RawReply RawClient::Ask(std::string_view bytes) {
  if (!Send(bytes)) return {};
  return Read();
}

bool RawClient::AtEnd() {
  if (!buffer_.empty()) return false;
  pollfd waited{fd_, POLLIN, 0};
  if (poll(&waited, 1, kPatienceMs) != 1) return false;
  char byte = 0;
  return recv(fd_, &byte, 1, 0) <= 0;
}

void RawClient::ShrinkReceiveBuffer() {
  const int size = 4096;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

std::string RawReply::Header(std::string_view name) const {
  const std::string wanted = "\r\n" + ToLower(name) + ":";
  const size_t at = ToLower(head).find(wanted);
  if (at == std::string::npos) return "";
  const size_t begin = at + wanted.size();
  return std::string(Trim(std::string_view(head).substr(begin, head.find("\r\n", begin) - begin)));
}

std::string RawRequest(std::string_view method, std::string_view target, std::string_view body,
                       std::string_view fields) {
  std::string out = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n";
  out += fields;
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + std::string(body);
}

}  // namespace forewarn::http
