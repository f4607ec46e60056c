#include "api/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "api/api_fixture.h"
#include "api/embedded.h"

namespace forewarn::api_test {
namespace document_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class DocumentTest : public ServicesTest {
 protected:
  static std::set<std::string> RoutesOf(const http::Router& router) {
    std::set<std::string> routes;
    for (const auto& route : router.routes()) {
      std::string pattern = route->pattern;
      if (const size_t rest = pattern.find("...}"); rest != std::string::npos) pattern.erase(rest, 3);
      routes.insert(std::string(http::MethodName(route->method)) + " " + pattern);
    }
    return routes;
  }
  static std::set<std::string> DocumentedIn(const Json& document) {
    std::set<std::string> routes;
    for (const auto& [path, item] : document["paths"].items()) {
      for (const auto& [method, ignored] : item.items()) {
        std::string name = method;
        std::transform(name.begin(), name.end(), name.begin(), [](char c) { return std::toupper(c); });
        routes.insert(name + " " + path);
      }
    }
    return routes;
  }
};

TEST_F(DocumentTest, EveryRouteIsDocumentedAndEveryDocumentedRouteIsThere) {
  for (Mounted* service : {&sensors_, &inference_, &gateway_}) {
    EXPECT_EQ(Ask(*service, "GET", "/health").status, 200);  // reads the document
    EXPECT_EQ(RoutesOf(*service->router), DocumentedIn(service->document));
  }
}

TEST_F(DocumentTest, ServedDocumentsNameThePlantsTags) {
  EXPECT_EQ(Inference("GET", "/health").status, 200);
  const Json& schemas = inference_.document["components"]["schemas"];
  EXPECT_EQ(schemas["Features"]["anyOf"].size(), plant_.features.point.size());
  EXPECT_TRUE(schemas["Features"]["properties"].contains("failure_frequency_48"));
  EXPECT_EQ(schemas["Observation"]["required"], Json(plant_.Sensors()));
  EXPECT_EQ(schemas["ForecastRequest"]["properties"]["horizon"]["enum"], Json({1.0, 3.0, 6.0}));
  EXPECT_EQ(schemas["ForecastRequest"]["properties"]["recent_observations"]["minItems"], 12);
  EXPECT_THAT(inference_.document.dump(), Not(HasSubstr("x-plant")));
}

TEST_F(DocumentTest, TemplatesKnowNoTagOfAnyPlant) {
  for (const Service service : {Service::kSensors, Service::kInference, Service::kGateway}) {
    for (const std::string& series : plant_.SeriesNames()) {
      EXPECT_EQ(DocumentTemplate(service).find(series), std::string_view::npos) << series;
    }
  }
}

// What the document shows as an example of a request is taken by the service.
TEST_F(DocumentTest, ExamplesOfRequestsAreAnswered) {
  EXPECT_EQ(Inference("GET", "/health").status, 200);
  const Json& schemas = inference_.document["components"]["schemas"];
  const Json features = schemas["Features"]["example"];
  EXPECT_EQ(Inference("POST", "/predict", Json{{"features", features}}.dump()).status, 200);
  const Json rows = schemas["ForecastRequest"]["properties"]["recent_observations"]["example"];
  EXPECT_EQ(Inference("POST", "/forecast", Json{{"recent_observations", rows}}.dump()).status, 200);
}

TEST(Document, CompletesForAPlantWithoutLabelsHorizonsOrPresets) {
  const auto plant =
      LoadPlantFile(std::filesystem::path(FOREWARN_SOURCE_DIR) / "plants" / "tennessee-eastman.toml");
  ASSERT_TRUE(plant.ok());
  for (const Service service : {Service::kSensors, Service::kInference, Service::kGateway}) {
    const auto text = CompleteDocument(DocumentTemplate(service), *plant);
    ASSERT_TRUE(text.ok()) << text.message();
    EXPECT_FALSE(Json::parse(*text, nullptr, false).is_discarded());
  }
}

TEST(Document, BearerNeededLeavesNoWayWithoutIt) {
  Plant plant;
  const auto text = CompleteDocument(DocumentTemplate(Service::kSensors), plant,
                                     {.bearer_needed = true, .without_paths = ""});
  ASSERT_TRUE(text.ok());
  const Json document = Json::parse(*text);
  EXPECT_EQ(document["security"], Json::parse(R"([{"bearer":[]}])"));
  EXPECT_EQ(document["paths"]["/health"]["get"]["security"], Json::array());
}

TEST(Document, AnUnknownWordIsABug) {
  EXPECT_EQ(CompleteDocument(R"({"x-plant":"nonsense"})", Plant()).status().code(), Code::kInternal);
}

}  // namespace
}  // namespace document_test
}  // namespace forewarn::api_test
