/**
 * Follows the log named by its argument, and prints its lines and the program's
 * own messages as they come.
 *
 * @module
 */

import { areLocal } from "../../../lib/tail/io/local_disk.ts";
import { DiskLogFolder } from "../../../lib/tail/io/log_folder.ts";
import { FolderEvents } from "../../../lib/tail/io/folder_events.ts";
import { LogFollower } from "../../../lib/tail/log_follower.ts";
import type { Log } from "../../../lib/log/log.ts";

const [path = ""] = Deno.args;

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const log: Log = {
  record: (severity, event, fields) =>
    say(`${severity}: ${event} ${JSON.stringify(fields ?? {})}`),
};

await using folder = new DiskLogFolder(path, log, {
  lookEveryMs: 10,
  areLocal,
  watch: FolderEvents.open,
});
await using lines = await LogFollower.begin({ folder, from: undefined, log });
say("begun");
for await (const { bytes } of lines.batches(new AbortController().signal)) {
  Deno.stdout.writeSync(bytes);
}
