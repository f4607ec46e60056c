// `forewarn models …`: the registry at the command line.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "clock.h"
#include "commands.h"
#include "core/names.h"
#include "core/plant_time.h"
#include "model/model_info.h"
#include "object_stores.h"
#include "pipeline/promotion.h"
#include "registry/artifact.h"
#include "registry/file_set.h"
#include "registry/registry.h"
#include "scoring_input.h"
#include "train/run_spec.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

struct ModelsFlags {
  std::string ref;
  int version = 0;
  std::string folder;
  std::string reason = "by hand";
  std::string name;
  std::string kind = "classifier";
};

Json VersionJson(const ModelVersion& v) {
  Json metrics = Json::object();
  for (const auto& [name, value] : v.metrics) metrics[name] = value;
  return {{"name", v.name},
          {"version", v.version},
          {"aliases", v.aliases},
          {"run_name", v.run_name},
          {"created", FormatIsoUtc(v.created_us)},
          {"skill", v.Skill()},
          {"metrics", metrics}};
}

// The figure a person looks at first, by what a kind of model has.
std::string MainMetric(const ModelVersion& v) {
  for (const char* name : {"f1_anomaly", "f1_macro", "mae", "n_components_90pct"}) {
    const auto it = v.metrics.find(name);
    if (it != v.metrics.end()) return fmt::format("{} {:.3f}", name, it->second);
  }
  return "";
}

Status ListModels(const Context& context) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, registry->Versions(""));
  Json list = Json::array();
  std::string text = fmt::format("{:<34} {:>7}  {:<10} {:<28} {:<20} {:<18} {}\n", "model", "version",
                                 "aliases", "run", "created", "skill", "metric");
  for (const ModelVersion& v : versions) {
    list.push_back(VersionJson(v));
    text += fmt::format("{:<34} {:>7}  {:<10} {:<28} {:<20.19} {:<18} {}\n", v.name, v.version,
                        JoinNames(v.aliases, ","), v.run_name, FormatIsoUtc(v.created_us), v.Skill(),
                        MainMetric(v));
  }
  if (versions.empty())
    context.Say(fmt::format("registry {} holds no model yet; run forewarn train", registry->Uri()));
  if (context.json) {
    context.PrintJson(list);
  } else if (!versions.empty()) {
    context.Print(text);
  }
  return Status::Ok();
}

Json EventJson(const PromotionEvent& event) {
  return {{"from", event.from},
          {"to", event.to},
          {"mode", event.mode},
          {"reason", event.reason},
          {"time", FormatIsoUtc(event.time_us)}};
}

// For a person: a line a field, objects with their names aligned below theirs.
std::string ShownText(const Json& shown, const std::vector<PromotionEvent>& events) {
  std::string text;
  for (const auto& [key, value] : shown.items()) {
    if (key == "promotions") continue;
    if (!value.is_object()) {
      text += fmt::format("{:<14} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
      continue;
    }
    text += key + "\n";
    size_t width = 0;
    for (const auto& [name, each] : value.items()) width = std::max(width, name.size());
    for (const auto& [name, each] : value.items()) {
      text += fmt::format("  {:<{}}  {}\n", name, width,
                          each.is_string() ? each.get<std::string>() : each.dump());
    }
  }
  if (!events.empty()) text += "promotions\n";
  for (const PromotionEvent& event : events) {
    text += fmt::format("  {:.19}  version {} after {}, {}: {}\n", FormatIsoUtc(event.time_us), event.to,
                        event.from == 0 ? "none" : std::to_string(event.from), event.mode, event.reason);
  }
  return text;
}

Status ShowModel(const Context& context, const ModelsFlags& flags) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const ModelVersion v, registry->Find(flags.ref));
  FW_ASSIGN_OR_RETURN(const Model model, LoadVersion(*registry, v));
  FW_ASSIGN_OR_RETURN(const std::vector<PromotionEvent> events, registry->Promotions(v.name));
  Json shown = VersionJson(v);
  shown["run_id"] = v.run_id;
  shown["digest"] = v.digest;
  shown["tags"] = v.tags;
  shown["kind"] = ModelKindName(model.info.kind);
  shown["threshold"] = model.info.threshold;
  shown["features"] = model.info.features;
  Json params = Json::object();
  for (const auto& [name, value] : model.info.params) params[name] = value;
  shown["params"] = params;
  shown["plant"] = model.info.plant;
  shown["data_digest"] = model.info.data_digest;
  shown["code_version"] = model.info.code_version;
  shown["notes"] = model.info.notes;
  shown["promotions"] = Json::array();
  for (const PromotionEvent& event : events) shown["promotions"].push_back(EventJson(event));
  if (context.json) {
    context.PrintJson(shown);
    return Status::Ok();
  }
  context.Print(ShownText(shown, events));
  return Status::Ok();
}

Status TellDecision(const Context& context, const PromotionDecision& d) {
  const std::string text =
      d.promoted ? fmt::format("{}: version {} is champion, before it {}; {}", d.name, d.challenger,
                               d.incumbent == 0 ? "none" : std::to_string(d.incumbent), d.reason)
                 : fmt::format("{}: nothing changed; {}", d.name, d.reason);
  context.Say(text);
  if (context.json) {
    context.PrintJson({{"name", d.name},
                       {"version", d.challenger},
                       {"previous", d.incumbent},
                       {"promoted", d.promoted},
                       {"reason", d.reason}});
  }
  return Status::Ok();
}

Status PromoteModel(const Context& context, const ModelsFlags& flags) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const PromotionDecision decision,
                      PromoteByHand(*registry, flags.ref, flags.version, flags.reason));
  return TellDecision(context, decision);
}

Status RollBackModel(const Context& context, const ModelsFlags& flags) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const PromotionDecision decision, RollBack(*registry, flags.ref));
  return TellDecision(context, decision);
}

Status ExportModel(const Context& context, const ModelsFlags& flags) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const ModelVersion v, registry->Find(flags.ref));
  FW_ASSIGN_OR_RETURN(const FileSet files, registry->Files(v));
  FW_RETURN_IF_ERROR(UnpackModel(files).status().WithPrefix(ModelRefText(v.name, v.version)));
  FW_RETURN_IF_ERROR(WriteFileSet(flags.folder, files));
  context.Say(fmt::format("{} written to {}", ModelRefText(v.name, v.version), flags.folder));
  if (context.json) context.PrintJson({{"name", v.name}, {"version", v.version}, {"folder", flags.folder}});
  return Status::Ok();
}

// Under which names a model of this run goes: those of the run table, or --name.
Result<std::vector<std::string>> ImportNames(const Context& context, const ModelsFlags& flags,
                                             const std::string& run) {
  if (!flags.name.empty()) return std::vector<std::string>{flags.name};
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  for (const RunSpec& spec : AllRuns(plant)) {
    if (spec.name == run) return spec.registered;
  }
  return Status::Usage(
      fmt::format("the model's run '{}' is none of plant '{}'; say --name NAME", run, plant.name));
}

Status ImportModel(const Context& context, const ModelsFlags& flags) {
  FW_ASSIGN_OR_RETURN(FileSet files, ReadFileSet(flags.folder));
  Model model;
  if (files.count(kInfoFile) == 0 && files.count(kModelManifestFile) == 0) {
    FW_ASSIGN_OR_RETURN(const ModelKind kind, ParseModelKind(flags.kind));
    FW_ASSIGN_OR_RETURN(model, AdoptForeign(files, kind, "imported"));
    FW_ASSIGN_OR_RETURN(files, PackModel(model, files.at(kOnnxFile)));
  } else {
    Result<Model> loaded = UnpackModel(files);
    if (!loaded.ok()) return loaded.status().WithPrefix(flags.folder);
    model = std::move(*loaded);
  }
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> names, ImportNames(context, flags, model.info.run));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  RunRecord run;
  run.name = model.info.run;
  run.metrics = {model.info.metrics.begin(), model.info.metrics.end()};
  run.tags = {{kSkillTag, model.info.skill}, {"imported", "true"}};
  run.started_us = run.ended_us = NowUtcMicroseconds();
  FW_ASSIGN_OR_RETURN(const std::string run_id, registry->LogRun(run));
  Json list = Json::array();
  for (const std::string& name : names) {
    FW_ASSIGN_OR_RETURN(const ModelVersion v,
                        registry->AddVersion({name, run_id, {{kSkillTag, model.info.skill}}, files}));
    context.Say(fmt::format("imported as {}", ModelRefText(v.name, v.version)));
    list.push_back({{"name", v.name}, {"version", v.version}});
  }
  if (context.json) context.PrintJson(list);
  return Status::Ok();
}

Status VerifyModels(const Context& context) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const VerifyReport report, registry->Verify());
  Json faults = Json::array();
  for (const RegistryFault& fault : report.faults) {
    context.Say(fmt::format("{}: {}", fault.model.empty() ? registry->Uri() : fault.model, fault.detail));
    faults.push_back({{"model", fault.model}, {"detail", fault.detail}});
  }
  if (context.json) context.PrintJson({{"versions", report.versions}, {"faults", faults}});
  if (report.faults.empty()) {
    context.Say(fmt::format("{} versions, every file as it was registered", report.versions));
    return Status::Ok();
  }
  return Status::Invalid(fmt::format("{} of {} versions have a fault; train or import them again",
                                     report.faults.size(), report.versions));
}

}  // namespace

void AddModelsCommand(CLI::App& app, const Context& context, Command& run) {
  auto* models =
      app.add_subcommand("models", "the registry: list, show, promote, export, rollback, import, verify");
  models->require_subcommand(1);
  const auto flags = std::make_shared<ModelsFlags>();
  const auto add = [&](const char* name, const char* help, auto function) {
    auto* command = models->add_subcommand(name, help);
    command->callback([&context, &run, flags, function] {
      run = [&context, flags, function] { return function(context, *flags); };
    });
    return command;
  };
  add("list", "every version", [](const Context& c, const ModelsFlags&) { return ListModels(c); });
  add("verify", "every version's files against their digests",
      [](const Context& c, const ModelsFlags&) { return VerifyModels(c); });
  const char* ref_help = "NAME, NAME@alias or NAME:version";
  add("show", "one version", ShowModel)->add_option("MODEL", flags->ref, ref_help)->required();
  auto* promote = add("promote", "make a version the champion", PromoteModel);
  promote->add_option("NAME", flags->ref, "model")->required();
  promote->add_option("VERSION", flags->version, "its version")->required()->check(CLI::PositiveNumber);
  promote->add_option("--reason", flags->reason, "kept with the promotion");
  add("rollback", "back to the champion before", RollBackModel)
      ->add_option("NAME", flags->ref, "model")
      ->required();
  auto* exported = add("export", "copy a version to a new folder", ExportModel);
  exported->add_option("MODEL", flags->ref, ref_help)->required();
  exported->add_option("DIR", flags->folder, "folder to make")->required();
  auto* imported = add("import", "add a model folder as a new version", ImportModel);
  imported
      ->add_option("DIR", flags->folder, "exported folder, or one made elsewhere with MLmodel and model.onnx")
      ->required();
  imported->add_option("--name", flags->name, "register under this name; default those of its run");
  imported->add_option("--kind", flags->kind,
                       "of a model made elsewhere: classifier, isolation_forest, regime, …");
}

}  // namespace forewarn
