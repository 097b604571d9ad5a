/**
 * Kinds of damage to a state file.
 *
 * @module
 */

/** A kind of damage. */
export type Damage = "empty" | "garbage" | "cut" | "folder" | "pipe";

/** All kinds. */
export const DAMAGES: readonly Damage[] = [
  "empty",
  "garbage",
  "cut",
  "folder",
  "pipe",
];

const GARBAGE = new Uint8Array(5_000).map((_, at) => (at * 131 + 7) & 0xff);
/** The partial content for a missing file: the beginning of many formats. */
const BEGUN = '{"version":1,';

/** Damages a file, whether it exists or not. */
export async function damageFile(path: string, damage: Damage): Promise<void> {
  const before = await Deno.readFile(path).catch(() => undefined);
  await Deno.remove(path, { recursive: true }).catch(() => {});
  switch (damage) {
    case "empty":
      return await Deno.writeFile(path, new Uint8Array(), { mode: 0o600 });
    case "garbage":
      return await Deno.writeFile(path, GARBAGE, { mode: 0o600 });
    case "cut": {
      const whole = before ?? new TextEncoder().encode(BEGUN);
      const half = whole.subarray(0, Math.ceil(whole.length / 2));
      return await Deno.writeFile(path, half, { mode: 0o600 });
    }
    case "folder":
      await Deno.mkdir(path);
      return await Deno.writeTextFile(`${path}/inside`, "not ours");
    case "pipe": {
      const made = await new Deno.Command("mkfifo", { args: [path] }).output();
      if (!made.success) throw new Error(`No pipe at ${path}`);
    }
  }
}
