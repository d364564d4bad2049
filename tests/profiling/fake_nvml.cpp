// Two GPUs as NVML would show them: the first knows everything, the second only its name.
#include <cstdio>

namespace {
char devices[2];
bool is_first(void* device) { return device == &devices[0]; }
constexpr int kNotSupported = 3;
}  // namespace

extern "C" {

struct FakeMemory {
  unsigned long long total, free, used;
};

int nvmlInit_v2() { return 0; }
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 2;
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = &devices[index];
  return 0;
}
int nvmlDeviceGetName(void* device, char* name, unsigned size) {
  std::snprintf(name, size, "%s", is_first(device) ? "Fast GPU" : "Silent GPU");
  return 0;
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  *milliwatts = 250'500;
  return is_first(device) ? 0 : kNotSupported;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  *millijoules = 7'000'000'250;
  return is_first(device) ? 0 : kNotSupported;
}
int nvmlDeviceGetClockInfo(void* device, int kind, unsigned* megahertz) {
  *megahertz = kind == 1 ? 1980 : kind == 2 ? 3201 : 0;
  return is_first(device) ? 0 : kNotSupported;
}
// the name before driver 535; the new one is missing here
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* bits) {
  *bits = 0x24;
  return is_first(device) ? 0 : kNotSupported;
}
int nvmlDeviceGetTemperature(void* device, int, unsigned* celsius) {
  *celsius = 61;
  return is_first(device) ? 0 : kNotSupported;
}
int nvmlDeviceGetMemoryInfo(void* device, FakeMemory* memory) {
  *memory = {100, 60, 40};
  return is_first(device) ? 0 : kNotSupported;
}
}
