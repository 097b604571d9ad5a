import { DatabaseSync } from "node:sqlite";
import { type ChildOptions, ChildProcess } from "../host/child_process.ts";
import { waitUntil } from "../host/wait_until.ts";

/** What this project ships for fail2ban. */
const SHIPPED_FAIL2BAN = decodeURIComponent(
  new URL("../../../fail2ban/", import.meta.url).pathname,
);

/** The shipped filter. */
export const SHIPPED_FILTER =
  `${SHIPPED_FAIL2BAN}filter.d/fail2bancluster.conf`;

/**
 * Whom fail2ban-regex finds in a log with the shipped filter, in order.
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

/** What a jail's section says. */
export type JailSettings = Readonly<Record<string, string | number>>;

/** A fail2ban's program. */
export interface Fail2banProgram {
  /** Where its package was unpacked; by default it is installed. */
  readonly root?: string;
  /** Called with each line of its output. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** Which fail2ban to start. */
export interface Fail2banOptions extends Pick<Fail2banProgram, "onLine"> {
  /** Its folder; made if missing, and left when the server is disposed. */
  readonly dir: string;
  /** Jails without a log of their own: name to settings. */
  readonly jails?: Readonly<Record<string, JailSettings>>;
  /** Adds the shipped filter and the shipped jail that reads a log, with these changes. */
  readonly clusterJail?: JailSettings;
  /** Adds the shipped jail that is banned in through the socket, with these changes. */
  readonly dedicatedJail?: JailSettings;
  /** Added to the server's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it logs to, as fail2ban has it: a path, `STDOUT`. By default a file in its folder. */
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
 * A real fail2ban-server in the foreground. Its only action writes a line for
 * every ban and unban into a file.
 */
export class Fail2banServer implements AsyncDisposable {
  /** What fail2ban logs. */
  readonly logPath: string;
  /** fail2ban's database. */
  readonly databasePath: string;
  /** Where its configuration is. */
  readonly configDir: string;
  /** Where it takes commands. */
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
   * Starts it, again too, and waits until all jails run.
   *
   * @param env Added to its environment; by default as before.
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

  /** Stops it: as a service manager does, or at once. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (signal === "SIGKILL") await child?.end(signal);
    await child?.[Symbol.asyncDispose]();
    this.#child = undefined;
  }

  /** Sends a signal, as one that has it hang. */
  signal(name: Deno.Signal): void {
    this.#child?.signal(name);
  }

  /**
   * Waits until its database has so many bans of a jail. It writes them after
   * their lines; what it has not written when it stops is not restored.
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
   * @returns What it printed.
   * @throws {Error} when it fails.
   */
  async client(...args: string[]): Promise<string> {
    const { command, env } = this.#program("fail2ban-client");
    return await outputOf(command, [...this.#where(), ...args], env);
  }

  /** What the actions did so far, in order: `ban JAIL ADDRESS`, `unban JAIL ADDRESS`. */
  async acted(): Promise<string[]> {
    return await readLines(actionsPath(this.#dir));
  }

  /** Messages of fail2ban's log so far, without what stands before them. */
  async messages(): Promise<string[]> {
    return (await readLines(this.logPath))
      .map((line) => line.replace(/^.*?\]: [A-Z]+ +/, ""));
  }

  /** Waits until fail2ban's log has a message so often. */
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
 * @returns What it printed.
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

/** Writes all that a fail2ban needs into `etc` in its folder. */
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

/** What makes a fail2ban keep to a folder: a `fail2ban.conf`, or a `fail2ban.local` beside the stock one. */
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

/** As fail2ban's own jail.conf, as far as jails without a log need it. */
const JAIL_DEFAULTS = renderSection("DEFAULT", {
  backend: "polling",
  filter: "",
  maxretry: 5,
  findtime: "10m",
  bantime: "10m",
  // Else fail2ban asks the resolver for this machine's names.
  ignoreself: "false",
  usedns: "no",
  banaction: "note",
  banaction_allports: "note[ports=all]",
  action: "%(banaction)s",
});

/** An action that writes a line for every ban and unban into a file. */
export function noteAction(path: string): string {
  return renderSection("Definition", {
    actionban: `echo "ban <name> <ip>" >> '${path}'`,
    actionunban: `echo "unban <name> <ip>" >> '${path}'`,
  });
}
