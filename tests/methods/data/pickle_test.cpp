#include "methods/data/pickle.h"

#include <gmock/gmock.h>

#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::HasSubstr;

Pickle parse(std::string_view text) {
  return parse_pickle(bytes_of(text), "f", [](std::string_view name) { return name == "allowed.Name"; });
}

std::string error_for(std::string_view text) {
  return error_of([&] { parse(text); });
}

TEST(Pickle, ReadsPlainValuesOfTheTextProtocol) {
  // pickle.dumps([1, True, 2**70, 0.5, 'text', None, {'k': (1, 2)}], protocol=0)
  const Pickle pickle =
      parse("(lp0\nI1\naI01\naL1180591620717411303424L\naF0.5\naVtext\np1\naNa(dp2\nVk\np3\n(I1\nI2\ntp4\nsa.");
  const auto& items = pickle.root->items;
  ASSERT_EQ(pickle.root->kind, PickleKind::list);
  ASSERT_EQ(items.size(), 7);
  EXPECT_EQ(items[0]->integer, 1);
  EXPECT_EQ(items[1]->kind, PickleKind::boolean);
  EXPECT_EQ(items[1]->integer, 1);
  EXPECT_EQ(items[2]->kind, PickleKind::big_integer);
  EXPECT_EQ(items[3]->real, 0.5);
  EXPECT_TRUE(items[4]->is_text("text"));
  EXPECT_EQ(items[5]->kind, PickleKind::none);
  ASSERT_NE(items[6]->find("k"), nullptr);
  EXPECT_EQ(items[6]->find("k")->items[1]->integer, 2);
  EXPECT_EQ(items[6]->find("missing"), nullptr);
}

TEST(Pickle, ReadsIntegersOfEveryWidth) {
  const Pickle pickle =
      parse(std::string_view("(K\xffM\xff\xffJ\xfe\xff\xff\xff\x8a\x00\x8a\x01\x80\x8a\x02\xff\x00"
                             "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80t.",
                             32));
  std::vector<int64_t> values;
  for (const auto* item : pickle.root->items) {
    values.push_back(item->integer);
  }
  EXPECT_EQ(values, (std::vector<int64_t>{255, 65535, -2, 0, -128, 255, INT64_MIN}));
}

TEST(Pickle, KeepsCallsAsData) {
  const Pickle pickle = parse("callowed\nName\n(I1\nI2\ntR}b.");
  ASSERT_TRUE(pickle.root->is_call("allowed.Name"));
  EXPECT_EQ(pickle.root->items[1]->integer, 2);
}

TEST(Pickle, AlwaysUnderstandsOrderedDict) {
  const Pickle pickle = parse("ccollections\nOrderedDict\n(((Vk\nI7\ntltR.");
  ASSERT_NE(pickle.root->find("k"), nullptr);
  EXPECT_EQ(pickle.root->find("k")->integer, 7);
  EXPECT_THAT(error_for("ccollections\nOrderedDict\n((I1\nltR."), HasSubstr("something other than pairs"));
}

TEST(Pickle, RefusesEveryOtherGlobalByName) {
  EXPECT_EQ(error_for("cbuiltins\neval\n."),
            "f: the pickle refers to 'builtins.eval', which is refused: only tensors, containers and plain values are "
            "read");
  EXPECT_THAT(error_for("callowed\nName2\n."), HasSubstr("'allowed.Name2', which is refused"));
  EXPECT_THAT(error_for("callowed.Name\n\n."), HasSubstr("'allowed.Name.', which is refused"));
}

TEST(Pickle, RefusesNumbersThatAreNone) {
  EXPECT_THAT(error_for("Ix\n."), HasSubstr("not a number: 'x'"));
  EXPECT_THAT(error_for("I1 \n."), HasSubstr("not a number"));
  EXPECT_THAT(error_for("F1..\n."), HasSubstr("not a number"));
  EXPECT_THAT(error_for("g-1\n."), HasSubstr("not a memo index"));
  EXPECT_THAT(error_for("I1"), HasSubstr("a line without an end"));
  EXPECT_THAT(error_for("Sx\n."), HasSubstr("text without quotes"));
  EXPECT_THAT(error_for("\x80\x06."), HasSubstr("protocol 6 is not supported"));
}

TEST(Pickle, ValuesBelowAMarkStayUntouched) {
  EXPECT_THAT(error_for("I1\n(0."), HasSubstr("the stack is empty"));
  EXPECT_THAT(error_for("]I1\n(a."), HasSubstr("the stack is empty"));
}

}  // namespace
}  // namespace diffbench::data
