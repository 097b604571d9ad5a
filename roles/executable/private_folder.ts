/**
 * Runs before a compiled program's own modules: gives it a folder of its own for
 * the native code that the runtime unpacks. The runtime's own choice is a name in
 * `TMPDIR` that others can foresee: a folder of that name, or a `package.json`
 * beside it, would keep the program from starting.
 *
 * @module
 */

import process from "node:process";

const NAME = "fail2ban-cluster-";
const RUNTIME_ERROR = 4;
const ENCODER = new TextEncoder();

/** Where to make one: a program in the background is started by one that has its own. */
function commonFolder(): string {
  const folder = Deno.env.get("TMPDIR") ?? "";
  const [common = ""] = folder.split(`/${NAME}`, 1);
  return common === "" ? "/tmp" : common;
}

function refuse(dir: string, error: Error): never {
  const program = process.argv0.split("/").at(-1) ?? "";
  const lines = [
    `error: cannot make a folder in ${dir}: ${error.message}`,
    "hint: set TMPDIR to a folder that this user may write, not mounted noexec",
  ];
  const text = lines.map((line) => `${program}: ${line}\n`).join("");
  Deno.stderr.writeSync(ENCODER.encode(text));
  Deno.exit(RUNTIME_ERROR);
}

/** Whoever cleans up what is temporary may have been there before. */
function remove(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function begin(): void {
  const common = commonFolder();
  try {
    const folder = Deno.makeTempDirSync({ dir: common, prefix: NAME });
    Deno.env.set("TMPDIR", folder);
    globalThis.addEventListener("unload", () => remove(folder));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    refuse(common, error);
  }
}

begin();
