#include "harness/measure/writer.h"

#include "harness/ranks/exchange.h"
#include "methods/config/input_error.h"

namespace diffbench::measure {

void Writer::open(const std::filesystem::path& file) {
  world_.together([&] {
    if (world_.rank() != 0) {
      return;
    }
    try {
      store_ = results::Store::open_or_create(file);
    } catch (const results::DatabaseError& error) {
      throw config::InputError(error.what());
    }
  });
}

void Writer::write(const std::function<void(results::Store&)>& work) {
  world_.together([&] {
    if (store_) write_here(work);
  });
}

void Writer::write_here(const std::function<void(results::Store&)>& work) {
  try {
    results::Transaction transaction(*store_);
    work(*store_);
    transaction.commit();
  } catch (const results::DatabaseError& error) {
    throw config::InputError(error.what());
  }
}

nlohmann::json Writer::read(const std::function<nlohmann::json(const results::Store&)>& work) const {
  nlohmann::json found;
  world_.together([&] {
    if (store_) {
      found = work(*store_);
    }
  });
  return ranks::share(world_, found);
}

}  // namespace diffbench::measure
