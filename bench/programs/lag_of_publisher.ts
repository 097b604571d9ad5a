/**
 * A publisher that looks how late its event loop is.
 *
 * usage: lag_of_publisher.ts FILE COMMAND... roles/publisher.ts ARGUMENT...
 *
 * When it ends, FILE has a line for each look: when it was, in milliseconds
 * since 1970, and how late, in milliseconds.
 *
 * @module
 */

import { main } from "../../roles/publisher.ts";

/** Between two looks; a loop that is held up shorter is not found out. */
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
