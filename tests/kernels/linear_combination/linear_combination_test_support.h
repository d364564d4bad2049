#pragma once
// Updates with known answers, for the tests of every version of linear_combination.
//
//   Update<float> update = random_update<float>(3, 2, 64, 784, /*per_row=*/true);
//   const auto expected = run(linear_combination_reference<float>, update);  // `update` itself stays as it is

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/linear_combination/linear_combination.h"

namespace diffbench::kernels {

template <typename T>
using Arrays = std::vector<std::vector<T>>;

template <typename T>
struct Update {
  Arrays<T> sources;
  std::vector<double> table;  // one table, or one per row
  int output_count;
  int64_t rows;
  int64_t row_elements;
  int in_place = 0;  // output o is source o for the first so many
  bool per_row = false;
};

// values and coefficients in [-1, 1]; about every fourth coefficient is zero
template <typename T>
Update<T> random_update(int sources, int outputs, int64_t rows, int64_t elements, bool per_row, int in_place = 0) {
  std::mt19937_64 generator(static_cast<uint64_t>(sources * 100 + outputs));
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  Update<T> update{{}, {}, outputs, rows, elements, in_place, per_row};
  for (int k = 0; k < sources; ++k) {
    auto& source = update.sources.emplace_back(static_cast<size_t>(rows * elements));
    for (T& value : source) {
      value = static_cast<T>(uniform(generator));
    }
  }
  for (int64_t i = 0; i < (per_row ? rows : 1) * outputs * sources; ++i) {
    update.table.push_back(generator() % 4 == 0 ? 0.0 : uniform(generator));
  }
  return update;
}

template <typename T>
LinearCombinationArgs<T> arguments_of(const Update<T>& update, std::vector<T*> sources, std::vector<T*> outputs,
                                      const double* table) {
  const auto source_count = static_cast<int>(sources.size());
  LinearCombinationArgs<T> args{{}, {}, source_count, update.output_count, table, 0, update.rows, update.row_elements};
  args.coefficient_row_stride = update.per_row ? update.output_count * source_count : 0;
  for (size_t k = 0; k < sources.size(); ++k) {
    args.sources[k] = sources[k];
  }
  for (size_t o = 0; o < outputs.size(); ++o) {
    args.outputs[o] = static_cast<int>(o) < update.in_place ? sources[o] : outputs[o];
  }
  return args;
}

template <typename T>
Arrays<T> run(void (*kernel)(const LinearCombinationArgs<T>&), Update<T> update) {
  const size_t size = static_cast<size_t>(update.rows * update.row_elements);
  const auto output_count = static_cast<size_t>(update.output_count);
  Arrays<T> outputs(output_count, std::vector<T>(size, T{77}));
  std::vector<T*> source_pointers;
  std::vector<T*> output_pointers;
  for (auto& source : update.sources) {
    source_pointers.push_back(source.data());
  }
  for (auto& output : outputs) {
    output_pointers.push_back(output.data());
  }
  kernel(arguments_of(update, source_pointers, output_pointers, update.table.data()));
  for (size_t o = 0; o < static_cast<size_t>(update.in_place); ++o) {
    outputs[o] = update.sources[o];
  }
  return outputs;
}

}  // namespace diffbench::kernels
