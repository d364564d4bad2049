#include "methods/data/pth.h"

#include <gmock/gmock.h>

#include <set>

#include "methods/data/npz.h"
#include "methods/data/safetensors.h"
#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> names_of(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) {
    names.push_back(name);
  }
  return names;
}

TEST(Pth, ReadsEveryTypeInEveryPickleProtocol) {
  const NamedTensors expected = read_safetensors(golden("types.safetensors"));
  for (const char* name : {"types.pth", "types_protocol3.pth", "types_protocol4.pth", "types_protocol5.pth"}) {
    EXPECT_EQ(read_pth(golden(name)), expected) << name;
  }
}

TEST(Pth, ReadsViewsSharedStoragesAndParameters) {
  const NamedTensors expected = read_safetensors(golden("views.safetensors"));
  ASSERT_EQ(expected.size(), 8);
  EXPECT_EQ(read_pth(golden("views.pth")), expected);
}

TEST(Pth, ReadsUntypedStorages) {
  EXPECT_EQ(read_pth(golden("untyped.pth")), read_safetensors(golden("untyped.safetensors")));
}

TEST(Pth, PrefersEmaAndPassesOverNamespaceAndOptimizer) {
  const NamedTensors ema = read_pth(golden("training.pth"));
  EXPECT_EQ(ema, read_safetensors(golden("training.safetensors")));
  EXPECT_THAT(names_of(ema), ElementsAre("first.bias", "first.weight", "norm.bias", "norm.weight"));
  EXPECT_EQ(ema.at("norm.weight").as<float>()[0], 2.0F) << "the EMA is the model plus one";
}

TEST(Pth, TakesWrappersPrefixesOff) {
  const NamedTensors expected = read_safetensors(golden("wrapped.safetensors"));
  EXPECT_EQ(read_pth(golden("wrapped.pth")), expected);
  EXPECT_EQ(read_pth(golden("model_state_dict.pth")), expected);
  EXPECT_EQ(read_pth(golden("averaged.pth")), expected);
}

TEST(Pth, JoinsNestedContainersWithDots) {
  EXPECT_THAT(names_of(read_pth(golden("nested.pth"))), ElementsAre("decoder.0", "encoder.first.weight"));
}

TEST(Pth, ReadsNumpyArrays) {
  const NamedTensors expected = read_safetensors(golden("arrays.safetensors"));
  for (const char* name : {"arrays_protocol2.pth", "arrays_protocol3.pth", "arrays_protocol4.pth"}) {
    EXPECT_EQ(read_pth(golden(name)), expected) << name;
  }
  EXPECT_EQ(read_pth(golden("statistics.pt")), read_npz(golden("statistics.npz")));
}

TEST(Pth, WritesArraysThatItReads) {  // and torch.load of torch 2.11.0 with numpy 2.4.6
  const TemporaryFolder folder;
  const NamedTensors arrays = read_safetensors(golden("arrays.safetensors"));
  write_pth(folder / "a.pt", arrays);
  EXPECT_EQ(read_pth(folder / "a.pt"), arrays);
}

TEST(Pth, RefusesOtherFormats) {
  const auto error = [](const char* name) { return error_of([&] { read_pth(golden(name)); }); };
  EXPECT_THAT(error("legacy.pth"), HasSubstr("legacy.pth: not a zip archive; if PyTorch before 1.6 wrote it, save it "
                                             "again: torch.save(torch.load(F, map_location='cpu'), F)"));
  EXPECT_THAT(error("torchscript.pt"), HasSubstr("a TorchScript archive"));
  EXPECT_THAT(error("big_endian.pth"), HasSubstr("byte order is not little-endian"));
  EXPECT_THAT(error("arrays_stored.npz"), HasSubstr("0 entries data.pkl"));
}

TEST(Pth, SurvivesDamage) {
  for (const char* name : {"views.pth", "training.pth", "untyped.pth", "statistics.pt"}) {
    expect_robust(file_content(golden(name)), [](auto bytes) { parse_pth(bytes, "f"); });
  }
}

struct Hostile {
  const char* name;
  const char* message;
};

constexpr const char* kOutside = "tensor 'x' does not lie inside its storage";

constexpr Hostile kHostile[] = {
    {"os_system", "'posix.system', which is refused"},
    {"os_system_protocol0", "'os.system', which is refused"},
    {"os_system_inst", "'os.system', which is refused"},
    {"os_system_stack_global", "'os.system', which is refused"},
    {"os_system_obj", "'os.system', which is refused"},
    {"eval", "'__builtin__.eval', which is refused"},
    {"getattr", "'__builtin__.getattr', which is refused"},
    {"unknown_class", "'my.models.Secret', which is refused"},
    {"unreferenced", "'os.system', which is refused"},
    {"newline_global", "'o\\x0as.sys\\x0atm', which is refused"},
    {"extension", "opcode 130 is not supported"},
    {"attribute_of_allowed", "'torch._utils.sys.modules.os.syste', which is refused"},
    {"call_of_data", "a call of something that is not a global"},
    {"build_on_text", "attributes on something that is not an object"},
    {"outside_storage", kOutside},
    {"offset_outside", kOutside},
    {"negative_offset", kOutside},
    {"negative_stride", kOutside},
    {"negative_size", kOutside},
    {"overflowing_size", kOutside},
    {"overflowing_stride", kOutside},
    {"rank_mismatch", kOutside},
    {"huge_number", "tensor 'x' is damaged: a number is missing"},
    {"view_bomb", "need more memory than a file of"},
    {"many_views", "need more memory than a file of"},
    {"huge_storage", "needs a storage of 4398046511104 bytes, the file holds 16"},
    {"wrong_storage_size", "needs a storage of 20 bytes, the file holds 16"},
    {"missing_storage", "no entry 'archive/data/7'"},
    {"storage_outside", "no entry 'archive/data/../data.pkl'"},
    {"complex", "'torch.ComplexFloatStorage', which is refused"},
    {"few_arguments", "an argument is missing"},
    {"no_storage", "it has no storage"},
    {"negated", "lazy conjugation or negation"},
    {"deep_nesting", "nested too deeply"},
    {"deep_lists", "nested too deeply"},
    {"cycle", "nested too deeply"},
    {"laughs", "too large or nested too deeply"},
    {"repeated_arguments", "elements together"},
    {"no_stop", "truncated"},
    {"empty_stack", "the stack is empty"},
    {"unset_memo", "memo 5 was never set"},
    {"no_mark", "no mark"},
    {"unknown_opcode", "opcode 255 is not supported"},
    {"odd_dict", "elements for something that cannot hold them"},
    {"text_too_long", "truncated"},
    {"text_far_too_long", "truncated"},
    {"no_tensors", "holds no tensors"},
    {"single_tensor", "holds one tensor without a name"},
    {"same_name", "two tensors have the name 'a.b'"},
    {"empty_pickle", "truncated"},
    {"packed_bomb", "claims more bytes than the file can hold"},
    {"no_pickle", "0 entries data.pkl"},
    {"array_of_objects", "object arrays hold pickles and are refused"},
    {"array_big_endian", "numpy type '>f4' is not supported (big-endian)"},
    {"array_never_set", "'x': not a numpy array of plain numbers"},
    {"array_without_bytes", "says [3] of type F32, but 4 bytes follow"},
    {"array_of_nothing", "tensor 'x' has no valid shape"},
    {"array_not_latin", "'x': not a numpy array of plain numbers"},
    {"array_bomb", "need more memory than a file of"},
};

TEST(Pth, RefusesHostileFiles) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(golden("hostile"))) {
    if (entry.path().extension() == ".pth") {
      files.insert(entry.path().stem());
    }
  }
  for (const auto& [name, message] : kHostile) {
    const auto path = golden("hostile/" + std::string(name) + ".pth");
    const std::string error = error_of([&] { read_pth(path); });
    EXPECT_THAT(error, StartsWith(path.string() + ": ")) << name;
    EXPECT_THAT(error, HasSubstr(message)) << name;
    files.erase(name);
  }
  EXPECT_TRUE(files.empty()) << *files.begin() << ".pth stands in no line of kHostile";
}

}  // namespace
}  // namespace diffbench::data
