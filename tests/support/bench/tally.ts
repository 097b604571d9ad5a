/** What was sent, and what came of it. */
export interface Tally {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly doubled: number;
}

/** Counts what of `sent` is in `received`, and how often too often. */
export function tally(
  sent: readonly string[],
  received: readonly string[],
): Tally {
  const distinct = new Set(received);
  return {
    sent: sent.length,
    received: received.length,
    lost: sent.filter((item) => !distinct.has(item)).length,
    doubled: received.length - distinct.size,
  };
}

/** Writes figures where a reader of the test's output finds them. */
export function report(what: string, figures: object): void {
  const text = Object.entries(figures).map(([name, value]) =>
    `${name} ${value}`
  ).join(", ");
  Deno.stdout.writeSync(new TextEncoder().encode(`    ${what}: ${text}\n`));
}
