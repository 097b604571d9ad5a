/**
 * `deno task soak`: three hosts and a hub in networks of their own, each host
 * with a real fail2ban and nftables, five bans a second, and a fault every 20
 * seconds. At the end tables, firewalls and fail2bans must agree.
 *
 * ```
 * deno task soak [--minutes N] [--seed N]
 * ```
 *
 * Takes root, and Debian's fail2ban, nftables and iproute2.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { runSoak } from "../tests/support/soak/soak.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";

const USAGE = "usage: soak [--minutes N] [--seed N]";
const DEFAULT_MINUTES = 120;
const PARTS = ["fail2ban", "mountns", "netns", "nftables"] as const;
/** Memory that a program never needs for this many bans, in MiB. */
const MAX_MIB = 400;
/**
 * Growth that counts as none, in MiB an hour; processes observed for less than
 * {@link FLAT_AFTER_S} are ignored.
 */
const FLAT_MIB_PER_HOUR = 30;
const FLAT_AFTER_S = 1_800;

async function say(line: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
}

/** A whole number above 0, or `undefined`. */
function count(text: unknown, usual: number): number | undefined {
  if (text === undefined) return usual;
  if (typeof text !== "string") return undefined;
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

/** Runs the program. @returns The exit code: 1 when a check failed. */
export async function main(args: readonly string[]): Promise<number> {
  let isKnown = true;
  const { minutes: minutesText, seed: seedText } = parseArgs([...args], {
    string: ["minutes", "seed"],
    unknown: () => isKnown = false,
  });
  const chance = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  const minutes = count(minutesText, DEFAULT_MINUTES);
  const seed = count(seedText, chance);
  if (!isKnown || minutes === undefined || seed === undefined) {
    await say(USAGE);
    return 2;
  }
  const missing = PARTS.filter((part) => !isInstalled(part));
  if (missing.length > 0) {
    await say(`soak: error: it takes root and ${missing.join(", ")}`);
    return 2;
  }
  await say(`soak: ${minutes} minutes, seed ${seed}`);
  const lines: Promise<void>[] = [];
  const { memory, troubles, ...figures } = await runSoak({
    minutes,
    seed,
    say: (line) => lines.push(say(line)),
  });
  await Promise.all(lines);
  await say(`soak: ${JSON.stringify(figures)}`);
  const wrong = [...troubles];
  for (const [name, course] of memory) {
    await say(`soak: memory: ${name}: ${JSON.stringify(course)}`);
    const { mostMib, seconds, mibPerHour } = course;
    const grows = seconds >= FLAT_AFTER_S && mibPerHour !== null &&
      mibPerHour > FLAT_MIB_PER_HOUR;
    if (mostMib > MAX_MIB) wrong.push(`${name} had ${mostMib} MiB`);
    if (grows) wrong.push(`${name} grows by ${mibPerHour} MiB an hour`);
  }
  for (const each of wrong) await say(`soak: wrong: ${each}`);
  await say(wrong.length === 0 ? "soak: ok" : `soak: failed, seed ${seed}`);
  return wrong.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
