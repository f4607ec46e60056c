"""The HTTP services under load, beside the FastAPI peer of bench/peer, in one run on loopback.

Both sides serve `xgboost_calibrated` (three folds) and forecasters trained on the same feature set; each server has one
core and wrk the other. Prints requests/s, ratios, the 99th percentile at half load, resident memory, cold start.

Usage: bench_http.py [--seconds 5] [--connections 64]     (FOREWARN_BIN names the program; two cores are needed)
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("support", "services")]
from services import PROGRAM, Up, call, forewarn, free_port, process, resident_mb, train, wait_until  # noqa: E402

TARGETS = {"/predict": 50, "/forecast": 50, "/explain": 40, "/infer/predict": 20}
SERVER_CORE, CLIENT_CORE = "0", "1"
ON_SERVER_CORE = ("taskset", "-c", SERVER_CORE)


def prepare(folder):
    """A data folder whose champion is xgboost_calibrated, and the peer's models from the same features."""
    features = train(folder, folder / "data", "xgboost_calibrated,forecaster_1h,forecaster_3h,forecaster_6h,pca")
    plant = json.loads(forewarn("plant", "show", "--json").stdout)
    subprocess.run([sys.executable, ROOT / "bench" / "peer" / "train_peer.py", features, folder / "peer"], check=True,
                   input=json.dumps(plant["features"]), text=True)
    return folder / "data"


def bodies(folder):
    peer = json.loads((folder / "peer" / "peer.json").read_text())
    middle = dict(zip(peer["features"], peer["medians"]))
    point = {"features": {name: round(value * 1.01 + 0.1, 3) for name, value in middle.items()}}
    rows = [{s: round(middle[s] * (1 + 0.001 * hour), 3) for s in peer["sensors"]} for hour in range(12)]
    return {"/predict": point, "/forecast": {"horizon": 1, "recent_observations": rows}, "/explain": point,
            "/infer/predict": point}


def wrk(url, body, seconds, connections, headers=None):
    """Requests/s of one wrk run; fails if any answer is not 200."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method='POST'\nwrk.body={json.dumps(json.dumps(body))}\n")
        for key, value in {"Content-Type": "application/json", **(headers or {})}.items():
            script.write(f"wrk.headers[{json.dumps(key)}]={json.dumps(value)}\n")
        script.flush()
        out = subprocess.run(["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout",
                              "5s", "-s", script.name, url], check=True, stdout=subprocess.PIPE, text=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out) or re.search(r"Socket errors: (.*)", out)
    if bad:
        sys.exit(f"{url}: {bad.group(0)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def p99_ms(url, body, rate, headers=None):
    """The 99th percentile of open-loop requests at a rate, ms."""
    clients = 8
    with tempfile.TemporaryDirectory() as scratch:
        data, log = Path(scratch) / "body", Path(scratch) / "log"
        data.write_text(json.dumps(body))
        command = ["taskset", "-c", CLIENT_CORE, "h2load", "--h1", "-c", str(clients), "-t", "1", "--rps",
                   str(max(1, int(rate / clients))), "-D", "4", "-d", str(data), f"--log-file={log}"]
        for key, value in {"Content-Type": "application/json", **(headers or {})}.items():
            command += ["-H", f"{key}: {value}"]
        subprocess.run([*command, url], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = [line.split("\t") for line in log.read_text().splitlines()]
    bad = [row for row in rows if row[1] != "200"]
    if bad:
        sys.exit(f"{url}: {len(bad)} of {len(rows)} requests failed at half load")
    return statistics.quantiles([int(row[2]) / 1000 for row in rows], n=100)[98], len(rows)


def measure(base, bodies_, paths, args, headers=None):
    return {path: wrk(base + path, bodies_[path], args.seconds, args.connections, headers) for path in paths}


def peer_figures(folder, args, texts):
    port = free_port()
    command = [*ON_SERVER_CORE, "env", f"PEER_MODELS={folder / 'peer'}", "OMP_NUM_THREADS=1", sys.executable, "-m", "uvicorn",
               "--app-dir", ROOT / "bench" / "peer", "peer:app", "--port", port, "--no-access-log", "--log-level", "error"]
    with process(command) as child:
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: call(base + "/health"), child)
        figures = measure(base, texts, ("/predict", "/forecast", "/explain"), args)
        print(f"peer resident: {resident_mb(child.pid):.0f} MB")
    return figures


def ceiling(base, args):
    """What the machine's loopback and wrk allow on these two cores: a GET that does nothing."""
    out = subprocess.run(["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{args.connections}", f"-d{args.seconds}s",
                          base + "/health"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def serve_inference(data, port):
    return [PROGRAM, "--data-dir", data, "serve", "inference", "--listen", f"127.0.0.1:{port}"]


def cold_start_ms(data, texts):
    times = []
    for _ in range(5):
        port = free_port()
        start = time.perf_counter()
        with process(serve_inference(data, port)) as child:
            wait_until(lambda: call(f"http://127.0.0.1:{port}/predict", texts["/predict"]), child)
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def inference_figures(data, args, texts):
    print(f"cold start to the first answer: {cold_start_ms(data, texts):.0f} ms (wanted: 300)")
    port = free_port()
    with process([*ON_SERVER_CORE, *serve_inference(data, port)]) as child:
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: call(base + "/predict", texts["/predict"]), child)
        print(f"ceiling: {ceiling(base, args):.0f} requests/s on /health, which does nothing")
        figures = measure(base, texts, ("/predict", "/forecast", "/explain"), args)
        for path, rate in figures.items():
            p99, count = p99_ms(base + path, texts[path], rate / 2)
            print(f"{path}: p99 {p99:.2f} ms over {count} requests at half load (wanted: 1)")
        print(f"resident: {resident_mb(child.pid):.0f} MB serving (wanted: 60)")
    return figures


def gateway_figures(data, args, texts):
    with Up(data, prefix=ON_SERVER_CORE) as up:
        headers = up.sign_in()
        # Every answer waits for its commit, so more clients are needed to keep the core busy.
        figures = {"/infer/predict": wrk(up.url() + "/infer/predict", texts["/infer/predict"], args.seconds, 256, headers)}
        p99, count = p99_ms(up.url() + "/infer/predict", texts["/infer/predict"], figures["/infer/predict"] / 2, headers)
        print(f"/infer/predict: p99 {p99:.2f} ms over {count} requests at half load")
        print(f"resident: {resident_mb(up.child.pid):.0f} MB `up` (wanted: 90)")
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        data = prepare(folder)
        texts = bodies(folder)
        peer = peer_figures(folder, args, texts)
        ours = inference_figures(data, args, texts)
        ours |= gateway_figures(data, args, texts)
    failed = False
    for path, rate in ours.items():
        against = peer.get(path, peer["/predict"])
        ratio = rate / against
        failed |= ratio < TARGETS[path]
        print(f"{path}: {rate:.0f} requests/s against {against:.0f}: {ratio:.0f}x (wanted: {TARGETS[path]}x)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
