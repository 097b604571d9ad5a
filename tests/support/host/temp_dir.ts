/** A temporary folder, removed with its content when disposed. */
export class TempDir implements AsyncDisposable {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async create(): Promise<TempDir> {
    return new TempDir(await Deno.makeTempDir({ prefix: "f2bc_" }));
  }

  /** The path of a name in the folder, or of the folder itself. */
  path(name?: string): string {
    return name === undefined ? this.#dir : `${this.#dir}/${name}`;
  }

  /**
   * Writes a file with exactly this mode.
   *
   * @returns Its path.
   */
  async write(name: string, text: string, mode = 0o600): Promise<string> {
    const path = this.path(name);
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, mode);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}
