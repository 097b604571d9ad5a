/**
 * Runs before a compiled program's own modules: creates a private folder for
 * the native code that the runtime unpacks. The runtime's own folder in
 * `TMPDIR` has a predictable name: a folder of that name, or a `package.json`
 * beside it, would prevent the program from starting.
 *
 * @module
 */

import process from "node:process";

const NAME = "fail2ban-cluster-";
const RUNTIME_ERROR = 4;
const ENCODER = new TextEncoder();

/**
 * The folder in which to create it: a background program inherits its starter's
 * private folder.
 */
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

/** A cleanup of temporary files may have removed it already. */
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
