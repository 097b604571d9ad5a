/** Time of {@link fixedWork} on a fast, quiet machine, in milliseconds. */
const WORK_MS = 12;
/** Time to start and end a process on such a machine, in milliseconds. */
const SPAWN_MS = 5;
/** Safety factor of waits: other programs may start to use the machine. */
const PATIENCE = 12;
/** A higher factor would give programs more time than a test has. */
const MAX_SLOWNESS = 6;
/** Maximum factor: a higher one would report a hang too late. */
const MAX_PATIENCE = 30;

/**
 * How many times slower this machine is than a fast, quiet one, measured once
 * per process; at least 1. Also counts the load average, because a busy machine
 * may be idle for the moment of the measurement.
 */
export const SLOWNESS = measureSlowness();

/**
 * The time after which a wait is surely a hang. It is no assertion of speed:
 * tests compare speed with something else in the same run.
 *
 * @param ms Longest duration on a quiet machine, in milliseconds.
 * @returns Milliseconds for this machine, with a safety factor.
 */
export function deadline(ms: number): number {
  return Math.ceil(ms * Math.min(SLOWNESS * PATIENCE, MAX_PATIENCE));
}

/**
 * A signal that ends a hanging wait.
 *
 * @param ms Longest duration on a quiet machine, in milliseconds.
 */
export function deadlineSignal(ms: number): AbortSignal {
  return AbortSignal.timeout(deadline(ms));
}

/**
 * An interval of a program under test that must pass, but not merely because
 * the program waits for the CPU, in milliseconds.
 *
 * @param ms The interval on a fast, quiet machine.
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

/** CPU work that the compiler can't remove. */
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

/** Load average of the last minute per CPU. */
function load(): number {
  const [lastMinute = 0] = Deno.loadavg();
  return lastMinute / navigator.hardwareConcurrency;
}

function spawn(): void {
  new Deno.Command("true", { stdout: "null", stderr: "null" }).outputSync();
}
