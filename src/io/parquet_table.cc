#include "io/parquet_table.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include <algorithm>
#include <cmath>

#include "core/names.h"
#include "io/arrow_columns.h"
#include "io/arrow_status.h"

namespace forewarn {
namespace {

constexpr int64_t kRowGroupRows = int64_t{1} << 17;
constexpr double kExactInteger = 9007199254740992.0;  // 2^53

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Every valid cell is an integer a double holds exactly, and none is -0.
bool AllIntegers(const std::vector<double>& cells) {
  return std::all_of(cells.begin(), cells.end(), [](double v) {
    return !IsValid(v) ||
           (std::fabs(v) <= kExactInteger && v == std::trunc(v) && !(v == 0 && std::signbit(v)));
  });
}

template <typename Builder, typename Cell>
Result<std::shared_ptr<arrow::Array>> BuildNumbers(const std::vector<double>& cells) {
  Builder builder;
  FW_RETURN_IF_ERROR(FromArrow(builder.Reserve(static_cast<int64_t>(cells.size()))));
  for (const double v : cells) {
    if (IsValid(v)) {
      builder.UnsafeAppend(static_cast<Cell>(v));
    } else {
      builder.UnsafeAppendNull();
    }
  }
  return FromArrow(builder.Finish());
}

Result<std::shared_ptr<arrow::Array>> BuildTimes(const std::vector<PlantTime>& times) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  FW_RETURN_IF_ERROR(FromArrow(builder.Reserve(static_cast<int64_t>(times.size()))));
  for (const PlantTime t : times) {
    if (t != kNoTime) {
      builder.UnsafeAppend(t);
    } else {
      builder.UnsafeAppendNull();
    }
  }
  return FromArrow(builder.Finish());
}

Result<std::shared_ptr<arrow::Array>> BuildText(const TextColumn& text) {
  arrow::StringBuilder builder;
  for (size_t r = 0; r < text.values.size(); ++r) {
    FW_RETURN_IF_ERROR(FromArrow(text.valid[r] ? builder.Append(text.values[r]) : builder.AppendNull()));
  }
  return FromArrow(builder.Finish());
}

enum class NumberType { kDouble, kFloat, kInteger };

Result<std::shared_ptr<arrow::Array>> BuildColumn(const std::string& name, const std::vector<double>& cells,
                                                  NumberType type) {
  if (type == NumberType::kInteger) return BuildNumbers<arrow::Int64Builder, int64_t>(cells);
  if (type == NumberType::kDouble) return BuildNumbers<arrow::DoubleBuilder, double>(cells);
  for (const double v : cells) {
    if (std::fabs(v) > std::numeric_limits<float>::max()) {
      return Status::Invalid(fmt::format("{} in column '{}' is too large for a 32-bit number", v, name));
    }
  }
  return BuildNumbers<arrow::FloatBuilder, float>(cells);
}

struct Columns {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  void Add(const std::string& name, std::shared_ptr<arrow::Array> array) {
    // Without nulls a column needs no levels: smaller and quicker.
    fields.push_back(arrow::field(name, array->type(), array->null_count() > 0));
    arrays.push_back(std::move(array));
  }
};

Result<std::string> ToBytes(const Columns& columns, int64_t rows, const WriteTableOptions& options) {
  const auto table = arrow::Table::Make(arrow::schema(columns.fields), columns.arrays, rows);
  parquet::WriterProperties::Builder properties;
  properties.disable_dictionary();
  switch (options.compression) {
    case ParquetCompression::kZstd:
      properties.compression(parquet::Compression::ZSTD)->compression_level(1);
      break;
    case ParquetCompression::kSnappy:
      properties.compression(parquet::Compression::SNAPPY);
      break;
    case ParquetCompression::kNone:
      properties.compression(parquet::Compression::UNCOMPRESSED);
      break;
  }
  if (!options.statistics) {
    properties.disable_statistics()->set_size_statistics_level(parquet::SizeStatisticsLevel::None);
  }
  for (const auto& field : columns.fields) {
    if (field->type()->id() == arrow::Type::STRING) properties.enable_dictionary(field->name());
  }
  return GuardArrow([&]() -> Result<std::string> {
    FW_ASSIGN_OR_RETURN(auto sink, FromArrow(arrow::io::BufferOutputStream::Create()));
    FW_ASSIGN_OR_RETURN(auto writer,
                        FromArrow(parquet::arrow::FileWriter::Open(
                            *table->schema(), arrow::default_memory_pool(), sink, properties.build())));
    FW_RETURN_IF_ERROR(FromArrow(writer->WriteTable(*table, kRowGroupRows)));
    if (!options.metadata.empty()) {
      const auto pairs = std::make_shared<arrow::KeyValueMetadata>();
      for (const auto& [key, value] : options.metadata) pairs->Append(key, value);
      FW_RETURN_IF_ERROR(FromArrow(writer->AddKeyValueMetadata(pairs)));
    }
    FW_RETURN_IF_ERROR(FromArrow(writer->Close()));
    FW_ASSIGN_OR_RETURN(auto buffer, FromArrow(sink->Finish()));
    return buffer->ToString();
  });
}

}  // namespace

Result<std::string> TableToParquet(const Table& table, const WriteTableOptions& options) {
  Columns columns;
  for (const TableColumn& column : table.columns) {
    std::shared_ptr<arrow::Array> array;
    if (const auto* numbers = std::get_if<NumberColumn>(&column.data)) {
      const bool integer = (numbers->integer || Contains(options.integer_columns, ToLower(column.name))) &&
                           AllIntegers(numbers->values);
      const NumberType type = integer                                          ? NumberType::kInteger
                              : Contains(options.float32_columns, column.name) ? NumberType::kFloat
                                                                               : NumberType::kDouble;
      FW_ASSIGN_OR_RETURN(array, BuildColumn(column.name, numbers->values, type));
    } else if (const auto* times = std::get_if<TimeColumn>(&column.data)) {
      FW_ASSIGN_OR_RETURN(array, BuildTimes(times->values));
    } else {
      FW_ASSIGN_OR_RETURN(array, BuildText(std::get<TextColumn>(column.data)));
    }
    columns.Add(column.name, std::move(array));
  }
  return ToBytes(columns, static_cast<int64_t>(table.rows()), options);
}

Result<std::string> FrameToParquet(const Frame& frame, const WriteTableOptions& options) {
  Columns columns;
  FW_ASSIGN_OR_RETURN(auto times, BuildTimes(frame.times()));
  columns.Add(options.time_column, std::move(times));
  for (size_t c = 0; c < frame.columns(); ++c) {
    const std::string& name = frame.names()[c];
    const bool integer = Contains(options.integer_columns, name) && AllIntegers(frame.at(c));
    const NumberType type = integer                                   ? NumberType::kInteger
                            : Contains(options.float32_columns, name) ? NumberType::kFloat
                                                                      : NumberType::kDouble;
    FW_ASSIGN_OR_RETURN(auto array, BuildColumn(name, frame.at(c), type));
    columns.Add(name, std::move(array));
  }
  return ToBytes(columns, static_cast<int64_t>(frame.rows()), options);
}

namespace {

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenBytes(std::string_view bytes) {
  const auto buffer =
      std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  FW_ASSIGN_OR_RETURN(auto reader,
                      FromArrow(parquet::arrow::OpenFile(std::make_shared<arrow::io::BufferReader>(buffer),
                                                         arrow::default_memory_pool())));
  reader->set_use_threads(false);
  return reader;
}

// "the Parquet file is damaged" in front of what Arrow said.
Status Damaged(const std::string& name, const Status& status) {
  if (status.ok() || status.code() == Code::kInvalid) return status;
  return Status::Invalid(
      fmt::format("{}: not a readable Parquet file ({}); it may be cut short", name, status.message()));
}

}  // namespace

Result<Table> TableFromParquet(std::string_view bytes, const std::string& name,
                               const ReadTableOptions& options) {
  FW_ASSIGN_OR_RETURN(TimeParser times, TimeParser::Make(options.zone, options.time_format));
  auto table = GuardArrow([&]() -> Result<Table> {
    FW_ASSIGN_OR_RETURN(const auto reader, OpenBytes(bytes));
    std::shared_ptr<arrow::Schema> schema;
    FW_RETURN_IF_ERROR(FromArrow(reader->GetSchema(&schema)));
    FW_RETURN_IF_ERROR(CheckArrowSchema(*schema, name));
    std::shared_ptr<arrow::Table> read;
    FW_RETURN_IF_ERROR(FromArrow(reader->ReadTable(&read)));
    Table out;
    const std::string wanted = ToLower(Trim(options.time_column));
    bool time_found = false;
    for (int c = 0; c < read->num_columns(); ++c) {
      const std::string& column = schema->field(c)->name();
      const bool is_time = !time_found && ToLower(Trim(column)) == wanted;
      time_found = time_found || is_time;
      FW_ASSIGN_OR_RETURN(TableColumn converted,
                          ColumnFromArrow(*read->column(c), column, name, is_time, times));
      out.columns.push_back(std::move(converted));
    }
    return out;
  });
  return table.ok() ? std::move(table) : Result<Table>(Damaged(name, table.status()));
}

Result<Frame> FrameFromParquet(std::string_view bytes, const std::string& name,
                               const ReadTableOptions& options) {
  FW_ASSIGN_OR_RETURN(const Table table, TableFromParquet(bytes, name, options));
  auto frame = ToFrame(table, options.time_column, nullptr);
  return frame.ok() ? std::move(frame) : Result<Frame>(frame.status().WithPrefix(name));
}

Result<std::map<std::string, std::string>> ParquetMetadata(std::string_view bytes, const std::string& name) {
  using Pairs = std::map<std::string, std::string>;
  auto pairs = GuardArrow([&]() -> Result<Pairs> {
    FW_ASSIGN_OR_RETURN(const auto reader, OpenBytes(bytes));
    Pairs out;
    const auto metadata = reader->parquet_reader()->metadata()->key_value_metadata();
    for (int64_t i = 0; metadata != nullptr && i < metadata->size(); ++i) {
      if (metadata->key(i) != "ARROW:schema") out[metadata->key(i)] = metadata->value(i);
    }
    return out;
  });
  return pairs.ok() ? std::move(pairs) : Result<Pairs>(Damaged(name, pairs.status()));
}

}  // namespace forewarn
