/**
 * Stores a real fail2ban's output in the formats of other programs, where these
 * are missing: byte for byte like docker 20.10's json-file driver, `docker
 * compose logs` and containerd.
 *
 * @module
 */

/** The format of the output. */
export type Keeper = "docker json-file" | "docker compose" | "containerd";

/** Length at which docker and containerd split lines, in bytes. */
export const MAX_KEPT_BYTES = 16_384;

/** Writes lines of output to a file as they arrive. */
export class KeptOutput {
  readonly path: string;
  readonly #keeper: Keeper;

  /**
   * @param path The file; created if missing.
   * @param keeper The format.
   */
  constructor(path: string, keeper: Keeper) {
    this.path = path;
    this.#keeper = keeper;
    this.#append("");
  }

  /** Writes a line. */
  keep(line: string): void {
    const bytes = new TextEncoder().encode(line);
    const decoder = new TextDecoder();
    let from = 0;
    // docker and containerd store 16 KiB without a line end as a partial line.
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

/** Escapes like Go's JSON encoder for HTML. */
function escaped(record: Readonly<Record<string, string>>): string {
  return JSON.stringify(record).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
