"""Event metrics: what warnings are worth to an operator.

An event is a run of alarm rows, runs less than `merge_hours` apart are one. A warning rises where the score reaches
the threshold and falls below `release` times it; it is true if an event starts within `reach_hours`.
"""

from ._native import find_events, find_warnings, judge_warnings, threshold_for_budget

__all__ = ["find_events", "find_warnings", "judge_warnings", "threshold_for_budget"]
