// SHA-256 of a text that comes in pieces, over OpenSSL. Whole texts and files: core/file.h. An object belongs
// to one thread.
#pragma once

#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace forewarn {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Add(std::string_view piece);
  std::string Hex();  // once, at the end

 private:
  evp_md_ctx_st* context_;
};

}  // namespace forewarn
