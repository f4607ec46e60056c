#include "pipeline/etl_step.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/names.h"
#include "pipeline/dataset_store.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;
using Counts = std::vector<std::pair<std::string, size_t>>;

Json CountsJson(const Counts& counts) {
  Json out = Json::object();
  for (const auto& [column, cells] : counts) out[column] = cells;
  return out;
}

std::string CountsText(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [column, cells] : counts) parts.push_back(fmt::format("{} {}", column, cells));
  return JoinNames(parts);
}

std::string ReadText(const ToFrameReport& read) {
  std::string out = fmt::format("read        {} rows\n", read.rows);
  for (const std::string& words : read.Words()) out += fmt::format("            {}\n", words);
  return out;
}

}  // namespace

Result<EtlOutcome> RunEtl(const Plant& plant, const Frame& labelled, const DatasetOptions& options,
                          const std::string& uri, const ObjectStoreOptions& stores, const std::string& run_id,
                          const Progress& progress) {
  EtlOutcome out;
  out.uri = uri;
  FW_ASSIGN_OR_RETURN(out.dataset, BuildDataset(plant, labelled, options, &out.normalised));
  FW_ASSIGN_OR_RETURN(out.unfinished, UnfinishedRuns(uri, stores));
  FW_ASSIGN_OR_RETURN(out.run, StoreDataset(uri, stores, out.dataset, run_id, progress, options.threads));
  return out;
}

std::string EtlReportText(const EtlOutcome& outcome, const ToFrameReport& read) {
  const FeatureDataset& set = outcome.dataset;
  std::string out = ReadText(read);
  const NormaliseReport& n = outcome.normalised;
  if (!n.fixed_setpoints.empty())
    out += fmt::format("setpoints   fixed where 0 or null: {}\n", CountsText(n.fixed_setpoints));
  if (!n.nulls_to_zero.empty()) out += fmt::format("nulls to 0  {}\n", CountsText(n.nulls_to_zero));
  if (!n.computed.empty()) out += fmt::format("computed    {}\n", JoinNames(n.computed));
  out += fmt::format("train       {} rows of {} columns\nvalid       {} rows\n", set.train.rows(),
                     set.train.columns(), set.valid.rows());
  if (set.labelled) {
    out += set.smote_applied ? fmt::format("train_smote {} rows, {} of them synthetic\n",
                                           set.train_smote.rows(), set.train_smote.rows() - set.train.rows())
                             : fmt::format("train_smote SMOTE skipped: {}\n", set.smote_note);
  }
  for (const HorizonWindows& h : set.horizons) {
    out += fmt::format("windows_{:<4}{} to train, {} to judge\n", h.name, h.train.rows(), h.valid.rows());
  }
  for (const std::string& note : set.notes) out += fmt::format("note        {}\n", note);
  for (const std::string& run : outcome.unfinished) {
    out += fmt::format("unfinished  {}: its upload was cut, or is under way; delete it if none is\n", run);
  }
  return out + fmt::format("stored      {} (run {})\n", outcome.uri, outcome.run);
}

Json EtlReportJson(const EtlOutcome& outcome, const ToFrameReport& read) {
  const FeatureDataset& set = outcome.dataset;
  Json rows = {{"train", set.train.rows()}, {"valid", set.valid.rows()}};
  if (set.labelled) rows["train_smote"] = set.train_smote.rows();
  for (const HorizonWindows& h : set.horizons) {
    rows["windows_" + h.name] = h.train.rows();
    rows["windows_valid_" + h.name] = h.valid.rows();
  }
  return {{"uri", outcome.uri},
          {"run", outcome.run},
          {"plant", set.plant},
          {"digest", set.digest},
          {"labelled", set.labelled},
          {"input",
           {{"rows", read.rows},
            {"rows_without_time", read.unreadable_times},
            {"duplicate_times", read.duplicate_times},
            {"out_of_order", read.out_of_order},
            {"not_numbers", CountsJson(read.non_numeric)}}},
          {"normalised",
           {{"fixed_setpoints", CountsJson(outcome.normalised.fixed_setpoints)},
            {"nulls_to_zero", CountsJson(outcome.normalised.nulls_to_zero)},
            {"computed", outcome.normalised.computed}}},
          {"rows", rows},
          {"smote", {{"applied", set.smote_applied}, {"note", set.smote_note}}},
          {"notes", set.notes},
          {"unfinished", outcome.unfinished}};
}

}  // namespace forewarn
