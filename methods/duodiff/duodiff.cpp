// DuoDiff: a shallow network of its own for the noisy steps, the deep one after; and T-Stitch, which does the same with
// two networks trained apart. Which one runs depends on each row's t.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <tuple>

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

  // either network sees the times on its side of the switch
  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override {
    auto decisions = nlohmann::json::object();
    for (const auto& [side, network, noisy] :
         {std::tuple("shallow", shallow_.get(), true), std::tuple("deep", deep_.get(), false)}) {
      PrepareRequest own{.rows = request.rows, .times = {}};
      std::copy_if(request.times.begin(), request.times.end(), std::back_inserter(own.times),
                   [&, noisy = noisy](double t) { return (t >= switch_t_) == noisy; });
      if (own.times.empty()) {
        continue;  // it will not run
      }
      const auto own_given = given.is_null() || !given.contains(side) ? nlohmann::json::object() : given.at(side);
      const auto inner = network->prepare(own, given.is_null() ? given : own_given);
      if (!inner.empty()) {
        decisions[side] = inner;
      }
    }
    return decisions;
  }
  void begin(const std::vector<int64_t>& samples) override {
    shallow_->begin(samples);
    deep_->begin(samples);
  }
  void end(const std::vector<int64_t>& samples) override {
    shallow_->end(samples);
    deep_->end(samples);
  }

  void couple_halves(bool coupled) override {
    shallow_->couple_halves(coupled);
    deep_->couple_halves(coupled);
  }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    const auto groups = split_rows(batch.t.size(), [&](size_t row) { return batch.t[row] >= switch_t_; });
    const auto eps = predict_in_groups(groups, batch, [&](size_t group, const Batch& own) {
      return (group == 0 ? shallow_ : deep_)->predict(own, trace);
    });
    trace.t = batch.t.front();
    return eps;
  }

 private:
  std::unique_ptr<Denoiser> shallow_;
  std::unique_ptr<Denoiser> deep_;
  double switch_t_;
};

// the method inside one of the networks, resolved
struct Side {
  std::string method;
  nlohmann::json params;
  MethodContext context;

  // what the network gives, not eps: make_method converts once, around both
  std::unique_ptr<Denoiser> make() const { return find_method(method, context.where).make(params, context); }
  std::vector<PlannedDepth> planned_depths() const {
    return find_method(method, context.where).planned_depths(params, context);
  }
};

std::string method_of(const nlohmann::json& params, const std::string& side) { return params.at(side + "_method"); }

nlohmann::json params_of(const nlohmann::json& params, const std::string& side, const std::string& where) {
  return resolve_method_params(method_of(params, side), params.at(side + "_params"), where + ": " + side);
}

Side side_of(const nlohmann::json& params, const std::string& side, std::shared_ptr<Model> model,
             const MethodContext& context) {
  MethodContext own = context;
  own.model = std::move(model);
  own.where = context.where + ": " + side;
  own.conditions = context.conditions + ", inside duodiff";  // its trajectories are not those of the model alone
  if (context.record) {
    own.record = [record = context.record, side](FileRecord file) {
      file.role = side + " " + file.role;
      record(file);
    };
  }
  check_inner_method("duodiff", method_of(params, side), context.where + ": " + side + "_method");
  return {method_of(params, side), params_of(params, side, context.where), std::move(own)};
}

std::shared_ptr<Model> load_shallow(const nlohmann::json& params, const MethodContext& context) {
  const auto shallow_name = params.at("shallow").get<std::string>();
  const auto beside = std::filesystem::path(context.model->file).parent_path() / "shallow";
  auto shallow_model = context.load(shallow_name.empty() ? beside.string() : shallow_name);
  const auto& deep = context.model->network;
  const auto& shallow = shallow_model->network;
  if (shallow.channels != deep.channels || shallow.image_size != deep.image_size || shallow.classes != deep.classes ||
      shallow.null_label != deep.null_label || shallow.learned_sigma != deep.learned_sigma ||
      shallow.prediction != deep.prediction) {
    throw config::InputError(context.where + ": shallow: '" + shallow_model->name + "' and '" + context.model->name +
                             "' differ in image shape, classes, null_label, learned_sigma or prediction");
  }
  return shallow_model;
}

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto shallow = side_of(params, "shallow", load_shallow(params, context), context);
  if (shallow.context.record) {
    for (const auto& file : shallow.context.model->files) {
      shallow.context.record(file);
    }
  }
  return std::make_unique<DuoDiff>(shallow.make(), side_of(params, "deep", context.model, context).make(),
                                   params.at("switch_t").get<double>());
}

Decides decides(const nlohmann::json& params) {
  const auto inside = [&](const std::string& side) {
    return find_method(method_of(params, side), "duodiff").decides(params_of(params, side, "duodiff"));
  };
  return std::max(inside("shallow"), inside("deep"));
}

std::vector<PlannedDepth> planned_depths(const nlohmann::json& params, const MethodContext& context) {
  const auto deep = side_of(params, "deep", context.model, context).planned_depths();
  const auto shallow = side_of(params, "shallow", load_shallow(params, context), context).planned_depths();
  if (deep.empty() || shallow.empty()) {
    return {};
  }
  const double switch_t = params.at("switch_t");
  std::vector<PlannedDepth> planned;
  const auto add = [&](const PlannedDepth& bin, double from, double to) {
    if (from < to) {
      planned.push_back({from, to, bin.blocks});
    }
  };
  for (const auto& bin : deep) {
    add(bin, bin.from_t, std::min(bin.to_t, switch_t));
  }
  for (const auto& bin : shallow) {
    add(bin, std::max(bin.from_t, switch_t), bin.to_t);
  }
  return planned;
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {
      .name = "duodiff",
      .summary = "a shallow network while t >= switch_t, the deep one after; any method inside either",
      .source = "DuoDiff: arXiv 2410.09633; with two unrelated networks, T-Stitch: arXiv 2402.14167",
      .needs = "a shallow network for the same images",
      .inner_methods = {"shallow_method", "deep_method"},
      .knob = "switch_t",
      .knob_text = "t≥{}",
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
                  .type = ParamType::kTable,
                  .default_value = nlohmann::json::object(),
                  .description = "its parameters"},
                 {.name = "deep_method",
                  .type = ParamType::kString,
                  .default_value = "full",
                  .description = "method inside the deep network"},
                 {.name = "deep_params",
                  .type = ParamType::kTable,
                  .default_value = nlohmann::json::object(),
                  .description = "its parameters"}},
      .make = make,
      .never_skip = [](nlohmann::json params, const Model& model) -> std::optional<nlohmann::json> {
        if (params.value("deep_method", "full") != "full") {
          const auto& inner = find_method(params["deep_method"], "deep_method");
          const auto given = config::table_of(params.value("deep_params", nlohmann::json::object()));
          const auto never = inner.never_skip(given.value_or(nlohmann::json::object()), model);
          if (!never) {
            return std::nullopt;
          }
          params["deep_params"] = *never;
        }
        params["switch_t"] = 1e9;  // later than any time
        return params;
      },
      .decides = decides,
      .planned_depths = planned_depths,
  };
}

}  // namespace diffbench::methods::duodiff
