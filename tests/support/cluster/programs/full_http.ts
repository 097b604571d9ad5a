/**
 * Accepts HTTP connections with few file descriptors left; prints `served` or
 * `refused` for each, then `done`.
 *
 * usage: full_http.ts FILES
 *
 * @module
 */

import { RuntimeError } from "../../../../lib/base/errors.ts";
import { HttpServers } from "../../../../lib/http/io/inner_server.ts";
import { TempDir } from "../../host/temp_dir.ts";

const CONNECTIONS = 3;

await using dir = await TempDir.create();
// Like all our programs; the runtime opens the needed descriptors at the first
// time.
Deno.addSignalListener("SIGTERM", () => {});
await using servers = new HttpServers({
  answer: () => Promise.resolve(new Response()),
  isKnown: () => true,
  limits: {
    ...{ idleMs: 60_000, totalMs: 60_000 },
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

/** A refused connection ends at once, instead of hanging. */
async function outcome(): Promise<string> {
  try {
    const connection = await servers.connect(dir.path("http"), "127.0.0.1");
    const ended = connection.read(new Uint8Array(1)).then(() => "ended");
    const later = new Promise<string>((resolve) =>
      setTimeout(() => resolve("served"), 100)
    );
    return await Promise.race([ended, later]);
  } catch (error) {
    if (error instanceof RuntimeError) return "refused";
    throw error;
  }
}
