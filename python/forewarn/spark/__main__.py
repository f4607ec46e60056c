"""The command line of the Spark jobs: etl, train, score."""

from __future__ import annotations

import argparse
import json
import os
import sys

import forewarn

_CONF = "a Spark setting, KEY=VALUE; may be given again"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m forewarn.spark", description="Forewarn's steps on Spark.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="etl|train|score")

    def add(name: str, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help)
        command.add_argument("--plant", default="gas-treatment", help="a plant by name, or its file")
        command.add_argument("--master", default=os.environ.get("SPARK_MASTER", "local[*]"), help="Spark's master")
        command.add_argument("--conf", action="append", default=[], help=_CONF)
        command.add_argument("--json", action="store_true", help="the result as JSON")
        return command

    etl = add("etl", "features of a labelled table")
    etl.add_argument("input", metavar="IN", help="labelled table: Parquet or CSV, a file or a folder")
    etl.add_argument("--out", required=True, help="where features go: a folder, file: or s3: URI")
    _block_options(etl)
    etl.add_argument("--smote-limit", type=int, default=20_000, help="minority rows beyond which none are synthesised")
    etl.add_argument("--no-windows", action="store_true", help="leave out the forecasters' windows")
    etl.add_argument("--seed", type=int, default=42)

    train = add("train", "one boosted run, grown by XGBoost on Spark")
    train.add_argument("--features", required=True, help="a feature set of `etl`")
    train.add_argument("--run", default="xgboost_calibrated", help="a run of the plant: xgboost_calibrated, forecaster_3h, …")
    train.add_argument("--workers", type=int, default=2, help="tasks that grow trees together")
    train.add_argument("--registry", help="local:DIR or http://host:5000: where the model is registered")
    train.add_argument("--out", help="a folder to write the model to")
    train.add_argument("--seed", type=int, default=42)

    score = add("score", "a model's say on every row of a table")
    score.add_argument("input", metavar="IN", help="table: Parquet or CSV, a file or a folder")
    score.add_argument("--out", required=True, help="folder for the scored table")
    score.add_argument("--model", required=True, help="NAME[@alias|:version] with --registry, else a model's folder")
    score.add_argument("--registry", help="local:DIR or http://host:5000")
    _block_options(score)
    return parser


def _block_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--by", help="column that names the plant unit a row is of; each has its own timeline")
    command.add_argument("--block-rows", type=int, default=100_000, help="rows of a block, one task each")


def _etl(args: argparse.Namespace, spark) -> dict:
    from .etl import EtlOptions, run_etl

    options = EtlOptions(by=args.by, block_rows=args.block_rows, smote_limit=args.smote_limit, seed=args.seed,
                         windows=not args.no_windows)
    manifest = run_etl(spark, args.input, args.out, forewarn.Plant.load(args.plant), options)
    return {key: manifest[key] for key in ("run", "plant", "rows", "units", "smote", "notes", "input", "input_digest")}


def _train(args: argparse.Namespace, spark) -> dict:
    from .train import TrainOptions, register, run_train

    trained = run_train(spark, args.features, forewarn.Plant.load(args.plant),
                        TrainOptions(run=args.run, workers=args.workers, seed=args.seed))
    registered = []
    if args.out:
        trained.model.save(args.out)
    if args.registry:
        registered = register(trained, forewarn.Registry(args.registry), args.features)
    return {"run": args.run, "registered": registered, "out": args.out, "metrics": trained.metrics,
            "notes": trained.notes, "seconds": round(trained.seconds, 1)}


def _score(args: argparse.Namespace, spark) -> dict:
    from .score import ScoreOptions, run_score

    model = forewarn.Model.load(args.model, registry=args.registry, plant=forewarn.Plant.load(args.plant))
    return run_score(spark, args.input, args.out, model, ScoreOptions(by=args.by, block_rows=args.block_rows))


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    if args.command == "train" and not (args.registry or args.out):
        print("forewarn.spark train: give --registry or --out, or the model is lost", file=sys.stderr)
        return 2
    try:
        from .session import open_session

        spark = open_session(f"forewarn {args.command}", args.master, args.conf)
    except (ImportError, ValueError) as failure:
        print(f"forewarn.spark: {failure}", file=sys.stderr)
        return 2
    try:
        result = {"etl": _etl, "train": _train, "score": _score}[args.command](args, spark)
    except Exception as failure:
        print(f"forewarn.spark {args.command}: {_reason(failure)}", file=sys.stderr)
        return 1
    finally:
        spark.stop()
    print(json.dumps(result, ensure_ascii=False) if args.json else _text(result))
    return 0


def _reason(failure: Exception) -> str:
    """One line: of a failure inside a task, the sentence our own exception carried."""
    text = str(failure)
    for line in reversed(text.splitlines()):
        head, found, tail = line.strip().partition(": ")
        if found and head.startswith("forewarn.errors."):
            return tail
    return text.splitlines()[0] if text else type(failure).__name__


def _text(result: dict) -> str:
    return "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value}"
                     for key, value in result.items() if value not in (None, [], {}))


if __name__ == "__main__":
    sys.exit(main())
