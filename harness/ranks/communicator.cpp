#include "harness/ranks/communicator.h"

#include <cstring>
#include <string_view>

#include "harness/ranks/patience.h"
#include "methods/config/input_error.h"

namespace diffbench::ranks {
namespace {

constexpr std::string_view kKindLetters = "eis";  // by FailureKind

template <typename Container>
std::span<const std::byte> bytes_of(const Container& values) {
  return std::as_bytes(std::span(values.data(), values.size()));
}

template <typename Container>
Container from_bytes(std::span<const std::byte> bytes) {
  Container values(bytes.size() / sizeof(typename Container::value_type), {});
  if (!bytes.empty()) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
  }
  return values;
}

}  // namespace

std::string Communicator::broadcast(const std::string& text) const {
  const auto bytes = bytes_of(text);
  return from_bytes<std::string>(broadcast(Bytes(bytes.begin(), bytes.end())));
}

std::optional<Failure> Communicator::agree(const Failure& mine) const {
  // what is sent: one byte for the kind, then the text; nothing at all where all went well
  std::string report;
  if (!mine.message.empty()) {
    report = kKindLetters[static_cast<size_t>(mine.kind)] + mine.message;
  }
  std::string verdict;  // "<rank> <report>" of the lowest failing rank
  const auto reports = gather(bytes_of(report));
  for (size_t rank = 0; rank < reports.size() && verdict.empty(); ++rank) {
    if (!reports[rank].empty()) {
      verdict = std::to_string(rank) + " " + from_bytes<std::string>(reports[rank]);
    }
  }
  verdict = broadcast(verdict);
  if (verdict.empty()) {
    return std::nullopt;
  }
  const size_t space = verdict.find(' ');
  return Failure{.rank = std::stoi(verdict.substr(0, space)),
                 .kind = static_cast<FailureKind>(kKindLetters.find(verdict[space + 1])),
                 .message = verdict.substr(space + 2)};
}

void Communicator::together(const std::function<void()>& work) const {
  Failure mine;
  bool failed = true;
  try {
    work();
    failed = false;
  } catch (const AgreedError&) {
    throw;  // agreed inside `work`: every rank has it already
  } catch (const config::InputError& error) {
    mine = {.kind = FailureKind::kInput, .message = error.what()};
  } catch (const Stopped& request) {
    mine = {.kind = FailureKind::kStopped, .message = request.what()};
  } catch (const RankSilent&) {
    throw;  // no use in asking that rank
  } catch (const std::exception& error) {
    mine = {.message = error.what()};
  }
  if (failed && mine.message.empty()) {
    mine.message = "failed without a message";  // an empty one would mean success
  }
  if (auto failure = agree(mine)) {
    throw AgreedError(std::move(*failure));
  }
}

}  // namespace diffbench::ranks
