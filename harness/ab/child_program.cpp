#include "harness/ab/child_program.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "harness/environment/usable_cores.h"
#include "methods/config/input_error.h"

extern char** environ;

namespace diffbench::ab {
namespace {

constexpr double kPatienceSeconds = 1800;  // for preparation and checks of a large suite

// What a launcher around us left in the environment would make the child's own launcher a part of that job.
bool is_launchers(std::string_view variable) {
  constexpr std::string_view kPrefixes[] = {"OMPI_COMM_WORLD_",
                                            "OMPI_UNIVERSE_SIZE",
                                            "OMPI_APP_CTX",
                                            "OMPI_FIRST_RANKS",
                                            "OMPI_ARGV",
                                            "OMPI_COMMAND",
                                            "OMPI_NUM_APP_CTX",
                                            "OMPI_FILE_LOCATION",
                                            "OMPI_MCA_orte_",
                                            "OMPI_MCA_ess",
                                            "OMPI_MCA_pmix",
                                            "OMPI_MCA_shmem_",
                                            "OMPI_MCA_initial_wdir",
                                            "PMIX_",
                                            "PMI_"};
  for (const auto prefix : kPrefixes) {
    if (variable.starts_with(prefix)) return true;
  }
  return false;
}

std::vector<std::string> clean_environment() {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!is_launchers(*entry)) result.emplace_back(*entry);
  }
  return result;
}

std::vector<std::string> words_of(const ChildOptions& options, const std::string& socket, bool resumes) {
  std::vector<std::string> words;
  if (options.ranks > 1) {
    std::istringstream launcher(options.launcher);
    for (std::string word; launcher >> word;) {
      if (const auto place = word.find("{ranks}"); place != std::string::npos) {
        word.replace(place, std::strlen("{ranks}"), std::to_string(options.ranks));
      }
      words.push_back(word);
    }
  }
  for (const auto& word : {options.program, std::string("run"), options.suite, std::string("--db"), options.database,
                           std::string("--turns"), socket}) {
    words.push_back(word);
  }
  if (resumes) words.emplace_back("--resume");
  words.insert(words.end(), options.more.begin(), options.more.end());
  return words;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Two programs that share their cores share what happens to these: the cores of a virtual machine are not alike, and
// each changes its speed by half when a neighbour comes or goes.
cpu_set_t first_cores(int count) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (const int core : environment::allowed_cores()) {
    if (CPU_COUNT(&cores) < count) CPU_SET(core, &cores);
  }
  return cores;
}

// In a process group of its own, so that a launcher and its ranks end together, and ended where this process is gone.
// More ranks than one are on all cores, whatever we were bound to: binding is for their launcher.
pid_t start_process(std::vector<std::string> words, int core_count) {
  auto environment = clean_environment();
  const auto argv = pointers(words);
  const auto envp = pointers(environment);
  cpu_set_t cores;
  std::memset(&cores, 0xff, sizeof(cores));
  if (core_count > 0) cores = first_cores(core_count);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (child > 0) return child;
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  ::sched_setaffinity(0, sizeof(cores), &cores);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);  // stdout belongs to the answer of `ab`
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::execvpe(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

}  // namespace

ChildProgram::ChildProgram(const ChildOptions& options) : options_(options) { start(false); }

void ChildProgram::start(bool resumes) {
  process_ = start_process(words_of(options_, server_.path(), resumes), options_.ranks == 1 ? options_.cores : 0);
  try {
    socket_ = std::make_unique<LineSocket>(server_.accept(kPatienceSeconds, [&] { return is_running(); }));
  } catch (...) {
    stop();
    const std::string& name = options_.program;
    if (exit_code_ == 2) {
      throw config::InputError(name + ": refused this suite, or is too old to take turns; it has said what is wrong");
    }
    const std::string end = name + ": ended with exit code " + std::to_string(exit_code_) + " before its first turn";
    if (exit_code_ < 128 && !resumes) throw config::InputError(end);  // no diffbench
    throw std::runtime_error(end);
  }
}

void ChildProgram::start_again() {
  ask({{"do", "leave"}});
  wait();
  start(true);
}

ChildProgram::~ChildProgram() { stop(); }

nlohmann::json ChildProgram::ask(const nlohmann::json& request) {
  nlohmann::json answer;
  try {
    socket_->send(request);
    answer = socket_->receive();
  } catch (const std::exception& error) {
    throw std::runtime_error(options_.program + ": " + error.what());
  }
  if (answer.contains("error")) {
    throw std::runtime_error(options_.program + ": " + answer.at("error").get<std::string>());
  }
  return answer;
}

bool ChildProgram::is_running() {
  if (process_ < 0) return false;
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) == 0) return true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  process_ = -1;
  return false;
}

int ChildProgram::wait() {
  constexpr int kTenths = 600;
  for (int i = 0; i < kTenths && is_running(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  stop();
  return exit_code_;
}

void ChildProgram::stop() {
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (!is_running()) return;
    ::kill(-process_, signal);
    for (int i = 0; i < 50 && is_running(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace diffbench::ab
