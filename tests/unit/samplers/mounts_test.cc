#include "agent/samplers/filesystem/mounts.h"

#include <gtest/gtest.h>

namespace tickbird::samplers {
namespace {

TEST(ParseMountinfo, UndoesEscapesAndFindsTheTypeBehindAnyNumberOfOptionalFields) {
  const auto mounts = ParseMountinfo(
      "36 35 98:0 /mnt1 /a\\040b\\011c\\134d ro,noatime shared:1 master:2 propagate_from:3 - ext3 /dev/root rw\n"
      "37 35 98:0 / /x rw - tmpfs none rw\n");
  ASSERT_TRUE(mounts) << mounts.error().message;
  ASSERT_EQ(mounts->size(), 2u);
  EXPECT_EQ((*mounts)[0].mount_point, "/a b\tc\\d");
  EXPECT_EQ((*mounts)[0].type, "ext3");
  EXPECT_EQ((*mounts)[0].device, "/dev/root");
  EXPECT_TRUE((*mounts)[0].is_read_only);
  EXPECT_FALSE((*mounts)[1].is_read_only);
}

TEST(ParseMountinfo, ReadOnlyMeansTheWordRoAlone) {
  const auto mounts =
      ParseMountinfo("1 2 3:4 / /a rw,errors=remount-ro - ext4 /dev/a rw,ro_thing\n1 2 3:4 / /b rw - ext4 d ro\n");
  ASSERT_TRUE(mounts);
  EXPECT_FALSE((*mounts)[0].is_read_only);
  EXPECT_TRUE((*mounts)[1].is_read_only);
}

TEST(ParseMountinfo, RefusesWhatIsCutOrEmpty) {
  for (const char* const text :
       {"", "36 35 98:0 /mnt1", "36 35 98:0 / /a rw shared:1", "36 35 98:0 / /a rw - ext4 /dev/a"}) {
    const auto mounts = ParseMountinfo(text);
    ASSERT_FALSE(mounts) << text;
    EXPECT_EQ(mounts.error().code, ErrorCode::kParse);
  }
}

TEST(ParseMounts, ReadsFstabForm) {
  const auto mounts = ParseMounts("/dev/sda1 /my\\040disk ext4 ro,relatime 0 0\n");
  ASSERT_TRUE(mounts);
  EXPECT_EQ((*mounts)[0].mount_point, "/my disk");
  EXPECT_TRUE((*mounts)[0].is_read_only);
  EXPECT_FALSE(ParseMounts("/dev/sda1 /x\n"));
}

TEST(MayHang, KnowsNetworkAndFuse) {
  for (const char* const type : {"nfs", "nfs4", "cifs", "ceph", "fuse.sshfs", "9p"}) EXPECT_TRUE(MayHang(type)) << type;
  for (const char* const type : {"ext4", "xfs", "tmpfs", "overlay", "fuseblk", "nfsd"})
    EXPECT_FALSE(MayHang(type)) << type;
}

}  // namespace
}  // namespace tickbird::samplers
