/** A fast, quiet machine does {@link fixedWork} in this time, in milliseconds. */
const WORK_MS = 12;
/** It starts and ends a process in this time. */
const SPAWN_MS = 5;
/** How many times as long as on a fast, quiet machine a wait may take: others may come to use the machine. */
const PATIENCE = 12;
/** Above this programs would be given more time than a test has. */
const MAX_SLOWNESS = 6;
/** So many times as long at most: above this a hang would be told of too late. */
const MAX_PATIENCE = 30;

/**
 * How many times as long as a fast, quiet machine this one takes, measured once
 * a process; at least 1. A moment's work may find a busy machine idle, so it
 * counts how many have been waiting for each processor, too.
 */
export const SLOWNESS = measureSlowness();

/**
 * Until when a wait is surely a hang. It is no assertion: what must be fast is
 * compared with something else in the same run.
 *
 * @param ms Milliseconds that what is waited for may take on a quiet machine.
 * @returns Milliseconds for this machine, with room for whoever else uses it.
 */
export function deadline(ms: number): number {
  return Math.ceil(ms * Math.min(SLOWNESS * PATIENCE, MAX_PATIENCE));
}

/**
 * A signal that ends a hang.
 *
 * @param ms Milliseconds as for {@link deadline}.
 */
export function deadlineSignal(ms: number): AbortSignal {
  return AbortSignal.timeout(deadline(ms));
}

/**
 * Milliseconds for a time of a program under test that must pass, and that
 * must not pass by mistake while the program only waits for the processor.
 *
 * @param ms What would do on a fast, quiet machine.
 */
export function scaled(ms: number): number {
  return Math.ceil(ms * SLOWNESS);
}

function measureSlowness(): number {
  const slowness = Math.max(
    elapsedMs(fixedWork) / WORK_MS,
    maySpawn() ? elapsedMs(spawn) / SPAWN_MS : 1,
    mayAskForLoad() ? load() : 1,
  );
  return Math.min(MAX_SLOWNESS, Math.max(1, slowness));
}

function elapsedMs(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

/** Work for the processor whose result nobody can leave out. */
function fixedWork(): void {
  let state = 1;
  for (let round = 0; round < 3_000_000; round++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + round | 0;
  }
  if (state === 0) throw new Error("The work was left out");
}

function maySpawn(): boolean {
  return Deno.permissions.querySync({ name: "run", command: "true" }).state ===
    "granted";
}

function mayAskForLoad(): boolean {
  return Deno.permissions.querySync({ name: "sys", kind: "loadavg" }).state ===
    "granted";
}

/** How many want to run, for each processor, in the last minute. */
function load(): number {
  const [lastMinute = 0] = Deno.loadavg();
  return lastMinute / navigator.hardwareConcurrency;
}

function spawn(): void {
  new Deno.Command("true", { stdout: "null", stderr: "null" }).outputSync();
}
