#include "harness/ab/turns.h"

#include <optional>

#include "harness/ab/line_socket.h"
#include "harness/measure/check.h"
#include "harness/measure/preparation.h"
#include "harness/measure/round_timer.h"

namespace diffbench::ab {
namespace {

using measure::CellState;
using nlohmann::json;

class Turns {
 public:
  Turns(measure::Session& session, const std::string& socket) : session_(session) {
    session_.world.together([&] {
      if (session_.world.rank() == 0) socket_.emplace(LineSocket::connect(socket));
    });
  }

  void run() {
    for (;;) {
      const json request = next();
      const std::string what = request.at("do");
      json answer;
      try {
        answer = act(what, request);
      } catch (const std::exception& error) {
        if (socket_) socket_->send({{"error", error.what()}});
        throw;
      }
      if (socket_) socket_->send(answer);
      if (what == "finish" || what == "leave") return;
    }
  }

 private:
  // Rank 0 waits for its line; the others sleep meanwhile. A coordinator that is gone ends all of them.
  json next() {
    std::string text;
    std::string fault;
    if (socket_) {
      try {
        text = socket_->receive().dump();
      } catch (const std::exception& error) {
        fault = error.what();
      }
    }
    const json arrived = json::parse(session_.world.broadcast_sleeping(json{{"text", text}, {"fault", fault}}.dump()));
    session_.world.together([&] {
      if (const std::string gone = arrived.at("fault"); !gone.empty()) throw std::runtime_error(gone);
    });
    return json::parse(arrived.at("text").get<std::string>());
  }

  json act(const std::string& what, const json& request) {
    if (what == "begin") return begin();
    if (what == "store") {
      timer_->store_round();
      return json::object();
    }
    if (what == "leave") return json::object();
    if (what == "finish") return finish(request.at("reasons"));
    CellState& state = session_.cells.at(request.at("cell").get<size_t>());
    if (what == "warm") {
      if (state.is_alive()) timer_->warm(state);
      return outcome(state);
    }
    if (what == "measure") {
      const auto duration = timer_->measure(state, request.at("round"));
      json answer = outcome(state);
      if (duration) answer["duration_ns"] = *duration;
      answer["samples"] = state.cell.batch * session_.world.size();
      return answer;
    }
    throw std::runtime_error("no such turn: " + what);
  }

  json begin() {
    measure::prepare_cells(session_);
    measure::check_cells(session_);
    timer_.emplace(session_);
    json cells = json::array();
    for (const CellState& state : session_.cells) {
      json cell = outcome(state);
      cell["key"] = state.cell.key;
      cell["identity"] = state.identity;
      cell["group"] = state.cell.group;
      cell["method"] = state.cell.method;
      cell["label"] = state.cell.label;
      cell["baseline"] = state.cell.baseline ? json(*state.cell.baseline) : json();
      cells.push_back(std::move(cell));
    }
    return {{"version", kTurnsVersion}, {"seed", session_.suite.seed}, {"cells", cells}};
  }

  json finish(const json& reasons) {
    session_.writer.write([&](results::Store& store) {
      for (const auto& [cell, reason] : reasons.items()) {
        store.set_cell_stop(session_.cells.at(std::stoul(cell)).id, reason.get<std::string>());
      }
    });
    return {{"ok", session_.finish()}};
  }

  static json outcome(const CellState& state) { return {{"alive", state.is_alive()}, {"reason", state.reason}}; }

  measure::Session& session_;
  std::optional<LineSocket> socket_{};  // on rank 0
  std::optional<measure::RoundTimer> timer_{};
};

}  // namespace

void take_turns(measure::Session& session, const std::string& socket) { Turns(session, socket).run(); }

}  // namespace diffbench::ab
