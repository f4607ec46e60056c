// The table `train` ends with: a line a run with its metrics, the best trivial baseline's figure beside it
// and the verdict. Pure text.
#pragma once

#include <string>

#include "train/trainer.h"

namespace forewarn {

std::string RunTable(const TrainResult& result);

}  // namespace forewarn
