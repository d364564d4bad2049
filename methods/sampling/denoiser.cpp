#include "methods/sampling/denoiser.h"

#include <nlohmann/json.hpp>

namespace diffbench {

nlohmann::json Denoiser::prepare(const PrepareRequest&, const nlohmann::json&) { return nlohmann::json::object(); }

}  // namespace diffbench
