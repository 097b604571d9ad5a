import { deepStrictEqual, ok } from "node:assert/strict";
import { InnerFolder } from "../../../lib/front/io/inner_folder.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const NAME = "fail2ban-publisher-";

/** A folder for temporary files; it is this process's until disposed. */
class Temporary implements AsyncDisposable {
  readonly dir: TempDir;
  readonly #before = Deno.env.get("TMPDIR");
  readonly #listeners: Deno.Listener[] = [];

  private constructor(dir: TempDir) {
    this.dir = dir;
    Deno.env.set("TMPDIR", dir.path());
  }

  static async create(): Promise<Temporary> {
    return new Temporary(await TempDir.create());
  }

  /** What a process leaves that was killed: nobody holds the lock. */
  async leave(name: string, mode = 0o700): Promise<void> {
    const path = this.dir.path(name);
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/lock`, "");
    // Deno removes a socket's file when it closes it.
    const listener = Deno.listen({ transport: "unix", path: `${path}/port` });
    this.#listeners.push(listener);
    await Deno.chmod(path, mode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", this.#before);
    for (const listener of this.#listeners) listener.close();
    await this.dir[Symbol.asyncDispose]();
  }
}

function namesIn(path: string): readonly string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).toSorted();
}

Deno.test("InnerFolder removes what dead processes left, and leaves what living ones have", async () => {
  await using place = await Temporary.create();
  const { dir } = place;
  using living = new InnerFolder();
  await place.leave(`${NAME}00ff`);
  using folder = new InnerFolder();
  deepStrictEqual(
    namesIn(dir.path()).map((name) => dir.path(name)),
    [living.pathOf(""), folder.pathOf("")].map((path) => path.slice(0, -1))
      .toSorted(),
  );
});

Deno.test("InnerFolder removes nothing that is not of its own kind, whatever it is called", async () => {
  await using place = await Temporary.create();
  const { dir } = place;
  const precious = dir.path("precious");
  await place.leave("precious");
  await place.leave(`${NAME}not-ours`);
  await place.leave(`${NAME}0001`, 0o755);
  await place.leave(`${NAME}0002`);
  await dir.write(`${NAME}0002/notes`, "somebody's");
  await Deno.mkdir(dir.path(`${NAME}0003`), { mode: 0o700 });
  await Deno.symlink(precious, dir.path(`${NAME}0004`));
  await dir.write(`${NAME}0005`, "a file");
  if (Deno.uid() === 0) {
    await place.leave(`${NAME}0006`);
    await Deno.chown(dir.path(`${NAME}0006`), 65_534, 65_534);
  }
  const before = namesIn(dir.path());
  new InnerFolder()[Symbol.dispose]();
  deepStrictEqual(namesIn(dir.path()), before);
  deepStrictEqual(namesIn(precious), ["lock", "port"]);
  await Deno.chmod(dir.path(`${NAME}0001`), 0o700);
});

Deno.test("InnerFolder does not mind that it is gone when it is disposed of", async () => {
  await using place = await Temporary.create();
  const folder = new InnerFolder();
  const path = folder.pathOf("controlPort-1");
  await Deno.remove(folder.pathOf(""), { recursive: true });
  folder.remove(path);
  folder[Symbol.dispose]();
  deepStrictEqual(namesIn(place.dir.path()), []);
});

Deno.test("many InnerFolders that begin at the same time all have theirs", async () => {
  await using place = await Temporary.create();
  const program = `import { InnerFolder } from "${new URL(
    "../../../lib/front/io/inner_folder.ts",
    import.meta.url,
  )}";
    for (let count = 0; count < 50; count++) {
      using folder = new InnerFolder();
      Deno.listen({ transport: "unix", path: folder.pathOf("s") }).close();
    }`;
  const outputs = await Promise.all(
    Array.from({ length: 4 }, () =>
      new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-check", program],
        stderr: "piped",
      }).output()),
  );
  for (const { success, stderr } of outputs) {
    ok(success, new TextDecoder().decode(stderr));
  }
  deepStrictEqual(namesIn(place.dir.path()), []);
});
