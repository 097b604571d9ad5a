/** Sent messages compared with the received ones. */
export interface Tally {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly doubled: number;
}

/** Counts which sent messages were received, and how many extra times. */
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

/** Prints figures in the test's output. */
export function report(what: string, figures: object): void {
  const text = Object.entries(figures).map(([name, value]) =>
    `${name} ${value}`
  ).join(", ");
  Deno.stdout.writeSync(new TextEncoder().encode(`    ${what}: ${text}\n`));
}
