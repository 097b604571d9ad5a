import { waitUntil } from "./wait_until.ts";

/**
 * Runs scenarios concurrently as named steps, because they mostly wait. The
 * sanitizers of the enclosing test cover them.
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

/** Lets a time pass that the test chose. */
export async function pass(ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  await waitUntil(() => performance.now() >= endMs, {
    what: "the moment",
    timeoutMs: ms + 60_000,
  });
}
