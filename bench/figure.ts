/**
 * What is measured, beside the limit of the machine: the rows of the table that
 * closes `deno task bench`, and when a benchmark is far from its goal.
 *
 * @module
 */

/** A figure of ours, and what the machine does at best. Less is better in all of them. */
export interface Figure {
  /** What was measured; no two figures have the same. */
  readonly what: string;
  /** Ours. */
  readonly ours: number;
  /** The limit: measured in the same run, or a bound that was set. Above 0. */
  readonly limit: number;
  /** What the limit is: `grep`, `a bare table`, `a bound`. */
  readonly limitIs: string;
  /** The unit of both: `us of CPU`, `ms`, `bytes`. */
  readonly unit: string;
  /** How many times the limit ours may be. */
  readonly goal: number;
}

/** What was not measured, and why: it needs a million bans, or `nft`. */
export interface Omission {
  readonly what: string;
  readonly why: string;
}

/** What a benchmark gives. */
export type Outcome = Figure | Omission;

/** Machines are noisy: only a ratio above so many times its goal is a failure. */
const TOLERANCE = 4;
const MAX_TRIES = 3;

/**
 * How many times the limit ours is.
 *
 * @throws {RangeError} If the limit is not above 0.
 */
export function ratioOf({ what, ours, limit }: Figure): number {
  if (!(limit > 0)) throw new RangeError(`No limit of "${what}": ${limit}`);
  return ours / limit;
}

/** Whether it is so far from its goal that noise can't be why. A figure that is no number is. */
export function isFarOver(outcome: Outcome): boolean {
  if (!("ours" in outcome)) return false;
  return !(ratioOf(outcome) <= TOLERANCE * outcome.goal);
}

/**
 * Measures, and again where something is far over its goal, three times at
 * most. Of each figure the best try counts: the others were the machine's.
 *
 * @param measure A benchmark.
 */
export async function bestTry(
  measure: () => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  let best = await measure();
  for (let tries = 1; tries < MAX_TRIES && best.some(isFarOver); tries++) {
    best = better(best, await measure());
  }
  return best;
}

function better(
  before: readonly Outcome[],
  now: readonly Outcome[],
): readonly Outcome[] {
  return before.map((old) => {
    const again = now.find(({ what }) => what === old.what);
    return again !== undefined && isLess(again, old) ? again : old;
  });
}

function isLess(one: Outcome, other: Outcome): boolean {
  if (!("ours" in one) || !("ours" in other)) return false;
  return Number.isNaN(other.ours) || ratioOf(one) < ratioOf(other);
}

/** The rows of the table "ours / limit / ratio / goal". */
export function tableOf(
  outcomes: readonly Outcome[],
): readonly (readonly string[])[] {
  return [
    ["", "ours", "limit", "ratio", "goal", "", "the limit is"],
    ...outcomes.map((outcome) =>
      "ours" in outcome
        ? rowOf(outcome)
        : [outcome.what, `not measured: ${outcome.why}`]
    ),
  ];
}

function rowOf(figure: Figure): readonly string[] {
  const { what, ours, limit, limitIs, unit, goal } = figure;
  return [
    what,
    `${shown(ours)} ${unit}`,
    `${shown(limit)} ${unit}`,
    shown(ratioOf(figure)),
    shown(goal),
    verdict(figure),
    limitIs,
  ];
}

function verdict(figure: Figure): string {
  if (isFarOver(figure)) return `over ${TOLERANCE} times`;
  return ratioOf(figure) <= figure.goal ? "reached" : "missed";
}

/** Three significant digits, never as a power of ten. */
function shown(value: number): string {
  return Number.isFinite(value)
    ? String(Number(value.toPrecision(3)))
    : String(value);
}
