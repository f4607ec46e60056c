"""Forewarn on Spark: ETL, training and scoring beyond one machine, by the same compiled kernels.

    python -m forewarn.spark etl labelled.parquet --out features --master spark://host:7077
    python -m forewarn.spark train --features features --run xgboost_calibrated --registry local:registry
    python -m forewarn.spark score table.parquet --out risks --model plant_alarm_champion --registry local:registry

A table is cut into blocks by plant unit and time; every block is given with the rows around it that its features look
at, so that what Spark computes is bit for bit what one machine would.
"""
