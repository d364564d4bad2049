#pragma once
// A diffbench that takes turns: started here, told what to do over a socket, and gone when the object is.
//
//   ChildProgram older({.program = "old/bin/diffbench", .suite = "smoke.toml", .database = "old.db", .ranks = 2});
//   older.ask({{"do", "measure"}, {"cell", 3}, {"round", 0}});
//   older.start_again();                             // another process, which goes on with the same run
//   const int exit_code = older.wait();
//
// Where the child is gone before its time, or answers with an error, ask() throws std::runtime_error.

#include <sys/types.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/ab/line_socket.h"

namespace diffbench::ab {

struct ChildOptions {
  std::string program{};
  std::string suite{};
  std::string database{};
  std::vector<std::string> more{};  // --only, --set
  int ranks = 1;
  int cores = 0;                               // bind a single rank to the first so many that we may use; 0: to none
  std::string launcher = "mpirun -n {ranks}";  // words before the program, for more than one rank
};

class ChildProgram {
 public:
  explicit ChildProgram(const ChildOptions& options);
  ~ChildProgram();
  ChildProgram(const ChildProgram&) = delete;  // owns a process
  ChildProgram& operator=(const ChildProgram&) = delete;

  nlohmann::json ask(const nlohmann::json& request);
  // Lets it leave with its rounds stored and starts it anew on them (`run --resume`).
  void start_again();
  int wait();  // its exit code; ends it if it does not end by itself

 private:
  void start(bool resumes);
  bool is_running();
  void stop();

  ChildOptions options_;
  LineServer server_;
  pid_t process_ = -1;
  std::unique_ptr<LineSocket> socket_;
  int exit_code_ = -1;
};

}  // namespace diffbench::ab
