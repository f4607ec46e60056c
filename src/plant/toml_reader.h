// A checked reader over TOML: plant_file.cc and simulator_spec.cc ask it for what they know, and it collects
// every problem (wrong type, out of range, missing, unknown key) with file, line and key instead of stopping
// at the first. A key counts as known once it was asked for; Finish reports all others with the nearest known
// one. TomlReader is a cheap view of one table and lives no longer than its TomlDocument. Belongs to one
// thread.
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"

namespace forewarn {

// One thing wrong with a file.
struct Problem {
  std::string file;
  int line = 0;     // 0: the file as a whole
  std::string key;  // "tag[3].unit"; "" where the file does not parse
  std::string message;
  // "gas.toml:14: tag[3].unit: …"
  std::string Text() const;
};

enum class Need { kOptional, kRequired };

class TomlReader;

class TomlDocument {
 public:
  // Fails where the text is no TOML, with line and column.
  static Result<TomlDocument> Parse(std::string_view text, const std::string& file_name);
  TomlDocument(TomlDocument&&) noexcept;
  TomlDocument& operator=(TomlDocument&&) noexcept;
  ~TomlDocument();

  TomlReader Root();
  // Reports the keys nobody asked for; gives all problems in file order. Call once, when everything is read.
  std::vector<Problem> Finish();

 private:
  friend class TomlReader;
  struct State;
  explicit TomlDocument(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Every getter leaves *out alone and returns false where the key is absent or wrong (the latter is then a
// problem).
class TomlReader {
 public:
  bool String(std::string_view key, std::string* out, Need need = Need::kOptional);
  // A string that is one of `allowed`.
  bool OneOf(std::string_view key, const std::vector<std::string>& allowed, std::string* out,
             Need need = Need::kOptional);
  bool Bool(std::string_view key, bool* out, Need need = Need::kOptional);
  // Finite, within [low, high]; an integer is a number too.
  bool Number(std::string_view key, double* out, double low = -std::numeric_limits<double>::infinity(),
              double high = std::numeric_limits<double>::infinity(), Need need = Need::kOptional);
  bool Integer(std::string_view key, int* out, int low, int high, Need need = Need::kOptional);
  bool Strings(std::string_view key, std::vector<std::string>* out, Need need = Need::kOptional);
  bool Numbers(std::string_view key, std::vector<double>* out, Need need = Need::kOptional);
  bool Duration(std::string_view key, PlantTime* out, Need need = Need::kOptional);  // "1h"
  bool Time(std::string_view key, PlantTime* out,
            Need need = Need::kOptional);  // "2014-12-25 22:00" or TOML's own
  // A table: [key] or key = { … }.
  std::optional<TomlReader> Table(std::string_view key, Need need = Need::kOptional);
  // Tables: [[key]] or key = [ { … }, … ]; empty where absent.
  std::vector<TomlReader> Tables(std::string_view key, Need need = Need::kOptional);

  bool Has(std::string_view key) const;
  // Takes the key as known without reading it.
  void Accept(std::string_view key);
  // A problem at a key's value (or, if item >= 0, at that element of its array), found by a check of the
  // caller's.
  void AddProblem(std::string_view key, const std::string& message, int item = -1);
  // "tag[3]" of this table; "" for the root.
  const std::string& path() const { return path_; }

 private:
  friend class TomlDocument;
  TomlReader(TomlDocument::State* state, const void* table, std::string path);
  const void* Find(std::string_view key, Need need);
  bool Wrong(std::string_view key, std::string_view wanted, int item = -1);
  std::string KeyPath(std::string_view key, int item = -1) const;

  TomlDocument::State* state_;
  const void* table_;  // toml::table; the library's headers stay in the .cc
  std::string path_;
};

}  // namespace forewarn
