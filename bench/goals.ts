/**
 * What is measured against a limit: a figure of ours, what the machine does
 * with the bare parts in the same run, and how near ours is to be.
 *
 * @module
 */

import { printTable } from "./figures.ts";

/** A figure of ours beside its limit. */
export interface GoalFigure {
  /** What was measured. */
  readonly what: string;
  /** Ours, in {@link GoalFigure.unit}. */
  readonly ours: number;
  /** The limit's, of the same run. */
  readonly limit: number;
  /** What the limit is. */
  readonly limitIs: string;
  /** Of both figures, such as `ms` or `events/s`. */
  readonly unit: string;
  /** What ours divided by the limit's is to be: at most, or at least where more is better. */
  readonly goal: { readonly atMost: number } | { readonly atLeast: number };
}

/** Ours divided by the limit's. */
export function ratioOf({ ours, limit }: GoalFigure): number {
  return ours / limit;
}

/** How many times further from its limit a figure is than it is to be; 1 and less: it is reached. */
export function missBy(figure: GoalFigure): number {
  const { goal } = figure;
  return "atMost" in goal
    ? ratioOf(figure) / goal.atMost
    : goal.atLeast / ratioOf(figure);
}

/** Prints ours, the limit, the ratio and the goal of each. */
export function printGoals(
  heading: string,
  figures: readonly GoalFigure[],
): void {
  printTable(heading, [
    ["", "ours", "limit", "ratio", "goal", "", ""],
    ...figures.map((figure) => [
      figure.what,
      `${rounded(figure.ours)} ${figure.unit}`,
      `${rounded(figure.limit)} ${figure.unit}`,
      ratioOf(figure).toFixed(2),
      "atMost" in figure.goal
        ? `at most ${figure.goal.atMost}`
        : `at least ${figure.goal.atLeast}`,
      missBy(figure) <= 1 ? "reached" : "missed",
      figure.limitIs,
    ]),
  ]);
}

/** Three digits that count are enough to see a difference. */
function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
