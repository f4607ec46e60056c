#include "frame/frame.h"

#include <cassert>
#include <cstring>

#include "core/names.h"

namespace forewarn {

std::optional<size_t> Frame::Index(std::string_view name) const {
  const auto it = index_.find(std::string(name));
  if (it == index_.end()) return std::nullopt;
  return it->second;
}

Result<std::span<const double>> Frame::Column(std::string_view name) const {
  const auto i = Index(name);
  if (!i) return Status::NotFound(UnknownName("column", name, names_));
  return std::span<const double>(values_[*i]);
}

const std::vector<double>& Frame::operator[](std::string_view name) const {
  const auto i = Index(name);
  assert(i.has_value());
  return values_[*i];
}

std::vector<double>& Frame::operator[](std::string_view name) {
  const auto i = Index(name);
  assert(i.has_value());
  return values_[*i];
}

std::vector<double>& Frame::Set(std::string name, std::vector<double> values) {
  assert(values.size() == rows());
  if (const auto i = Index(name)) return values_[*i] = std::move(values);
  index_.emplace(name, names_.size());
  names_.push_back(std::move(name));
  return values_.emplace_back(std::move(values));
}

void Frame::Drop(std::string_view name) {
  const auto i = Index(name);
  if (!i) return;
  names_.erase(names_.begin() + static_cast<std::ptrdiff_t>(*i));
  values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(*i));
  index_.clear();
  for (size_t c = 0; c < names_.size(); ++c) index_.emplace(names_[c], c);
}

Frame Frame::Slice(size_t begin, size_t end) const {
  assert(begin <= end && end <= rows());
  const auto cut = [&](const auto& all) {
    return std::decay_t<decltype(all)>(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                       all.begin() + static_cast<std::ptrdiff_t>(end));
  };
  Frame out(cut(times_));
  for (size_t c = 0; c < columns(); ++c) out.Set(names_[c], cut(values_[c]));
  return out;
}

Frame Frame::Take(std::span<const size_t> chosen) const {
  const auto pick = [&](const auto& all) {
    std::decay_t<decltype(all)> some;
    some.reserve(chosen.size());
    for (const size_t r : chosen) some.push_back(all[r]);
    return some;
  };
  Frame out(pick(times_));
  for (size_t c = 0; c < columns(); ++c) out.Set(names_[c], pick(values_[c]));
  return out;
}

Result<Frame> Frame::Select(std::span<const std::string> wanted) const {
  Frame out(times_);
  for (const std::string& name : wanted) {
    const auto i = Index(name);
    if (!i) return Status::NotFound(UnknownName("column", name, names_));
    out.Set(name, values_[*i]);
  }
  return out;
}

Status Frame::Append(const Frame& other) {
  if (names_ != other.names_) {
    return Status::Invalid("tables with different columns cannot be joined: [" + JoinNames(names_) +
                           "] and [" + JoinNames(other.names_) + "]");
  }
  times_.insert(times_.end(), other.times_.begin(), other.times_.end());
  for (size_t c = 0; c < columns(); ++c) {
    values_[c].insert(values_[c].end(), other.values_[c].begin(), other.values_[c].end());
  }
  return Status::Ok();
}

bool operator==(const Frame& a, const Frame& b) {
  if (a.times_ != b.times_ || a.names_ != b.names_) return false;
  for (size_t c = 0; c < a.columns(); ++c) {
    for (size_t r = 0; r < a.rows(); ++r) {
      const double x = a.values_[c][r];
      const double y = b.values_[c][r];
      if (std::isnan(x) && std::isnan(y)) continue;
      if (std::memcmp(&x, &y, sizeof(x)) != 0) return false;
    }
  }
  return true;
}

}  // namespace forewarn
