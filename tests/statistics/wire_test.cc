#include "statistics/wire.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"

namespace rangefinder::statistics {
namespace {

TEST(Wire, ReadsBackWhatWasWritten) {
  WireWriter writer;
  writer.u8(200);
  writer.u32(0xDEADBEEFu);
  writer.u64(0x0123456789ABCDEFu);
  writer.f32(-1.5f);
  writer.text("name");
  const std::vector<uint64_t> numbers = {0, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
  for (const uint64_t number : numbers) writer.varint(number);
  WireReader reader(writer.bytes(), "f");
  EXPECT_EQ(reader.u8(), 200);
  EXPECT_EQ(reader.u32(), 0xDEADBEEFu);
  EXPECT_EQ(reader.u64(), 0x0123456789ABCDEFu);
  EXPECT_EQ(reader.f32(), -1.5f);
  EXPECT_EQ(reader.text(), "name");
  for (const uint64_t number : numbers) EXPECT_EQ(reader.varint(), number);
  EXPECT_TRUE(reader.at_end());
}

TEST(Wire, IsLittleEndianAndLeb128) {
  WireWriter writer;
  writer.u32(0x04030201u);
  writer.varint(300);
  EXPECT_EQ(writer.bytes(), "\x01\x02\x03\x04\xAC\x02");
}

TEST(WireReader, RefusesBytesThatEndTooEarly) {
  const std::string bytes = "\x80";
  EXPECT_THROW(WireReader(bytes, "f").varint(), Error);
  EXPECT_THROW(WireReader(bytes, "f").u32(), Error);
  const std::string text("\x05only", 5);
  EXPECT_THROW(WireReader(text, "f").text(), Error);
  const std::string many("\x04........", 9);
  EXPECT_EQ(WireReader(many, "f").count(2), 4u);
  EXPECT_THROW(WireReader(many, "f").count(3), Error);
}

TEST(WireReader, RefusesNumbersSpelledLongerThanNeededOrTooLarge) {
  const std::string padded("\x81\x00", 2);
  EXPECT_THROW(WireReader(padded, "f").varint(), Error);
  const std::string too_large = std::string(9, '\xFF') + '\x02';
  EXPECT_THROW(WireReader(too_large, "f").varint(), Error);
  const std::string endless(11, '\xFF');
  EXPECT_THROW(WireReader(endless, "f").varint(), Error);
}

TEST(Checksum, ChangesWithEveryBitAndWithTheLength) {
  std::string bytes = "The quick brown fox jumps.";
  const uint64_t original = checksum(bytes);
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
    EXPECT_NE(checksum(bytes), original) << "bit " << i;
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
  }
  EXPECT_EQ(checksum(bytes), original);
  EXPECT_NE(checksum(bytes + '\0'), original);
  EXPECT_NE(checksum(""), checksum(std::string(1, '\0')));
}

}  // namespace
}  // namespace rangefinder::statistics
