#pragma once
// Freed memory stays with the process, as a caching allocator does it on a GPU.
//
//   keep_freed_memory();  // once, at the start of a program
//
// By default glibc gives large blocks back to the system, and every evaluation faults its activations in again: up to a
// tenth of the time of a batch of 64, more or less of it as allocations happen to fall. That is noise between two equal
// repetitions, and it counts against whoever allocates more. Holds for the thread that starts the program, which runs
// the network; other threads have heaps of their own. Without glibc nothing changes.

namespace diffbench {

void keep_freed_memory();
bool keeps_freed_memory();  // true once that was asked for and done

}  // namespace diffbench
