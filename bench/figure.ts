/**
 * Figures compared with the machine's limits: the rows of the last table of
 * `deno task bench`, and the check against the goals.
 *
 * @module
 */

/** A figure of ours with the machine's best. Less is always better. */
export interface Figure {
  /** The measured thing; unique among all figures. */
  readonly what: string;
  /** Ours. */
  readonly ours: number;
  /** The limit: measured in the same run, or a fixed bound. Above 0. */
  readonly limit: number;
  /** The kind of limit: `grep`, `a bare table`, `a bound`. */
  readonly limitIs: string;
  /** The unit of both values: `us of CPU`, `ms`, `bytes`. */
  readonly unit: string;
  /** The highest ratio of ours to the limit that meets the goal. */
  readonly goal: number;
}

/**
 * A figure that was not measured, with the reason: it needs a million bans, or
 * `nft`.
 */
export interface Omission {
  readonly what: string;
  readonly why: string;
}

/** A result of a benchmark. */
export type Outcome = Figure | Omission;

/**
 * Machines are noisy: only a ratio above this multiple of its goal is a
 * failure.
 */
const TOLERANCE = 4;
const MAX_TRIES = 3;

/**
 * The ratio of ours to the limit.
 *
 * @throws {RangeError} If the limit is not above 0.
 */
export function ratioOf({ what, ours, limit }: Figure): number {
  if (!(limit > 0)) throw new RangeError(`No limit of "${what}": ${limit}`);
  return ours / limit;
}

/** Whether a figure is too far from its goal for noise, or is not a number. */
export function isFarOver(outcome: Outcome): boolean {
  if (!("ours" in outcome)) return false;
  return !(ratioOf(outcome) <= TOLERANCE * outcome.goal);
}

/**
 * Measures, and repeats up to three times while a figure is far over its goal.
 * The best try of each figure counts: the others are the machine's noise.
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

/** Three significant digits, without an exponent. */
function shown(value: number): string {
  return Number.isFinite(value)
    ? String(Number(value.toPrecision(3)))
    : String(value);
}
