// Each adds its classes and functions to the extension module; one file a subject. Called once, from
// module.cc.
#pragma once

#include <nanobind/nanobind.h>

namespace forewarn::python {

void BindPlant(nanobind::module_& m);
void BindFrame(nanobind::module_& m);
void BindSteps(nanobind::module_& m);     // ingest, fill, derive, label
void BindFeatures(nanobind::module_& m);  // normalise, features, windows, the stream
void BindDataset(nanobind::module_& m);
void BindBlock(nanobind::module_& m);  // scale-out
void BindModel(nanobind::module_& m);  // models, scores
void BindTrees(nanobind::module_& m);
void BindRegistry(nanobind::module_& m);
void BindMetrics(nanobind::module_& m);
void BindEvents(nanobind::module_& m);
void BindSimulate(nanobind::module_& m);

}  // namespace forewarn::python
