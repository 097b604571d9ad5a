import { waitUntil } from "./wait_until.ts";

/**
 * Runs scenarios at the same time, each a step with a name of its own: most of
 * them wait most of the time. The test around them watches over what they open.
 */
export async function sideBySide(
  t: Deno.TestContext,
  scenarios: Readonly<Record<string, () => Promise<void>>>,
): Promise<void> {
  const results = await Promise.all(
    Object.entries(scenarios).map(([name, fn]) =>
      t.step({
        name,
        fn,
        sanitizeExit: false,
        sanitizeOps: false,
        sanitizeResources: false,
      })
    ),
  );
  if (results.includes(false)) throw new Error("A scenario failed");
}

/** Lets so many milliseconds pass: a moment that a test chose. */
export async function pass(ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  await waitUntil(() => performance.now() >= endMs, {
    what: "the moment",
    timeoutMs: ms + 60_000,
  });
}
