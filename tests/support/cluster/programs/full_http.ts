/**
 * Asks over HTTP connections with few file descriptors left; prints for each
 * whether it was `served`, `ended` or `refused`, then `done`.
 *
 * usage: full_http.ts FILES
 *
 * @module
 */

import { RuntimeError } from "../../../../lib/base/errors.ts";
import { HttpServers } from "../../../../lib/http/io/inner_server.ts";
import { TempDir } from "../../host/temp_dir.ts";
import { untilSettled } from "../../host/wait_until.ts";

const CONNECTIONS = 3;
/** Longer than the wait for an answer: no limit ends a connection that hangs. */
const LASTS_MS = 3_600_000;
const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

await using dir = await TempDir.create();
// Like all our programs; the runtime opens the needed descriptors at the first
// time.
Deno.addSignalListener("SIGTERM", () => {});
await using servers = new HttpServers({
  answer: () => Promise.resolve(new Response()),
  isKnown: () => true,
  limits: {
    ...{ idleMs: LASTS_MS, totalMs: LASTS_MS },
    ...{ maxRequests: 1, maxOfStrangers: 1 },
  },
});
const open = allFiles();
for (const file of open.splice(0, Number(Deno.args[0]))) file.close();
for (let times = 0; times < CONNECTIONS; times++) {
  say(await outcome());
}
for (const file of open) file.close();
say("done");

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Opens files up to the limit. */
function allFiles(): Deno.FsFile[] {
  const files: Deno.FsFile[] = [];
  while (true) {
    try {
      files.push(Deno.openSync("/dev/null"));
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      return files;
    }
  }
}

/** A connection that is not served ends, instead of hanging. */
async function outcome(): Promise<string> {
  try {
    const connection = await servers.connect(dir.path("http"), "127.0.0.1");
    await connection.write(REQUEST);
    const reading = connection.read(new Uint8Array(1));
    const count = await untilSettled(reading, { what: "an answer or the end" });
    return count > 0 ? "served" : "ended";
  } catch (error) {
    if (error instanceof RuntimeError) return "refused";
    throw error;
  }
}
