#include "harness/measure/writer.h"

#include "harness/ranks/exchange.h"
#include "methods/config/input_error.h"

namespace diffbench::measure {
namespace {

void as_input_error(const std::function<void()>& work) {
  try {
    work();
  } catch (const results::DatabaseError& error) {
    throw config::InputError(error.what());
  }
}

}  // namespace

void Writer::open(const std::filesystem::path& file) {
  world_.together([&] {
    if (world_.rank() != 0) {
      return;
    }
    as_input_error([&] { store_ = results::Store::open_or_create(file); });
  });
}

void Writer::write(const std::function<void(results::Store&)>& work) {
  world_.together([&] {
    if (store_) write_here(work);
  });
}

void Writer::write_here(const std::function<void(results::Store&)>& work) {
  as_input_error([&] {
    results::Transaction transaction(*store_);
    work(*store_);
    transaction.commit();
  });
}

void Writer::with_store(const std::function<void(results::Store&)>& work) {
  world_.together([&] {
    if (store_) as_input_error([&] { work(*store_); });
  });
}

nlohmann::json Writer::read(const std::function<nlohmann::json(const results::Store&)>& work) const {
  nlohmann::json found;
  world_.together([&] {
    if (store_) as_input_error([&] { found = work(*store_); });
  });
  return ranks::share(world_, found);
}

}  // namespace diffbench::measure
