#include "io/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/file.h"

namespace forewarn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What every store must do, on an empty root.
void CheckStore(ObjectStore& store) {
  const std::string big(12 << 20, 'b');  // more than one part of a multipart upload
  ASSERT_TRUE(store.Write("runs/1/train/part-0.parquet", "abc").ok());
  ASSERT_TRUE(store.Write("runs/1/manifest.json", "{}").ok());
  ASSERT_TRUE(store.Write("runs/2/big", big).ok());
  ASSERT_TRUE(store.Write("empty", "").ok());
  EXPECT_EQ(*store.Read("runs/1/train/part-0.parquet"), "abc");
  EXPECT_EQ(*store.Read("runs/2/big"), big);
  EXPECT_EQ(*store.Read("empty"), "");
  EXPECT_THAT(*store.List("runs/1"), ElementsAre("runs/1/manifest.json", "runs/1/train/part-0.parquet"));
  EXPECT_THAT(*store.List("none"), ElementsAre());
  EXPECT_EQ(store.List("")->size(), 4u);

  ASSERT_TRUE(store.Write("runs/1/manifest.json", "{\"again\":1}").ok());
  EXPECT_EQ(*store.Read("runs/1/manifest.json"), "{\"again\":1}");
  ASSERT_TRUE(store.Copy("runs/1/manifest.json", "latest/manifest.json").ok());
  EXPECT_EQ(*store.Read("latest/manifest.json"), "{\"again\":1}");
  EXPECT_EQ(store.Copy("runs/9", "x").code(), Code::kNotFound);

  EXPECT_TRUE(*store.Exists("runs/2/big"));
  EXPECT_FALSE(*store.Exists("runs/2"));
  EXPECT_FALSE(*store.Exists("runs/2/other"));
  auto missing = store.Read("runs/2/other");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), Code::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr(store.UriOf("runs/2/other")));

  ASSERT_TRUE(store.Delete("runs/2/big").ok());
  EXPECT_FALSE(*store.Exists("runs/2/big"));
  ASSERT_TRUE(store.Delete("runs/2/big").ok());
  ASSERT_TRUE(store.DeleteAll("runs").ok());
  EXPECT_THAT(*store.List(""), ElementsAre("empty", "latest/manifest.json"));

  for (const char* key : {"", "/a", "a/", "a//b", "../a", "a/../b", ".", "a\nb"}) {
    EXPECT_EQ(store.Write(key, "x").code(), Code::kInvalid) << key;
    EXPECT_EQ(store.Read(key).status().code(), Code::kInvalid) << key;
  }
}

TEST(ObjectStore, AFolderHoldsObjects) {
  const ScratchFolder folder;
  for (const std::string& uri :
       {(folder.path() / "plain").string(), "file:" + (folder.path() / "one").string(),
        "file://" + (folder.path() / "two").string() + "/"}) {
    auto store = OpenObjectStore(uri, {});
    ASSERT_TRUE(store.ok()) << store.message();
    CheckStore(**store);
  }
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "two" / "empty"));
}

TEST(ObjectStore, BadUrisAreToldWithTheKnownSchemes) {
  const auto message = [](const char* uri) { return OpenObjectStore(uri, {}).message(); };
  EXPECT_THAT(message("gs://bucket/x"), HasSubstr("known: a folder, file:FOLDER, s3://"));
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message("file://host/x"), HasSubstr("names a host"));
  EXPECT_THAT(message("s3:bucket"), HasSubstr("s3://BUCKET/PREFIX"));
  EXPECT_THAT(message("s3://B_/x"), HasSubstr("no bucket name"));
  EXPECT_THAT(message("s3://bucket/a/../b"), HasSubstr("no names"));
  EXPECT_THAT(message("s3://bucket/x"), HasSubstr("AWS_ACCESS_KEY_ID"));
  ObjectStoreOptions options;
  options.s3.access_key_id = options.s3.secret_access_key = "k";
  options.s3.endpoint_url = "localhost:9000";
  EXPECT_THAT(OpenObjectStore("s3://bucket", options).message(), HasSubstr("no S3 endpoint"));
}

// Run by tests/parity/test_s3.py against a server of its own, which holds the empty bucket `forewarn-test`
// and accepts the keys given and no others.
TEST(ObjectStore, AnS3BucketHoldsObjects) {
  const char* endpoint = std::getenv("FOREWARN_S3_TEST_ENDPOINT");
  if (endpoint == nullptr) GTEST_SKIP() << "FOREWARN_S3_TEST_ENDPOINT is not set";
  ObjectStoreOptions options;
  options.s3.endpoint_url = endpoint;
  options.s3.access_key_id = std::getenv("AWS_ACCESS_KEY_ID");
  options.s3.secret_access_key = std::getenv("AWS_SECRET_ACCESS_KEY");
  {
    auto store = OpenObjectStore("s3://forewarn-test/some/prefix/", options);
    ASSERT_TRUE(store.ok()) << store.message();
    EXPECT_EQ((*store)->uri(), "s3://forewarn-test/some/prefix");
    CheckStore(**store);
  }
  auto none = OpenObjectStore("s3://no-such-bucket/x", options);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().code(), Code::kNotFound);
  EXPECT_THAT(none.message(), HasSubstr("there is no bucket 'no-such-bucket'"));

  ObjectStoreOptions wrong = options;
  wrong.s3.secret_access_key = "wrong";
  wrong.s3.access_key_id = "wrong";
  auto refused = OpenObjectStore("s3://forewarn-test/x", wrong);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.message(), HasSubstr("refuses the keys"));

  ObjectStoreOptions away = options;
  away.s3.endpoint_url = "http://127.0.0.1:9";  // the discard port: nobody listens
  away.s3.retries = 0;
  away.s3.connect_timeout = 1;
  auto silent = OpenObjectStore("s3://forewarn-test/x", away);
  ASSERT_FALSE(silent.ok());
  EXPECT_EQ(silent.status().code(), Code::kUnavailable);
  EXPECT_THAT(silent.message(), HasSubstr("does not answer"));
  StopObjectStores();
}

}  // namespace
}  // namespace forewarn
