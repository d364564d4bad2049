#include "harness/ab/line_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace diffbench::ab {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("socket path too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

int make_socket() {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  return descriptor;
}

}  // namespace

LineSocket LineSocket::connect(const std::string& path) {
  LineSocket result(make_socket());
  const auto address = address_of(path);
  if (::connect(result.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    fail("cannot take turns at " + path);
  }
  return result;
}

LineSocket::LineSocket(LineSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), received_(std::move(other.received_)) {}

LineSocket::~LineSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LineSocket::send(const nlohmann::json& value) {
  const std::string line = value.dump() + "\n";
  for (size_t sent = 0; sent < line.size();) {
    const auto count = ::send(descriptor_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("the other program is gone");
    sent += static_cast<size_t>(count);
  }
}

nlohmann::json LineSocket::receive() {
  for (;;) {
    if (const auto end = received_.find('\n'); end != std::string::npos) {
      const std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return nlohmann::json::parse(line);
    }
    char buffer[4096];
    const auto count = ::recv(descriptor_, buffer, sizeof(buffer), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("the other program is gone");
    if (count == 0) throw std::runtime_error("the other program is gone");
    received_.append(buffer, static_cast<size_t>(count));
  }
}

LineServer::LineServer() {
  std::string form = (std::filesystem::temp_directory_path() / "diffbench-ab-XXXXXX").string();
  if (::mkdtemp(form.data()) == nullptr) fail(form);
  folder_ = form;
  descriptor_ = make_socket();
  const auto address = address_of(path());
  if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) fail(path());
  if (::listen(descriptor_, 1) != 0) fail(path());
}

LineServer::~LineServer() {
  if (descriptor_ >= 0) ::close(descriptor_);
  std::error_code none;
  std::filesystem::remove_all(folder_, none);
}

LineSocket LineServer::accept(double seconds, const std::function<bool()>& goes_on) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (goes_on() && std::chrono::steady_clock::now() < deadline) {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 100) > 0) {
      const int connected = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connected < 0) fail("accept");
      return LineSocket(connected);
    }
  }
  throw std::runtime_error("nobody came to take turns");
}

}  // namespace diffbench::ab
