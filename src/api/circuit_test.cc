#include "api/circuit.h"

#include <gtest/gtest.h>

namespace forewarn {
namespace {

class CircuitTest : public ::testing::Test {
 protected:
  Circuit::Clock::time_point now_;
  Circuit circuit_{std::chrono::milliseconds(500), [this] { return now_; }};
};

TEST_F(CircuitTest, EverybodyTriesWhileTheServiceAnswers) {
  EXPECT_FALSE(circuit_.Refusal());
  EXPECT_FALSE(circuit_.Refusal());
  circuit_.Report(Status::Ok());
  EXPECT_FALSE(circuit_.Refusal());
}

TEST_F(CircuitTest, AfterAFailureAllFailAtOnceInItsWords) {
  circuit_.Report(Status::Unavailable("no answer"));
  ASSERT_TRUE(circuit_.Refusal());
  EXPECT_EQ(circuit_.Refusal()->message(), "no answer");
}

TEST_F(CircuitTest, OneTriesAgainAloneAfterThePause) {
  circuit_.Report(Status::Unavailable("no answer"));
  now_ += std::chrono::milliseconds(500);
  EXPECT_FALSE(circuit_.Refusal());
  EXPECT_TRUE(circuit_.Refusal()) << "another is trying";
  circuit_.Report(Status::Unavailable("still none"));
  EXPECT_EQ(circuit_.Refusal()->message(), "still none");
  now_ += std::chrono::milliseconds(500);
  EXPECT_FALSE(circuit_.Refusal());
  circuit_.Report(Status::Ok());
  EXPECT_FALSE(circuit_.Refusal());
  EXPECT_FALSE(circuit_.Refusal());
}

}  // namespace
}  // namespace forewarn
