import {
  deepStrictEqual,
  match,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { parseClusterCommand } from "../../lib/cli/cluster_cli.ts";
import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../lib/store/io/sqlite_ban_store.ts";
import { BackupFolder } from "../../roles/program/backup_folder.ts";
import { VERBS } from "../../roles/program/backup_command.ts";
import { TempDir } from "../support/host/temp_dir.ts";

function typed(...words: readonly string[]) {
  const line = parseClusterCommand(words);
  if (line.kind !== "command") throw new Error("Not a command");
  return line.command;
}

/** A hub whose publisher does not run. */
class Hub implements AsyncDisposable {
  readonly dir: TempDir;

  private constructor(dir: TempDir) {
    this.dir = dir;
  }

  static async create(): Promise<Hub> {
    const hub = new Hub(await TempDir.create());
    await Deno.mkdir(`${hub.state}/members`, { recursive: true });
    SqliteBanStore.open({ path: banStorePath(hub.state) })[Symbol.dispose]();
    await Deno.mkdir(hub.path("backups"));
    return hub;
  }

  get state(): string {
    return this.path("state");
  }

  path(name: string): string {
    return this.dir.path(name);
  }

  #place(stateDir: string) {
    const config: Pick<ClusterConfig, "stateDir" | "publisherPidFile"> = {
      stateDir,
      publisherPidFile: this.path("publisher.pid"),
    };
    // All that these two commands look at.
    return {
      config: config as ClusterConfig,
      configPath: "",
      editor: { by: "test", atMs: 1_000 },
      version: "",
    };
  }

  backUp(name: string) {
    return VERBS.backup(
      typed("backup", this.path(name)),
      this.#place(this.state),
    );
  }

  restore(name: string, stateDir = this.state) {
    return VERBS.restore(
      typed("restore", this.path(name)),
      this.#place(stateDir),
    );
  }

  /** What is where backups are. */
  get backups(): readonly string[] {
    return this.namesIn("backups");
  }

  namesIn(folder: string): readonly string[] {
    return [...Deno.readDirSync(this.path(folder))].map(({ name }) => name)
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dir[Symbol.asyncDispose]();
  }
}

Deno.test("a backup is a folder that has what it is of, and nothing else", async () => {
  await using hub = await Hub.create();
  await hub.backUp("backups/one");
  deepStrictEqual(hub.backups, ["one"]);
  deepStrictEqual(
    hub.namesIn("backups/one"),
    ["publisher.sqlite3"],
  );
  strictEqual((await hub.restore("backups/one")).lines.length, 0);
  deepStrictEqual(
    hub.namesIn("state").filter((name) => name.endsWith(".new")),
    [],
  );
});

Deno.test("what an interrupted backup left is gone with the next one, and nobody else's folder is touched", async () => {
  await using hub = await Hub.create();
  await using other = await BackupFolder.begin(hub.path("backups/sunday"));
  const ended = await BackupFolder.begin(hub.path("backups/monday"));
  await Deno.writeTextFile(`${ended.path}/publisher.sqlite3`, "half");
  // As a process that is killed: its lock is gone, and its folder is not.
  await Deno.rename(ended.path, hub.path("backups/kept"));
  await ended[Symbol.asyncDispose]().catch(() => {});
  await Deno.rename(hub.path("backups/kept"), ended.path);
  await Deno.mkdir(hub.path("backups/theirs.new"));
  await Deno.writeTextFile(hub.path("backups/file.new"), "");
  deepStrictEqual(hub.backups, [
    ...["file.new", "monday.new", "sunday.new", "theirs.new"],
  ]);
  await hub.backUp("backups/tuesday");
  deepStrictEqual(hub.backups, [
    ...["file.new", "sunday.new", "theirs.new"],
    "tuesday",
  ]);
  await other.finish();
  deepStrictEqual(hub.namesIn("backups/sunday"), []);
});

Deno.test("a backup that fails leaves nothing behind", async () => {
  await using hub = await Hub.create();
  const members = `${hub.state}/members/members.json`;
  await Deno.writeTextFile(members, "{", { mode: 0o600 });
  await rejects(hub.backUp("backups/one"), RuntimeError);
  deepStrictEqual(hub.backups, []);
  await Deno.remove(members);
  await Deno.truncate(banStorePath(hub.state), 100);
  await rejects(hub.backUp("backups/one"), RuntimeError);
  deepStrictEqual(hub.backups, []);
});

Deno.test("whatever the system refuses of a backup or a restore is an error with a hint", async () => {
  await using hub = await Hub.create();
  await hub.backUp("backups/one");
  await Deno.writeTextFile(hub.path("file"), "");
  const long = `backups/${"x".repeat(300)}`;
  for (
    const failing of [
      () => hub.backUp("file/one"),
      () => hub.backUp("nowhere/one"),
      () => hub.backUp(long),
      () => hub.restore("backups/one", hub.path("file")),
      () => hub.restore("backups/one", hub.path("file/state")),
      () => hub.restore("backups/one", hub.path(long)),
      () => hub.restore(long),
      () => hub.restore("file/one"),
    ]
  ) {
    await rejects(failing, (error) => {
      if (!(error instanceof RuntimeError)) throw error;
      match(error.message, /^cannot |is not there|^there is no/);
      strictEqual(typeof error.hint, "string");
      return true;
    });
  }
});
