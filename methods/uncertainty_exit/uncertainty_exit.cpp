// Exits where a trained gate says that the error of leaving is small.
#include <filesystem>

#include "methods/config/input_error.h"
#include "methods/config/paths.h"
#include "methods/data/sha256.h"
#include "methods/exits/early_exit_denoiser.h"
#include "methods/uncertainty_exit/published_gates.h"
#include "methods/uncertainty_exit/token_gates.h"
#include "methods/uncertainty_exit/uncertainty_method.h"

namespace diffbench::methods::uncertainty_exit {
namespace {

namespace fs = std::filesystem;

Granularity granularity_of(const std::string& name) {
  return name == "row"          ? Granularity::kRow
         : name == "batch_mean" ? Granularity::kBatchMean
         : name == "batch_all"  ? Granularity::kBatchAll
                                : Granularity::kBatchAny;
}

fs::path heads_folder(const nlohmann::json& params, const Model& model, const fs::path& folder) {
  const auto named = params.at("heads").get<std::string>();
  if (named.empty()) {
    return fs::path(model.file).parent_path() / "uncertainty";
  }
  const auto found = config::found_from(folder, named);
  return fs::is_directory(found) ? found : config::zoo_path(named);
}

// the gates that came with the network are its own, unless others are named
bool are_published(const nlohmann::json& params, const Model& model) {
  return !model.gates.empty() && params.at("heads").get<std::string>().empty();
}

std::unique_ptr<ExitGates> make_gates(const nlohmann::json& params, const MethodContext& context) {
  if (are_published(params, *context.model)) {
    return published_gates(*context.model);
  }
  const auto folder = heads_folder(params, *context.model, context.folder);
  auto heads = read_heads(folder, *context.model, context.where + ": heads");
  context.report("gates", folder / "heads.toml");
  context.report("gate weights", folder / "heads.safetensors");
  return std::make_unique<TokenGates>(std::move(heads), *context.model);
}

}  // namespace

std::vector<config::ParamSpec> gate_params() {
  using config::ParamType;
  return {
      {.name = "heads",
       .type = ParamType::kString,
       .default_value = "",
       .description =
           "folder with heads.toml, or its name in the zoo; empty: the gates in the model's weights file where "
           "model.toml names them, else 'uncertainty' in the model's folder"},
      {.name = "granularity",
       .type = ParamType::kString,
       .default_value = "row",
       .description = "who leaves together: each row by its own u, or the batch by mean, when all or when any would",
       .choices = {"row", "batch_mean", "batch_all", "batch_any"}},
      {.name = "first_exit",
       .type = ParamType::kInteger,
       .default_value = 1,
       .description = "blocks that always run",
       .minimum = 1},
      {.name = "probe_every",
       .type = ParamType::kInteger,
       .default_value = 1,
       .description = "blocks between probes, the first of them after `first_exit` blocks",
       .minimum = 1},
      {.name = "patience",
       .type = ParamType::kInteger,
       .default_value = 1,
       .description = "probes below the threshold that an exit takes, in a row or not",
       .minimum = 1},
      {.name = "patience_until",
       .type = ParamType::kInteger,
       .default_value = 0,
       .description = "blocks among which patience counts, further exits taking one probe; 0: everywhere",
       .minimum = 0},
      {.name = "reads",
       .type = ParamType::kString,
       .default_value = "every_block",
       .description = "when the host learns of the gates: after every probed block, or once per evaluation, leaving "
                      "where the previous evaluation would have",
       .choices = {"every_block", "previous_evaluation"}},
      exits::compaction_param()};
}

std::string gates_fingerprint(const nlohmann::json& params, const Model& model, const fs::path& suite_folder) {
  if (are_published(params, model)) {
    return model.fingerprint;
  }
  const auto folder = heads_folder(params, model, suite_folder);
  return data::sha256(data::sha256_of_file(folder / "heads.toml") + data::sha256_of_file(folder / "heads.safetensors"));
}

std::unique_ptr<Denoiser> make_with_threshold(const nlohmann::json& params, double threshold,
                                              const MethodContext& context) {
  if (params.at("reads") != "every_block" && (params.at("granularity") != "row" || params.at("patience") != 1)) {
    throw config::InputError(context.where +
                             ": reads: previous_evaluation knows neither batches (granularity) nor patience");
  }
  if (params.at("first_exit").get<int>() >= context.model->network.backbone->block_count()) {
    throw config::InputError(context.where + ": first_exit: leaves no exit before the last of the " +
                             std::to_string(context.model->network.backbone->block_count()) + " blocks of '" +
                             context.model->name + "'");
  }
  const UncertaintySettings settings{
      .threshold = threshold,
      .granularity = granularity_of(params.at("granularity")),
      .first_exit = params.at("first_exit"),
      .probe_every = params.at("probe_every"),
      .patience = params.at("patience"),
      .patient_until = params.at("patience_until"),
      .reads = params.at("reads") == "every_block" ? Reads::kEveryBlock : Reads::kPreviousEvaluation};
  return std::make_unique<exits::EarlyExitDenoiser>(
      context.model->network.backbone,
      std::make_unique<UncertaintyPolicy>(make_gates(params, context), context.model->network.backbone->block_count(),
                                          settings),
      exits::compaction_of(params.at("compaction")));
}

MethodEntry entry() {
  auto params = gate_params();
  params.insert(params.begin(), {.name = "threshold",
                                 .type = config::ParamType::kNumber,
                                 .default_value = nullptr,
                                 .description = "leaves where the estimated error u is below it; 0: never",
                                 .minimum = 0.0,
                                 .maximum = 1.0});
  return {
      .name = "uncertainty_exit",
      .summary = "leaves after the first block whose gate, seeing tokens and t, estimates an error below a threshold",
      .source = "DeeDiff / AdaDiff: Tang et al., ECCV 2024, arXiv 2309.17074",
      .needs = "gates, and exit heads if wished (recipe with task = \"uncertainty\")",
      .knob = "threshold",
      .params = std::move(params),
      .make = [](const nlohmann::json& given,
                 const MethodContext& context) { return make_with_threshold(given, given.at("threshold"), context); },
      .never_skip =
          [](nlohmann::json given, const Model&) {
            given["threshold"] = 0.0;
            return std::optional(std::move(given));
          },
      .skipping =
          [](nlohmann::json given, const Model&) {
            given["threshold"] = 0.5;
            return given;
          },
      .decides =
          [](const nlohmann::json& given) {
            return given.at("granularity") == "row" ? Decides::kRow : Decides::kBatch;
          }};
}

}  // namespace diffbench::methods::uncertainty_exit
