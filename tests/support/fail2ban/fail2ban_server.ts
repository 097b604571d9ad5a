import { DatabaseSync } from "node:sqlite";
import { type ChildOptions, ChildProcess } from "../host/child_process.ts";
import { waitUntil } from "../host/wait_until.ts";

/** The files that this project ships for fail2ban. */
const SHIPPED_FAIL2BAN = decodeURIComponent(
  new URL("../../../fail2ban/", import.meta.url).pathname,
);

/** The shipped filter. */
export const SHIPPED_FILTER =
  `${SHIPPED_FAIL2BAN}filter.d/fail2bancluster.conf`;

/**
 * The addresses that fail2ban-regex finds in a log with the shipped filter, in
 * order.
 *
 * @throws {Error} when it fails.
 */
export async function findBans(log: string): Promise<string[]> {
  const text = await output(
    "fail2ban-regex",
    "-o",
    "<ip>",
    log,
    SHIPPED_FILTER,
  );
  return text.split("\n").map((line) => line.trim()).filter((line) =>
    line !== ""
  );
}

/** Settings of a jail. */
export type JailSettings = Readonly<Record<string, string | number>>;

/** A fail2ban program. */
export interface Fail2banProgram {
  /** The root of an unpacked package; by default the installed one. */
  readonly root?: string;
  /** Called with each line of its output. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** Options for {@link startFail2ban}. */
export interface Fail2banOptions extends Pick<Fail2banProgram, "onLine"> {
  /** Its folder; created if missing, and kept after the server is disposed. */
  readonly dir: string;
  /** Settings of jails without their own log, by name. */
  readonly jails?: Readonly<Record<string, JailSettings>>;
  /**
   * Adds the shipped filter and the shipped log-reading jail, with these
   * changes.
   */
  readonly clusterJail?: JailSettings;
  /** Adds the shipped dedicated jail, with these changes. */
  readonly dedicatedJail?: JailSettings;
  /** Additional environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * fail2ban's log target, such as a path or `STDOUT`; by default a file in its
   * folder.
   */
  readonly logTarget?: string;
}

/** Starts a real fail2ban-server that touches nothing outside its folder. */
export async function startFail2ban(
  options: Fail2banOptions,
): Promise<Fail2banServer> {
  await writeFail2banConfig(options);
  const server = new Fail2banServer(options.dir, options);
  try {
    await server.start(options.env);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/**
 * A real fail2ban-server in the foreground. Its only action records every ban
 * and unban in a file.
 */
export class Fail2banServer implements AsyncDisposable {
  /** fail2ban's log file. */
  readonly logPath: string;
  /** fail2ban's database. */
  readonly databasePath: string;
  /** Its configuration folder. */
  readonly configDir: string;
  /** Its command socket. */
  readonly socketPath: string;
  readonly #dir: string;
  readonly #root: string;
  readonly #onLine: ((line: string) => void) | undefined;
  #child: ChildProcess | undefined;
  #env: Readonly<Record<string, string>> = {};

  /**
   * @param dir A folder with a configuration; see {@link startFail2ban}.
   * @param options See {@link Fail2banProgram}.
   */
  constructor(dir: string, { root = "", onLine }: Fail2banProgram = {}) {
    this.#dir = dir;
    this.#root = root;
    this.#onLine = onLine;
    this.logPath = `${dir}/fail2ban.log`;
    this.databasePath = `${dir}/fail2ban.sqlite3`;
    this.configDir = `${dir}/etc`;
    this.socketPath = socketPath(dir);
  }

  /**
   * Starts or restarts it, and waits until all jails run.
   *
   * @param env Additional environment; by default as before.
   */
  async start(env = this.#env): Promise<void> {
    this.#env = env;
    this.#child = new ChildProcess({
      ...this.#program("fail2ban-server"),
      args: ["-f", "-x", ...this.#where(), "start"],
      ...(this.#onLine === undefined ? {} : { onLine: this.#onLine }),
    });
    await this.#child.waitForLine(/^Server ready$/);
  }

  #program(name: string): Pick<ChildOptions, "command" | "env"> {
    const env = { PYTHONUNBUFFERED: "1", ...this.#env };
    return this.#root === "" ? { command: name, env } : {
      command: `${this.#root}/usr/bin/${name}`,
      env: {
        PYTHONPATH: `${this.#root}/usr/lib/python3/dist-packages`,
        ...env,
      },
    };
  }

  /** Stops it, gracefully or at once. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (signal === "SIGKILL") await child?.end(signal);
    await child?.[Symbol.asyncDispose]();
    this.#child = undefined;
  }

  /** Sends a signal, for example to freeze it. */
  signal(name: Deno.Signal): void {
    this.#child?.signal(name);
  }

  /**
   * Waits until its database has a number of bans of a jail. fail2ban writes
   * them after their log lines, and does not restore unwritten bans after a
   * stop.
   */
  async waitForRows(jail: string, count: number): Promise<void> {
    using database = new DatabaseSync(this.databasePath, { readOnly: true });
    const rows = database.prepare(
      "SELECT count(*) AS count FROM bips WHERE jail = ?",
    );
    await waitUntil(() => rows.get(jail)?.["count"] === count, {
      what: `${count} bans of ${jail} in the database`,
      timeoutMs: 30_000,
      intervalMs: 50,
    });
  }

  /**
   * Runs fail2ban-client.
   *
   * @returns Its output.
   * @throws {Error} when it fails.
   */
  async client(...args: string[]): Promise<string> {
    const { command, env } = this.#program("fail2ban-client");
    return await outputOf(command, [...this.#where(), ...args], env);
  }

  /**
   * The recorded actions in order: `ban JAIL ADDRESS`, `unban JAIL ADDRESS`.
   */
  async acted(): Promise<string[]> {
    return await readLines(actionsPath(this.#dir));
  }

  /** The messages of fail2ban's log, without their prefixes. */
  async messages(): Promise<string[]> {
    return (await readLines(this.logPath))
      .map((line) => line.replace(/^.*?\]: [A-Z]+ +/, ""));
  }

  /** Waits until fail2ban's log contains a message a number of times. */
  async waitForMessage(message: string, times = 1): Promise<void> {
    await waitUntil(
      async () =>
        (await this.messages()).filter((text) => text === message).length >=
          times,
      { what: `${times} x ${message}`, timeoutMs: 10_000, intervalMs: 20 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #where(): string[] {
    const dir = this.#dir;
    return [
      ...["-c", this.configDir],
      ...["-s", this.socketPath],
      ...["-p", `${dir}/fail2ban.pid`],
    ];
  }
}

/**
 * Runs one of fail2ban's programs.
 *
 * @returns Its output.
 * @throws {Error} when it fails.
 */
export async function output(
  command: string,
  ...args: string[]
): Promise<string> {
  return await outputOf(command, args);
}

async function outputOf(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env: { ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout).trimEnd();
  if (success) return text;
  throw new Error(
    `${command} ${args.join(" ")}: ${text}${decoder.decode(stderr)}`,
  );
}

function socketPath(dir: string): string {
  return `${dir}/fail2ban.sock`;
}

function actionsPath(dir: string): string {
  return `${dir}/actions.txt`;
}

async function readLines(path: string): Promise<string[]> {
  try {
    return (await Deno.readTextFile(path)).split("\n").slice(0, -1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Writes the complete configuration into `etc` in a fail2ban's folder. */
export async function writeFail2banConfig(
  options: Fail2banOptions,
): Promise<void> {
  const { dir, jails = {}, clusterJail, dedicatedJail, logTarget } = options;
  for (const folder of ["action.d", "filter.d", "jail.d"]) {
    await Deno.mkdir(`${dir}/etc/${folder}`, { recursive: true });
  }
  const write = (path: string, text: string) =>
    Deno.writeTextFile(`${dir}/etc/${path}`, text);
  const ship = (from: string, to = from) =>
    Deno.copyFile(`${SHIPPED_FAIL2BAN}${from}`, `${dir}/etc/${to}`);
  await write("fail2ban.conf", serverConfig(dir, logTarget));
  await write("jail.conf", JAIL_DEFAULTS);
  await write("action.d/note.conf", noteAction(actionsPath(dir)));
  let sections = "";
  for (const [jail, settings] of Object.entries(jails)) {
    sections += renderSection(jail, { enabled: "true", ...settings });
  }
  if (clusterJail !== undefined) {
    await ship("filter.d/fail2bancluster.conf");
    await ship(
      "jail.d/fail2bancluster-log.conf.example",
      "jail.d/fail2bancluster.conf",
    );
    sections += renderSection("fail2bancluster", clusterJail);
  }
  if (dedicatedJail !== undefined) {
    await ship("jail.d/fail2bancluster.conf");
    sections += renderSection("fail2bancluster", dedicatedJail);
  }
  await write("jail.local", sections);
}

function renderSection(name: string, settings: JailSettings): string {
  const lines = Object.entries(settings).map(([key, value]) =>
    `${key} = ${value}\n`
  );
  return `[${name}]\n${lines.join("")}\n`;
}

/**
 * Settings that confine a fail2ban to a folder: a `fail2ban.conf`, or a
 * `fail2ban.local` beside the stock one.
 */
export function serverConfig(
  dir: string,
  logTarget = `${dir}/fail2ban.log`,
): string {
  return renderSection("Definition", {
    loglevel: "INFO",
    logtarget: logTarget,
    syslogsocket: "auto",
    socket: socketPath(dir),
    pidfile: `${dir}/fail2ban.pid`,
    allowipv6: "yes",
    dbfile: `${dir}/fail2ban.sqlite3`,
    dbmaxmatches: 10,
    dbpurgeage: "1d",
  });
}

/** The part of fail2ban's jail.conf that jails without a log need. */
const JAIL_DEFAULTS = renderSection("DEFAULT", {
  backend: "polling",
  filter: "",
  maxretry: 5,
  findtime: "10m",
  bantime: "10m",
  // Otherwise fail2ban resolves this machine's names.
  ignoreself: "false",
  usedns: "no",
  banaction: "note",
  banaction_allports: "note[ports=all]",
  action: "%(banaction)s",
});

/** An action that records every ban and unban in a file. */
export function noteAction(path: string): string {
  return renderSection("Definition", {
    actionban: `echo "ban <name> <ip>" >> '${path}'`,
    actionunban: `echo "unban <name> <ip>" >> '${path}'`,
  });
}
