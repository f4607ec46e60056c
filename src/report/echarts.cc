#include "report/echarts.h"

__asm__(
    ".pushsection .rodata\n"
    ".global forewarn_echarts_begin\n"
    ".global forewarn_echarts_end\n"
    "forewarn_echarts_begin:\n"
    ".incbin \"" FOREWARN_ECHARTS_SCRIPT
    "\"\n"
    "forewarn_echarts_end:\n"
    ".popsection\n");

extern "C" {
extern const char forewarn_echarts_begin[];
extern const char forewarn_echarts_end[];
}

namespace forewarn {

std::string_view EChartsScript() {
  return {forewarn_echarts_begin, static_cast<size_t>(forewarn_echarts_end - forewarn_echarts_begin)};
}

}  // namespace forewarn
