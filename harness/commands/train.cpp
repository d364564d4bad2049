#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "harness/commands/commands.h"
#include "methods/config/input_error.h"
#include "methods/config/paths.h"
#include "methods/training/trainer.h"

namespace diffbench::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string recipe;
  training::RecipeOverrides overrides;
  std::string state_dir;
  int threads = 0;
  bool json = false;
};

// .train/<folder>_<recipe> under the working folder: the same recipe finds its state again
fs::path default_state_dir(const fs::path& recipe) {
  const auto absolute = fs::absolute(recipe).lexically_normal();
  return fs::path(".train") / (absolute.parent_path().filename().string() + "_" + absolute.stem().string());
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

void show(const training::Progress& p) {
  spdlog::info("step {}/{}  loss {:.4f}  lr {:.2e}  {:.0f} images/s  {} left", p.step, p.steps, p.loss, p.learning_rate,
               p.images_per_s, duration_text(p.seconds_left));
}

std::string learn(const training::Recipe& recipe, training::Task& task, const Options& options) {
  const fs::path state = options.state_dir.empty() ? default_state_dir(options.recipe) : fs::path(options.state_dir);
  training::Trainer trainer(recipe, task, state);
  trainer.run(show);
  trainer.use_averaged_weights();
  auto message = task.finish();
  const auto log = recipe.output / (fs::path(options.recipe).stem().string() + ".log.csv");
  fs::copy_file(state / "log.csv", log.string() + ".tmp", fs::copy_options::overwrite_existing);
  fs::rename(log.string() + ".tmp", log);
  return message;
}

void train(const Options& options) {
  if (options.threads > 0) {
    at::set_num_threads(options.threads);
  }
  const auto recipe = training::read_recipe(options.recipe, options.overrides);
  const auto& entry = training::find_task(recipe);
  const auto message = entry.measure ? entry.measure(recipe, show) : learn(recipe, *entry.make(recipe), options);
  if (options.json) {
    std::cout << nlohmann::json{{"message", message}, {"output", recipe.output}, {"steps", recipe.steps}} << "\n";
  } else {
    spdlog::info("{}", message);
  }
}

}  // namespace

void add_train(Command program, int&) {
  const Command command =
      program.add_subcommand("train", "makes a checkpoint from a recipe; goes on where a killed run stopped");
  auto options = std::make_shared<Options>();
  command.add_option("recipe", options->recipe, "TOML file (methods/training/README.md)").required();
  command.add_option("--data", options->overrides.data_dir, "folder of the data set");
  command.add_option("--device", options->overrides.device, "auto | cpu | cuda | cuda:N");
  command.add_option("--out", options->overrides.output, "folder for the result (default: the recipe's)");
  command.add_option("--state", options->state_dir, "folder for the resumable state (default: .train/<recipe>)");
  command.add_option("--threads", options->threads, "CPU threads (default: all)").at_least(1);
  command.add_flag("--json", options->json, "one JSON document on stdout");
  command.footer("Example: diffbench train methods/zoo/fashion_mnist/recipe.toml");
  command.callback([options] { train(*options); });
}

}  // namespace diffbench::commands
