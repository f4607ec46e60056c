#include "io/arrow_columns.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "io/csv_text.h"

namespace forewarn {
namespace {

using arrow::Type;

const arrow::DataType& ValueType(const arrow::DataType& type) {
  return type.id() == Type::DICTIONARY ? *static_cast<const arrow::DictionaryType&>(type).value_type() : type;
}

enum class Kind { kNumber, kTime, kText, kOther };

Kind KindOf(const arrow::DataType& any) {
  switch (ValueType(any).id()) {
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
    case Type::NA:
      return any.id() == Type::DICTIONARY ? Kind::kOther : Kind::kNumber;
    case Type::TIMESTAMP:
    case Type::DATE32:
    case Type::DATE64:
      return any.id() == Type::DICTIONARY ? Kind::kOther : Kind::kTime;
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::BINARY:
    case Type::LARGE_BINARY:
      return Kind::kText;
    default:
      return Kind::kOther;
  }
}

float HalfToFloat(uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  float value = exponent == 0    ? std::ldexp(static_cast<float>(fraction), -24)
                : exponent == 31 ? (fraction != 0 ? NAN : INFINITY)
                                 : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return (half & 0x8000) != 0 ? -value : value;
}

template <typename ArrayType, typename Convert>
void Each(const arrow::Array& chunk, std::vector<double>& out, Convert convert) {
  const auto& typed = static_cast<const ArrayType&>(chunk);
  for (int64_t i = 0; i < chunk.length(); ++i) out.push_back(chunk.IsNull(i) ? kNull : convert(typed, i));
}

template <typename ArrayType>
void EachPlain(const arrow::Array& chunk, std::vector<double>& out) {
  Each<ArrayType>(chunk, out, [](const ArrayType& a, int64_t i) { return static_cast<double>(a.Value(i)); });
}

void AppendNumbers(const arrow::Array& chunk, std::vector<double>& out) {
  switch (chunk.type_id()) {
    case Type::BOOL:
      return EachPlain<arrow::BooleanArray>(chunk, out);
    case Type::INT8:
      return EachPlain<arrow::Int8Array>(chunk, out);
    case Type::INT16:
      return EachPlain<arrow::Int16Array>(chunk, out);
    case Type::INT32:
      return EachPlain<arrow::Int32Array>(chunk, out);
    case Type::INT64:
      return EachPlain<arrow::Int64Array>(chunk, out);
    case Type::UINT8:
      return EachPlain<arrow::UInt8Array>(chunk, out);
    case Type::UINT16:
      return EachPlain<arrow::UInt16Array>(chunk, out);
    case Type::UINT32:
      return EachPlain<arrow::UInt32Array>(chunk, out);
    case Type::UINT64:
      return EachPlain<arrow::UInt64Array>(chunk, out);
    case Type::FLOAT:
      return EachPlain<arrow::FloatArray>(chunk, out);
    case Type::DOUBLE:
      return EachPlain<arrow::DoubleArray>(chunk, out);
    case Type::HALF_FLOAT:
      return Each<arrow::HalfFloatArray>(
          chunk, out, [](const auto& a, int64_t i) { return static_cast<double>(HalfToFloat(a.Value(i))); });
    case Type::DECIMAL128:
      return Each<arrow::Decimal128Array>(chunk, out, [](const auto& a, int64_t i) {
        const auto& type = static_cast<const arrow::Decimal128Type&>(*a.type());
        return arrow::Decimal128(a.GetValue(i)).ToDouble(type.scale());
      });
    case Type::DECIMAL256:
      return Each<arrow::Decimal256Array>(chunk, out, [](const auto& a, int64_t i) {
        const auto& type = static_cast<const arrow::Decimal256Type&>(*a.type());
        return arrow::Decimal256(a.GetValue(i)).ToDouble(type.scale());
      });
    default:
      out.insert(out.end(), static_cast<size_t>(chunk.length()), kNull);
  }
}

bool IsInteger(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || type.id() == Type::BOOL;
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// To microseconds; an overflow is no time.
PlantTime Scaled(int64_t value, arrow::TimeUnit::type unit) {
  int64_t out = 0;
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return __builtin_mul_overflow(value, kSecond, &out) ? kNoTime : out;
    case arrow::TimeUnit::MILLI:
      return __builtin_mul_overflow(value, kMillisecond, &out) ? kNoTime : out;
    case arrow::TimeUnit::MICRO:
      return value;
    case arrow::TimeUnit::NANO:
      return FloorDiv(value, 1000);
  }
  return kNoTime;
}

void AppendTimes(const arrow::Array& chunk, TimeParser& times, std::vector<PlantTime>& out) {
  const auto put = [&](int64_t i, PlantTime t) {
    out.push_back(chunk.IsNull(i) || t < kFirstTime || t >= kLastTime ? kNoTime : t);
  };
  if (chunk.type_id() == Type::DATE32) {
    const auto& typed = static_cast<const arrow::Date32Array&>(chunk);
    for (int64_t i = 0; i < chunk.length(); ++i) put(i, typed.Value(i) * kDay);
    return;
  }
  if (chunk.type_id() == Type::DATE64) {
    const auto& typed = static_cast<const arrow::Date64Array&>(chunk);
    for (int64_t i = 0; i < chunk.length(); ++i) put(i, Scaled(typed.Value(i), arrow::TimeUnit::MILLI));
    return;
  }
  const auto& type = static_cast<const arrow::TimestampType&>(*chunk.type());
  const auto& typed = static_cast<const arrow::TimestampArray&>(chunk);
  for (int64_t i = 0; i < chunk.length(); ++i) {
    put(i, Scaled(typed.Value(i), type.unit()));
    if (!type.timezone().empty() && out.back() != kNoTime) out.back() = times.FromUtc(out.back());
  }
}

template <typename Use>
void EachPlainText(const arrow::Array& chunk, Use use) {
  const auto each = [&](const auto& typed) {
    for (int64_t i = 0; i < chunk.length(); ++i) {
      use(typed.IsValid(i), typed.IsValid(i) ? typed.GetView(i) : std::string_view());
    }
  };
  if (chunk.type_id() == Type::LARGE_STRING || chunk.type_id() == Type::LARGE_BINARY) {
    each(static_cast<const arrow::LargeBinaryArray&>(chunk));
  } else {
    each(static_cast<const arrow::BinaryArray&>(chunk));
  }
}

// Calls use(valid, text) for each cell of a chunk of strings, plain or dictionary-encoded.
template <typename Use>
void EachText(const arrow::Array& chunk, Use use) {
  if (chunk.type_id() != Type::DICTIONARY) return EachPlainText(chunk, use);
  const auto& typed = static_cast<const arrow::DictionaryArray&>(chunk);
  std::vector<std::optional<std::string>> words;
  EachPlainText(*typed.dictionary(), [&](bool valid, std::string_view text) {
    words.push_back(valid ? std::optional<std::string>(text) : std::nullopt);
  });
  for (int64_t i = 0; i < chunk.length(); ++i) {
    const auto* word = chunk.IsNull(i) ? nullptr : &words[static_cast<size_t>(typed.GetValueIndex(i))];
    const bool valid = word != nullptr && word->has_value();
    use(valid, valid ? std::string_view(**word) : std::string_view());
  }
}

TableColumn TextFromArrow(const arrow::ChunkedArray& column, const std::string& name, bool is_time,
                          TimeParser& times) {
  TextColumn text;
  TimeColumn parsed;
  ClockOrder clock;
  for (const auto& chunk : column.chunks()) {
    EachText(*chunk, [&](bool valid, std::string_view cell) {
      if (is_time) {
        const TextTime time = valid ? times.Parse(cell) : TextTime{};
        parsed.values.push_back(time.twice ? clock.Resolve(time.time) : time.time);
      } else {
        text.values.emplace_back(cell);
        text.valid.push_back(valid);
      }
    });
  }
  if (is_time) return {name, std::move(parsed)};
  return {name, std::move(text)};
}

}  // namespace

Status CheckArrowSchema(const arrow::Schema& schema, const std::string& file) {
  if (schema.num_fields() > static_cast<int>(kMaxCsvColumns)) {
    return Status::Invalid(fmt::format("{}: {} columns, more than {}; is the table transposed?", file,
                                       schema.num_fields(), kMaxCsvColumns));
  }
  for (const auto& field : schema.fields()) {
    if (KindOf(*field->type()) == Kind::kOther) {
      return Status::Invalid(fmt::format("{}: column '{}' holds {}; only numbers, text and times can be read",
                                         file, field->name(), field->type()->ToString()));
    }
  }
  return Status::Ok();
}

Result<TableColumn> ColumnFromArrow(const arrow::ChunkedArray& column, const std::string& name,
                                    const std::string& file, bool is_time, TimeParser& times,
                                    InfiniteCells infinite) {
  const auto rows = static_cast<size_t>(column.length());
  switch (KindOf(*column.type())) {
    case Kind::kText:
      return TextFromArrow(column, name, is_time, times);
    case Kind::kTime: {
      TimeColumn out;
      out.values.reserve(rows);
      for (const auto& chunk : column.chunks()) AppendTimes(*chunk, times, out.values);
      return TableColumn{name, std::move(out)};
    }
    case Kind::kOther:
      return Status::Invalid(fmt::format("{}: column '{}' holds {}", file, name, column.type()->ToString()));
    case Kind::kNumber:
      break;
  }
  NumberColumn out;
  out.integer = IsInteger(*column.type());
  out.values.reserve(rows);
  for (const auto& chunk : column.chunks()) AppendNumbers(*chunk, out.values);
  for (size_t r = 0; r < out.values.size(); ++r) {
    if (infinite == InfiniteCells::kRefuse && std::isinf(out.values[r])) {
      return Status::Invalid(
          fmt::format("{}:{}: the cell in column '{}' is infinite; make it null where there "
                      "is no value",
                      file, r + 1, name));
    }
  }
  return TableColumn{name, std::move(out)};
}

}  // namespace forewarn
