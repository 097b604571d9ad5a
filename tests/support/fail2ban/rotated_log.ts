/** A log in its own folder, with all kinds of rotation. */
export class RotatedLog implements AsyncDisposable {
  readonly path: string;
  /** All complete lines written, in order, without line ends. */
  readonly written: string[] = [];
  readonly #folder: string;
  #count = 0;
  #half = "";

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = `${folder}/fail2ban.log`;
  }

  static async create(): Promise<RotatedLog> {
    return new RotatedLog(await Deno.makeTempDir({ prefix: "f2bc_" }));
  }

  /** A log in an existing folder, which is removed like its own. */
  static createIn(folder: string): Promise<RotatedLog> {
    return Promise.resolve(new RotatedLog(folder));
  }

  /** Appends lines, after the rest of a partial line. */
  async append(lines: number, path = this.path): Promise<void> {
    const texts = Array.from({ length: lines }, () => this.#nextLine());
    const half = this.#half;
    this.#half = "";
    if (half !== "") texts.unshift(half);
    this.written.push(...texts);
    const text = texts.map((line) => `${line}\n`).join("");
    const rest = half === "" ? text : text.slice(HALF_BYTES);
    await Deno.writeTextFile(path, rest, { append: true });
  }

  /** Writes a partial line; the next `append` completes it. */
  async appendHalf(): Promise<void> {
    if (this.#half !== "") return;
    this.#half = this.#nextLine();
    await Deno.writeTextFile(this.path, this.#half.slice(0, HALF_BYTES), {
      append: true,
    });
  }

  /** Completes a partial line. */
  async finish(): Promise<void> {
    if (this.#half !== "") await this.append(0);
  }

  /** Renames the log and all older files, without creating a new log. */
  async rename(): Promise<void> {
    await this.finish();
    await this.#shift();
    await renameIfThere(this.path, `${this.path}.1`);
  }

  async renameAndCreate(): Promise<void> {
    await this.rename();
    await this.createEmpty();
  }

  async createEmpty(): Promise<void> {
    await Deno.writeTextFile(this.path, "", { append: true });
  }

  /** Rotates while the writer still writes to the renamed file. */
  async renameWithLateWrites(): Promise<void> {
    await this.createEmpty();
    await this.renameAndCreate();
    await this.append(2, `${this.path}.1`);
  }

  async copyAndTruncate(): Promise<void> {
    await this.finish();
    await this.createEmpty();
    await this.#shift();
    await Deno.copyFile(this.path, `${this.path}.1`);
    await Deno.truncate(this.path);
  }

  /**
   * Compresses the last rotated file, like logrotate. Skips an empty file:
   * without a line it has no fingerprint, so a reader can't tell it from
   * others.
   */
  async compress(): Promise<void> {
    const path = `${this.path}.1`;
    const info = await Deno.stat(path).catch(unlessMissing);
    if (info === undefined || info.size === 0) return;
    await new Deno.Command("gzip", { args: [path] }).output();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #shift(): Promise<void> {
    for (let count = MAX_ROTATIONS; count > 1; count--) {
      const [from, to] = [count - 1, count].map((at) => `${this.path}.${at}`);
      await renameIfThere(`${from}`, `${to}`);
      await renameIfThere(`${from}.gz`, `${to}.gz`);
    }
  }

  #nextLine(): string {
    return `line ${++this.#count} of the log`;
  }
}

const HALF_BYTES = 7;
const MAX_ROTATIONS = 40;

async function renameIfThere(from: string, to: string): Promise<void> {
  await Deno.rename(from, to).catch(unlessMissing);
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
