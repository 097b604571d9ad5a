/**
 * A publisher that measures the lag of its event loop.
 *
 * usage: lag_of_publisher.ts FILE COMMAND... roles/publisher.ts ARGUMENT...
 *
 * At its end it writes a line per measurement to FILE: time in milliseconds
 * since 1970, and lag in milliseconds.
 *
 * @module
 */

import { main } from "../../roles/publisher.ts";

/** Interval between measurements; shorter delays are not detected. */
const LOOK_EVERY_MS = 2;

const [path = "", ...command] = Deno.args;
const looks: string[] = [];
let lastMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  const lateMs = Math.max(0, nowMs - lastMs - LOOK_EVERY_MS);
  lastMs = nowMs;
  looks.push(`${Date.now()} ${lateMs.toFixed(2)}`);
}, LOOK_EVERY_MS);
const at = command.findIndex((word) => word.endsWith("roles/publisher.ts"));
const status = await main(command.slice(at + 1));
Deno.writeTextFileSync(path, `${looks.join("\n")}\n`);
Deno.exit(status);
