// The extension module forewarn._native: what the libraries under src/ do, for Python. forewarn/__init__.py
// gives its parts their public names.
#include "bindings.h"
#include "core/version.h"
#include "errors.h"

NB_MODULE(_native, m) {
  namespace fp = forewarn::python;
  m.attr("__version__") = forewarn::kVersion;
  fp::RegisterErrors();
  fp::BindPlant(m);
  fp::BindFrame(m);
  fp::BindSteps(m);
  fp::BindFeatures(m);
  fp::BindDataset(m);
  fp::BindBlock(m);
  fp::BindModel(m);
  fp::BindTrees(m);
  fp::BindRegistry(m);
  fp::BindMetrics(m);
  fp::BindEvents(m);
  fp::BindSimulate(m);
}
