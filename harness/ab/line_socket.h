#pragma once
// A connection between two processes of one machine that carries JSON values, one per line.
//
//   LineServer server;                               // a socket in a folder of its own, gone with the object
//   start_program(server.path());
//   LineSocket child = server.accept(60.0, [] { return is_running(); });
//   child.send({{"do", "measure"}, {"cell", 3}});
//   const nlohmann::json answer = child.receive();   // waits; throws where the other side is gone
//
// Errors are std::runtime_error. Not thread-safe.

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace diffbench::ab {

class LineSocket {
 public:
  static LineSocket connect(const std::string& path);
  explicit LineSocket(int descriptor) : descriptor_(descriptor) {}
  LineSocket(LineSocket&& other) noexcept;
  LineSocket& operator=(LineSocket&&) = delete;
  LineSocket(const LineSocket&) = delete;
  ~LineSocket();

  void send(const nlohmann::json& value);
  nlohmann::json receive();

 private:
  int descriptor_ = -1;
  std::string received_{};  // beyond the last whole line
};

class LineServer {
 public:
  LineServer();
  ~LineServer();
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

  std::string path() const { return (folder_ / "turns").string(); }
  // Waits until somebody connects; `goes_on` is asked ten times a second and ends the waiting with an error.
  LineSocket accept(double seconds, const std::function<bool()>& goes_on);

 private:
  std::filesystem::path folder_;  // readable for the user alone
  int descriptor_ = -1;
};

}  // namespace diffbench::ab
