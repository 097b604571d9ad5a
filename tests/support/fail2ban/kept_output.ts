/**
 * Keeps a real fail2ban's output in a file as others do, where they can't be
 * had: byte for byte as docker 20.10's driver json-file, `docker compose logs`
 * and containerd write it.
 *
 * @module
 */

/** Who keeps the output. */
export type Keeper = "docker json-file" | "docker compose" | "containerd";

/** docker and containerd cut lines that are longer, in bytes. */
export const MAX_KEPT_BYTES = 16_384;

/** Writes lines of output into a file, each as it comes. */
export class KeptOutput {
  readonly path: string;
  readonly #keeper: Keeper;

  /**
   * @param path The file; made if missing.
   * @param keeper In whose form.
   */
  constructor(path: string, keeper: Keeper) {
    this.path = path;
    this.#keeper = keeper;
    this.#append("");
  }

  /** Keeps a line. */
  keep(line: string): void {
    const bytes = new TextEncoder().encode(line);
    const decoder = new TextDecoder();
    let from = 0;
    // Who reads 16 KiB and finds no end of a line keeps them without one.
    for (; bytes.length - from >= MAX_KEPT_BYTES; from += MAX_KEPT_BYTES) {
      const part = bytes.subarray(from, from + MAX_KEPT_BYTES);
      this.#append(this.#recordOf(decoder.decode(part), false));
    }
    this.#append(this.#recordOf(decoder.decode(bytes.subarray(from)), true));
  }

  #recordOf(text: string, isWhole: boolean): string {
    const stamp = new Date().toISOString().replace("Z", "123456Z");
    switch (this.#keeper) {
      case "docker json-file": {
        const log = isWhole ? `${text}\n` : text;
        return `${escaped({ log, stream: "stdout", time: stamp })}\n`;
      }
      case "docker compose":
        return isWhole ? `fail2ban-1  | ${text}\n` : `fail2ban-1  | ${text}`;
      case "containerd":
        return `${stamp} stdout ${isWhole ? "F" : "P"} ${text}\n`;
    }
  }

  #append(text: string): void {
    Deno.writeTextFileSync(this.path, text, { append: true });
  }
}

/** As Go does it for JSON that may come into HTML. */
function escaped(record: Readonly<Record<string, string>>): string {
  return JSON.stringify(record).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
