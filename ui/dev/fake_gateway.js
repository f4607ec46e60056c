// A make-believe gateway for work on the page's looks while no real one runs: node dev/fake_gateway.js [port] [seconds an hour].
// Not shipped, not used by any test; the tests drive a real `forewarn up`. It follows src/api/openapi/gateway.json loosely.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const port = Number(process.argv[2] ?? 7501);
const secondsPerHour = Number(process.argv[3] ?? 2);
const root = process.env.FOREWARN_UI_OUT ?? fileURLToPath(new URL("../../build/release/ui", import.meta.url));

const kSensors = [
  ["te301020", "DEA amine temperature D304", "°C", 104.1, 110.6, 106.85, 1.1],
  ["pdt31008", "Pressure difference D304", "mbar", 166.9, 282.8, 222.4, 14],
  ["pdt31001", "Pressure difference D301", "mbar", 1.8, 10.0, 6.17, 1.2],
  ["pdt31007", "Pressure difference archive D304", "mbar", 33.0, 70.9, 53.7, 4.2],
  ["fq31050", "Steam flow D304", "m³/h", 80.4, 89.8, 84.4, 1.4],
  ["lt301031", "Level D304", "%", 28.3, 68.4, 47.1, 6],
  ["lic31012_pv", "Level controller D304", "%", 79.0, 81.1, 80, 0.4],
  ["lic31002_pv", "Level controller D301", "%", 64.8, 71.0, 69.8, 0.5],
  ["fic31011_pv", "Reflux flow controller D304", "m³/h", 406.1, 421.7, 413.3, 2.4],
];
const meta = ([name, label, unit, low, high], group = "sensor") => ({ name, label, unit, low, high, group });
const none = (name, label, group, unit = "", low = null, high = null) => ({
  name,
  label,
  unit,
  low,
  high,
  group,
});
const features = [
  ...kSensors.map((s) => meta(s)),
  none("lic31012_op", "Level controller D304, output", "output", "%"),
  none("lic31002_op", "Level controller D301, output", "output", "%"),
  none("fic31011_op", "Reflux flow controller D304, output", "output", "%"),
  none("lic31012_deviation", "Level controller D304, deviation", "deviation", "%"),
  none("lic31002_deviation", "Level controller D301, deviation", "deviation", "%"),
  none("fic31011_deviation", "Reflux flow controller D304, deviation", "deviation", "m³/h"),
  none("hour_of_day", "Hour of the day", "time", "h", 0, 23),
  none("day_of_week", "Day of the week (0 = Monday)", "time", "", 0, 6),
  ...["pdt31008", "lt301031", "lic31002_pv", "te301020"].flatMap((id) => {
    const [, label, unit] = kSensors.find((s) => s[0] === id);
    return [
      none(`${id}_roll_mean`, `${label}, mean of 13 h`, "rolling", unit),
      none(`${id}_roll_std`, `${label}, spread of 13 h`, "rolling", unit),
    ];
  }),
  ...["pdt31008", "lt301031", "lic31002_pv"].map((id) => {
    const [, label, unit] = kSensors.find((s) => s[0] === id);
    return none(`${id}_delta`, `${label}, change in 1 h`, "change", unit);
  }),
];
const kScenarios = {
  normal: { description: "No forced episode; the plant runs as it does", color: "green" },
  pressure_rise: {
    description: "Flooding of D304: the pressure difference climbs, the steam flow falls",
    color: "amber",
  },
  level_swing: { description: "Reboiler instability: the level of D304 swings", color: "amber" },
  multi_alarm: {
    description: "Flooding and reboiler instability together, with a rising amine temperature",
    color: "red",
  },
};

let scenario = "normal";
let scenarioSince = 0;
let hour = Date.parse("2021-08-28T00:00:00Z");
let alarm = null;
const readings = [];
const risks = [];
const warnings = [];
const rows = [];
const streams = new Set();
const noise = () => Math.random() + Math.random() + Math.random() - 1.5;
const iso = (time) => new Date(time).toISOString().replace(".000Z", "Z");
const depth = () => (scenario === "normal" ? 0 : Math.min(1, (hour - scenarioSince) / (8 * 3.6e6)));

function readingAt(time, closed) {
  const d = depth();
  const shift = {
    pdt31008: 80,
    fq31050: -5,
    te301020: 6,
    lt301031: scenario === "pressure_rise" ? 0 : 30 * Math.sin(time / 1.2e7),
  };
  const values = Object.fromEntries(
    kSensors.map(([n, , , , , mean, sd]) => [n, +(mean + sd * noise() + d * (shift[n] ?? 0)).toFixed(4)]),
  );
  return {
    timestamp: iso(closed ? hour : time),
    ...values,
    quality: "good",
    filled: [],
    tags: {},
    plant_time: iso(time).slice(0, 19),
    scenario,
  };
}

const model = (name) => ({ name: `plant_alarm_${name}`, version: 3, skill: "skill" });
function explain(probability, reading) {
  const base = -3.1;
  const output = Math.log(probability / (1 - probability));
  const weights = kSensors.map(
    ([n, , , low, high]) => (reading[n] - (low + high) / 2) / (high - low) + 0.3 * noise(),
  );
  const sum = weights.reduce((a, b) => a + b, 0) || 1;
  const drivers = kSensors
    .map(([n], i) => ({ feature: n, value: reading[n], shap_value: (weights[i] / sum) * (output - base) }))
    .sort((a, b) => Math.abs(b.shap_value) - Math.abs(a.shap_value));
  return { base_value: base, output_value: output, output: "log-odds", drivers };
}

function closeHour() {
  const reading = readingAt(hour, true);
  readings.push(reading);
  if (readings.length > 600) readings.shift();
  const d = depth();
  const forecasts = [1, 3, 6].map((h) => {
    const p = Math.min(0.98, Math.max(0.004, 0.03 * h ** 0.5 * Math.exp(noise()) + d * (0.5 + 0.06 * h)));
    const threshold = [0.31, 0.075, 0.137][[1, 3, 6].indexOf(h)];
    return {
      horizon: `${h}h`,
      horizon_hours: h,
      probability: p,
      threshold,
      alarm: p >= threshold ? 1 : 0,
      status: "ok",
      model: model(`forecaster_${h}h`),
      ...explain(p, reading),
    };
  });
  const above = forecasts.find((f) => f.alarm);
  let active = warnings.find((w) => w.end === null);
  if (above && d > 0.2 && !active) {
    active = {
      id: warnings.length + 1,
      horizon: above.horizon,
      horizon_hours: above.horizon_hours,
      rise: iso(hour),
      told: iso(hour + 3.6e6),
      end: null,
      probability: above.probability,
      threshold: above.threshold,
      peak: above.probability,
      drivers: above.drivers,
      model: above.model,
      outcome: "pending",
      alarm: null,
      lead_hours: null,
      ack: null,
      verdict: null,
    };
    warnings.push(active);
    publish("warning", { change: "raised", ...active });
  } else if (active && d === 0) {
    active.end = iso(hour);
    active.outcome = active.alarm ? "true" : "false";
    publish("warning", { change: "ended", ...active });
  }
  if (d >= 0.8 && !alarm) {
    alarm = { began: iso(hour), ended: null, rules: ["pdt31008_max > 300"], lead_hours: 5 };
    if (active) Object.assign(active, { alarm: iso(hour), lead_hours: 5, outcome: "true" });
    if (active) publish("warning", { change: "judged", ...active });
    publish("alarm", { change: "began", ...alarm });
  } else if (d === 0 && alarm) {
    publish("alarm", { change: "ended", ...alarm, ended: iso(hour) });
    alarm = null;
  }
  const point = {
    timestamp: iso(hour),
    known_at: iso(hour + 3.6e6),
    plant_time: iso(hour).slice(0, 19),
    status: "ok",
    forecasts,
    blend: { raw: d, smoothed: d },
    index: 0.4,
    warning: active?.end === null ? active : null,
    alarm,
    alarm_hours: 2,
    reason: null,
  };
  risks.push(point);
  if (risks.length > 600) risks.shift();
  hour += 3.6e6;
  publish("hour", reading);
  publish("risk", point);
}

function publish(name, data) {
  for (const stream of streams)
    stream.write(`event: ${name}\nid: ${data.timestamp ?? iso(hour)}\ndata: ${JSON.stringify(data)}\n\n`);
}

for (let i = 0; i < 120; i++) {
  if (i === 60) {
    scenario = "multi_alarm";
    scenarioSince = hour;
  }
  if (i === 80) scenario = "normal";
  closeHour();
}
const t0 = Date.now();
let closed = 0;
let scans = 0;
setInterval(() => {
  const passed = (Date.now() - t0) / 1000 / secondsPerHour;
  while (closed < Math.floor(passed)) {
    closeHour();
    closed++;
    scans = 0;
  }
  const scan = Math.floor((passed - closed) * 8);
  if (scan > scans) {
    scans = scan;
    publish("reading", readingAt(hour + (scan / 8) * 3.6e6, false));
  }
}, 50);

const liveNow = () => ({
  reading: readingAt(hour, false),
  scenario,
  scenario_description: kScenarios[scenario].description,
  scenario_color: kScenarios[scenario].color,
  plant_time: iso(hour),
  seconds_per_hour: secondsPerHour,
});
const window12 = () => readings.slice(-12).map((r) => Object.fromEntries(kSensors.map(([n]) => [n, r[n]])));
let signedIn = process.env.FAKE_SIGNED_IN === "1";
const user = { id: 1, username: "ada", role: "administrator", created: iso(Date.now()) };
const status = { model: "ok", source: "ok", log: "ok", detail: "", since: null };

function keep(type, input, result) {
  const row = { id: rows.length + 1, type, input, result, ts: new Date().toISOString() };
  rows.push(row);
  return { id: row.id, ts: row.ts, ...result };
}

const problem = (code, detail, errors) => ({
  code,
  body: { type: "about:blank", title: "", status: code, detail, errors },
});
const explainFeatures = (given) => {
  const list = features.map((f) => ({
    feature: f.name,
    value: given[f.name] ?? null,
    shap_value: noise() * 0.5,
  }));
  list.sort((a, b) => Math.abs(b.shap_value) - Math.abs(a.shap_value));
  const base = -2.2;
  return {
    local_importance: list,
    base_value: base,
    output_value: base + list.reduce((s, d) => s + d.shap_value, 0),
    output: "log-odds",
    risk_score: 0.4,
    method: "shap_tree",
    model: model("champion"),
  };
};

const routes = {
  "GET /about": () => ({
    name: "Forewarn",
    version: "0.1.0",
    plant: "Gas treatment, units D301 and D304",
    open_registration: true,
    first_account: !signedIn,
  }),
  "GET /auth/me": () => user,
  "POST /auth/session": (b) =>
    b.password === "wrong-password"
      ? problem(401, "user name or password is wrong")
      : ((signedIn = true), (user.username = b.username), user),
  "POST /auth/register": () => ({ access_token: "x", token_type: "bearer", expires_in: 1 }),
  "POST /auth/logout": () => ((signedIn = false), { signed_out: true }),
  "GET /plant": () => ({
    name: "gas-treatment",
    title: "Gas treatment, units D301 and D304",
    zone: "UTC",
    interval_seconds: 3600,
    seconds_per_hour: secondsPerHour,
    window: 12,
    horizons: [1, 3, 6],
    sensors: kSensors.map((s) => meta(s)),
    features,
    history_sum: "failure_frequency_48",
  }),
  "GET /presets": () => ({
    predict: [
      {
        name: "normal",
        label: "Normal hour",
        features: Object.fromEntries(kSensors.map((s) => [s[0], s[5]])),
      },
      {
        name: "high_risk",
        label: "High risk",
        features: Object.fromEntries(kSensors.map((s) => [s[0], s[4] * 1.1])),
      },
    ],
    forecast: [
      { name: "escalating", label: "Escalating pressure", rows: window12() },
      { name: "normal", label: "Normal", rows: window12() },
    ],
  }),
  "GET /sensors/live": liveNow,
  "GET /sensors/history": (_, q) => ({
    readings: readings.slice(-Number(q.get("n") ?? 60)),
    count: readings.length,
  }),
  "GET /scenarios": () => ({ active: scenario, scenarios: kScenarios }),
  "POST /scenarios/activate": (b) => (
    (scenario = b.name),
    (scenarioSince = hour),
    { active: b.name, description: kScenarios[b.name].description }
  ),
  "GET /risk": () => ({ points: risks, count: risks.length }),
  "GET /status": () => ({ status, live: liveNow(), risk: risks.at(-1), active_warnings: 0 }),
  "GET /ready": () => ({ ready: true, progress: 1, stage: "ready" }),
  "GET /health": () => ({ status: "ok", service: "gateway", version: "0" }),
  "GET /warnings": (_, q) => {
    const before = Number(q.get("before") ?? Infinity);
    return warnings
      .filter((w) => w.id < before && (q.get("state") !== "active" || w.end === null))
      .reverse()
      .slice(0, Number(q.get("limit") ?? 200));
  },
  "GET /models": () => ({
    models: Object.fromEntries(
      ["champion", "forecaster_1h", "forecaster_3h", "forecaster_6h"].map((n) => [
        `plant_alarm_${n}`,
        {
          status: "loaded",
          version: 3,
          aliases: ["champion"],
          skill:
            n === "forecaster_3h"
              ? "worse than trivial (persistence: AP .51)"
              : "skill (AP .79 beside .43 of persistence)",
          metrics: { auc: 0.93 },
        },
      ]),
    ),
  }),
  "POST /infer/predict": (b) =>
    keep("predict", b.features, {
      risk_score: 0.42,
      alarm: 1,
      threshold: 0.37,
      status: "ok",
      model: model("champion"),
      imputed: features.filter((f) => !(f.name in b.features)).map((f) => f.name),
      ignored: [],
      recommendation: "Check the unit in the next shift.",
      urgency: "medium",
      failure_frequency: 3,
    }),
  "POST /infer/forecast": (b) =>
    keep(
      `forecast_${b.horizon}h`,
      { horizon: b.horizon, n_obs: b.recent_observations.length, recent_observations: b.recent_observations },
      {
        anomaly_probability: 0.21,
        alarm: 1,
        horizon_hours: b.horizon,
        n_observations: b.recent_observations.length,
        threshold: 0.137,
        status: "ok",
        model: model(`forecaster_${b.horizon}h`),
        ignored: [],
      },
    ),
  "POST /infer/auto": () => {
    const f = risks.at(-1).forecasts[0];
    const e = {
      local_importance: f.drivers,
      base_value: f.base_value,
      output_value: f.output_value,
      output: "log-odds",
      method: "shap_tree",
      model: f.model,
    };
    return keep(
      "auto_1h",
      { horizon: 1, n_obs: 20, scenario },
      {
        anomaly_probability: f.probability,
        alarm: f.alarm,
        horizon_hours: 1,
        n_observations: 20,
        threshold: f.threshold,
        status: "ok",
        model: f.model,
        ignored: [],
        scenario,
        plant_time: iso(hour),
        sensor_snapshot: window12().at(-1),
        top_drivers: f.drivers.slice(0, 3),
        explanation: e,
      },
    );
  },
  "POST /infer/explain": (b) => {
    if (b.features) return explainFeatures(b.features);
    const e = explain(0.21, b.recent_observations.at(-1));
    return {
      local_importance: e.drivers,
      base_value: e.base_value,
      output_value: e.output_value,
      output: e.output,
      risk_score: 0.21,
      method: "shap_tree",
      model: model("forecaster_3h"),
    };
  },
  "GET /infer/global_importance": () => ({
    importances: features.map((f, i) => ({ feature: f.name, importance: 0.3 / (i + 1) })),
    method: "feature_importances",
    model: model("champion"),
  }),
  "GET /history": (_, q) =>
    rows
      .filter(
        (r) =>
          r.id < Number(q.get("before") ?? Infinity) && r.type.startsWith(q.get("type") ?? "") && !r.gone,
      )
      .reverse()
      .slice(0, Number(q.get("limit") ?? 200)),
  "GET /history/count": (_, q) => ({
    count: rows.filter((r) => r.type.startsWith(q.get("type") ?? "") && !r.gone).length,
  }),
  "DELETE /history": () => (rows.forEach((r) => (r.gone = true)), { cleared: true, count: rows.length }),
  "POST /history/restore": () => (rows.forEach((r) => (r.gone = false)), { restored: rows.length }),
};
for (let i = 0; i < 450; i++)
  routes[["POST /infer/auto", "POST /infer/predict"][i % 2]]({ features: window12()[0] });

const kTypes = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
createServer((request, response) => {
  const url = new URL(request.url, "http://fake");
  const path = url.pathname;
  const reply = (code, body) => {
    response.writeHead(code, {
      "Content-Type": code < 400 ? "application/json" : "application/problem+json",
    });
    response.end(JSON.stringify(body));
  };
  const file = join(root, normalize(path === "/" ? "/index.html" : path));
  if (request.method === "GET" && existsSync(file) && statSync(file).isFile()) {
    response.writeHead(200, { "Content-Type": kTypes[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
    return;
  }
  const open = ["/about", "/auth/session", "/auth/register", "/ready", "/health"].includes(path);
  if (!signedIn && !open) return reply(401, problem(401, "sign in first").body);
  if (path === "/live") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": hello\n\n");
    streams.add(response);
    request.on("close", () => streams.delete(response));
    return;
  }
  let text = "";
  request.on("data", (part) => (text += part));
  request.on("end", () => {
    const body = text ? JSON.parse(text) : {};
    const warning = /^\/warnings\/(\d+)\/(ack|verdict)$/.exec(path);
    if (warning) {
      const w = warnings[Number(warning[1]) - 1];
      const stamp = { by: user.username, at: new Date().toISOString(), note: body.note ?? "" };
      if (warning[2] === "ack") w.ack = stamp;
      else w.verdict = { verdict: body.verdict, ...stamp };
      publish("warning", { change: warning[2] === "ack" ? "acknowledged" : "verdict", ...w });
      return reply(200, w);
    }
    const one = /^\/history\/(\d+)(\/restore)?$/.exec(path);
    if (one) {
      rows[Number(one[1]) - 1].gone = !one[2];
      return reply(200, one[2] ? { restored: Number(one[1]) } : { deleted: Number(one[1]) });
    }
    const answer = routes[`${request.method} ${path}`]?.(body, url.searchParams);
    if (!answer) return reply(404, problem(404, `no ${path} here`).body);
    reply(answer.code ?? 200, answer.body ?? answer);
  });
}).listen(port, "127.0.0.1", () =>
  console.log(`fake gateway at http://127.0.0.1:${port}, page from ${root}`),
);
