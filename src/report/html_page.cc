#include "report/html_page.h"

#include <fmt/format.h>

#include <cmath>

#include "report/echarts.h"

namespace forewarn {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ink:#1d2329;--soft:#5b6570;--line:#d5dade;--ground:#f6f7f8;--card:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b0;--line:#39424b;--ground:#171b1f;--card:#1f252a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main,header{max-width:1080px;margin:0 auto;padding:0 20px}
header{padding-top:28px}h1{margin:0;font-size:26px}header p{margin:4px 0 12px;color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:13px;margin-bottom:8px}nav a{color:inherit}
section{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:4px 20px 16px;margin:16px 0}
h2{font-size:19px;margin:14px 0 8px}h3{font-size:15px;margin:18px 0 6px}p{max-width:78ch}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:3px 12px 3px 0;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
td.n,th.n{text-align:right}th{color:var(--soft);font-weight:600}
figure{margin:10px 0}figcaption{font-size:13px;color:var(--soft)}.chart{width:100%}
)";

constexpr std::string_view kDraw = R"(
const dark=matchMedia('(prefers-color-scheme: dark)').matches;
const draw=e=>{const c=echarts.init(e,dark?'dark':null,{renderer:'svg'});
c.setOption(Object.assign({backgroundColor:'transparent',animation:false},forewarnCharts[+e.dataset.chart]));
addEventListener('resize',()=>c.resize())};
document.querySelectorAll('.chart').forEach(draw);
)";

bool LooksNumeric(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.,+-–−% e") == std::string_view::npos;
}

// JSON inside a script element: '<' must not close the element.
std::string ScriptJson(const nlohmann::ordered_json& value) {
  const std::string text = value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

HtmlPage::HtmlPage(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void HtmlPage::Heading(std::string_view text) {
  if (!contents_.empty()) body_ += "</section>\n";
  contents_.emplace_back(text);
  body_ += fmt::format("<section id=\"s{}\"><h2>{}</h2>\n", contents_.size(), EscapeHtml(text));
}

void HtmlPage::SubHeading(std::string_view text) { body_ += fmt::format("<h3>{}</h3>\n", EscapeHtml(text)); }

void HtmlPage::Text(std::string_view text) { body_ += fmt::format("<p>{}</p>\n", EscapeHtml(text)); }

void HtmlPage::Table(const std::vector<std::string>& header,
                     const std::vector<std::vector<std::string>>& rows) {
  std::vector<bool> numeric(header.size(), !rows.empty());
  for (const auto& row : rows) {
    for (size_t c = 0; c < header.size() && c < row.size(); ++c) {
      if (!row[c].empty() && !LooksNumeric(row[c])) numeric[c] = false;
    }
  }
  const auto line = [&](const std::vector<std::string>& cells, const char* element) {
    body_ += "<tr>";
    for (size_t c = 0; c < cells.size(); ++c) {
      const char* kind = c < numeric.size() && numeric[c] ? " class=n" : "";
      body_ += fmt::format("<{0}{1}>{2}</{0}>", element, kind, EscapeHtml(cells[c]));
    }
    body_ += "</tr>\n";
  };
  body_ += "<div class=scroll><table><thead>";
  line(header, "th");
  body_ += "</thead><tbody>";
  for (const auto& row : rows) line(row, "td");
  body_ += "</tbody></table></div>\n";
}

void HtmlPage::Chart(const nlohmann::ordered_json& option, std::string_view caption, int height) {
  body_ += fmt::format(
      "<figure><div class=chart data-chart={} style=\"height:{}px\" role=img aria-label=\"{}\"></div>"
      "<figcaption>{}</figcaption></figure>\n",
      charts_.size(), height, EscapeHtml(caption), EscapeHtml(caption));
  charts_.push_back(option);
}

std::string HtmlPage::Render() const {
  std::string nav;
  for (size_t i = 0; i < contents_.size(); ++i) {
    nav += fmt::format("<a href=\"#s{}\">{}</a>", i + 1, EscapeHtml(contents_[i]));
  }
  std::string charts = "[";
  for (size_t i = 0; i < charts_.size(); ++i) charts += (i > 0 ? ",\n" : "") + ScriptJson(charts_[i]);
  charts += "]";
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport "
      "content=\"width=device-width,initial-scale=1\"><title>{0}</title><style>{1}</style></head>\n"
      "<body><header><h1>{0}</h1><p>{2}</p><nav>{3}</nav></header><main>\n{4}{5}</main>\n",
      EscapeHtml(title_), kStyle, EscapeHtml(subtitle_), nav, body_, contents_.empty() ? "" : "</section>");
  if (!charts_.empty()) {
    out += "<script>";
    out += EChartsScript();
    out += "</script>\n<script>const forewarnCharts=" + charts + ";" + std::string(kDraw) + "</script>\n";
  }
  return out + "</body></html>\n";
}

std::string Figure(double value, int digits) {
  if (std::isnan(value)) return "–";
  if (value == 0) return "0";
  const double size = std::abs(value);
  if (size >= 1e6 || size < 1e-4) return fmt::format("{:.{}g}", value, digits);
  const int whole = static_cast<int>(std::floor(std::log10(size))) + 1;
  return fmt::format("{:.{}f}", value, std::max(0, digits - std::max(whole, 1)));
}

}  // namespace forewarn
