// DuoDiff: a shallow network of its own for the noisy steps, the deep one after; and T-Stitch, which does the same with
// two networks trained apart. Which one runs depends on each row's t.
#include <filesystem>

#include "methods/config/input_error.h"
#include "methods/method.h"
#include "methods/registry.h"
#include "methods/sampling/row_groups.h"

namespace diffbench::methods::duodiff {
namespace {

class DuoDiff : public Denoiser {
 public:
  DuoDiff(std::unique_ptr<Denoiser> shallow, std::unique_ptr<Denoiser> deep, double switch_t)
      : shallow_(std::move(shallow)), deep_(std::move(deep)), switch_t_(switch_t) {}

  void begin(const std::vector<int64_t>& samples) override {
    shallow_->begin(samples);
    deep_->begin(samples);
  }

  void couple_halves(bool coupled) override {
    shallow_->couple_halves(coupled);
    deep_->couple_halves(coupled);
  }

  at::Tensor predict(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels,
                     EvaluationTrace& trace) override {
    const auto eps =
        predict_in_groups(split_rows(t.size(), [&](size_t row) { return t[row] >= switch_t_; }), {x, t, labels},
                          [&](size_t group, const Batch& own) {
                            return (group == 0 ? shallow_ : deep_)->predict(own.x, own.t, own.labels, trace);
                          });
    trace.t = t.front();
    return eps;
  }

 private:
  std::unique_ptr<Denoiser> shallow_;
  std::unique_ptr<Denoiser> deep_;
  double switch_t_;
};

// "shallow_params" and the like: a JSON object in a string, so that a suite line and a flag say it alike
nlohmann::json inner_params(const nlohmann::json& params, const char* key, const std::string& where) {
  const auto text = params.at(key).get<std::string>();
  auto inner = nlohmann::json::parse(text.empty() ? "{}" : text, nullptr, false);
  if (!inner.is_object()) {
    throw config::InputError(where + ": " + key + ": must be a JSON object in a string, such as '{\"exit\": 3}'");
  }
  return inner;
}

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto shallow_name = params.at("shallow").get<std::string>();
  const auto beside = std::filesystem::path(context.model->file).parent_path() / "shallow";
  const auto shallow_model = context.load(shallow_name.empty() ? beside.string() : shallow_name);
  const auto& deep = context.model->network;
  const auto& shallow = shallow_model->network;
  if (shallow.channels != deep.channels || shallow.image_size != deep.image_size || shallow.classes != deep.classes ||
      shallow.learned_sigma != deep.learned_sigma) {
    throw config::InputError(context.where + ": shallow: '" + shallow_model->name + "' and '" + context.model->name +
                             "' differ in image shape, classes or learned_sigma");
  }
  const auto inner = [&](const std::string& side, std::shared_ptr<Model> model) {
    MethodContext own = context;
    own.model = std::move(model);
    own.where = context.where + ": " + side;
    own.conditions = context.conditions + ", inside duodiff";  // its trajectories are not those of the model alone
    return make_method(params.at(side + "_method").get<std::string>(),
                       inner_params(params, (side + "_params").c_str(), context.where), own);
  };
  return std::make_unique<DuoDiff>(inner("shallow", shallow_model), inner("deep", context.model),
                                   params.at("switch_t").get<double>());
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {
      .name = "duodiff",
      .summary = "a shallow network while t >= switch_t, the deep one after; any method inside either",
      .source = "DuoDiff: arXiv 2410.09633; with two unrelated networks, T-Stitch: arXiv 2402.14167",
      .needs = "a shallow network for the same images",
      .composes_with =
          "any method in either network, given by shallow_method and deep_method; unrelated networks (T-Stitch)",
      .params = {{.name = "switch_t",
                  .type = ParamType::kNumber,
                  .default_value = 700.0,
                  .description = "model time (index units) from which on the shallow network runs",
                  .minimum = 0.0},
                 {.name = "shallow",
                  .type = ParamType::kString,
                  .default_value = "",
                  .description = "the shallow model; empty: 'shallow' in the deep model's folder"},
                 {.name = "shallow_method",
                  .type = ParamType::kString,
                  .default_value = "full",
                  .description = "method inside the shallow network"},
                 {.name = "shallow_params",
                  .type = ParamType::kString,
                  .default_value = "",
                  .description = "its parameters, a JSON object in a string"},
                 {.name = "deep_method",
                  .type = ParamType::kString,
                  .default_value = "full",
                  .description = "method inside the deep network"},
                 {.name = "deep_params",
                  .type = ParamType::kString,
                  .default_value = "",
                  .description = "its parameters, a JSON object in a string"}},
      .make = make,
      .never_skip = [](nlohmann::json params, const Model& model) -> std::optional<nlohmann::json> {
        if (params.value("deep_method", "full") != "full") {
          const auto& inner = find_method(params["deep_method"], "deep_method");
          const auto text = params.value("deep_params", "");
          const auto never = inner.never_skip(nlohmann::json::parse(text.empty() ? "{}" : text), model);
          if (!never) {
            return std::nullopt;
          }
          params["deep_params"] = never->dump();
        }
        params["switch_t"] = 1e9;  // later than any time
        return params;
      },
  };
}

}  // namespace diffbench::methods::duodiff
