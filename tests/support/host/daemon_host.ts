import { isRunning } from "./process_state.ts";
import { outcomeOf, type ProgramOutcome } from "../cluster/program_outcome.ts";
import type {
  RoleName,
  Sections,
  TestCluster,
} from "../cluster/test_cluster.ts";
import { waitUntil } from "./wait_until.ts";

/**
 * A host on which one program is started and stopped like an operator does.
 * Disposal kills programs that still run in the background, by process id.
 */
export class DaemonHost implements AsyncDisposable {
  readonly pidFile: string;
  readonly socket: string;
  /** The file that the program logs to. */
  readonly log: string;
  readonly config: string;
  readonly #cluster: TestCluster;
  readonly #role: RoleName;
  readonly #host: string;
  readonly #pids = new Set<number>();

  private constructor(cluster: TestCluster, role: RoleName, config: string) {
    const dir = config.slice(0, config.lastIndexOf("/"));
    this.#cluster = cluster;
    this.#role = role;
    this.#host = dir.slice(dir.lastIndexOf("/") + 1);
    this.config = config;
    this.pidFile = `${dir}/${role}.pid`;
    this.socket = `${dir}/${role}.sock`;
    this.log = `${dir}/${role}.log`;
  }

  static async create(
    cluster: TestCluster,
    role: RoleName,
    overrides: Sections = {},
  ): Promise<DaemonHost> {
    const logtarget = `${cluster.dir}/host-a/${role}.log`;
    const { general, ...others } = overrides;
    const config = await cluster.addHost("host-a", {
      general: { logtarget, ...general },
      ...others,
    });
    return new DaemonHost(cluster, role, config);
  }

  /** Runs the program with these arguments to its end. */
  async run(...args: string[]): Promise<ProgramOutcome> {
    const child = this.#cluster.spawn(this.#role, this.#host, ...args);
    const outcome = await outcomeOf(child);
    await this.notePid();
    return outcome;
  }

  /**
   * Starts the program in the background; returns its process id, or throws.
   */
  async start(...args: string[]): Promise<number> {
    const { code, stdout, stderr } = await this.run("start", ...args);
    const pid = /started, with process id (\d+)$/.exec(stdout.join("\n"))?.[1];
    if (code === 0 && pid !== undefined) return Number(pid);
    throw new Error(`Not started: ${code}\n${stderr.join("\n")}`);
  }

  /** Remembers the process id in the pid file. */
  async notePid(): Promise<number | undefined> {
    const text = await readIfThere(this.pidFile);
    const pid = Number(text);
    if (text === undefined || pid === Deno.pid) return undefined;
    this.#pids.add(pid);
    return pid;
  }

  /** The names that the program created in the host's folder. */
  async leftovers(): Promise<string[]> {
    const dir = this.pidFile.slice(0, this.pidFile.lastIndexOf("/"));
    const names: string[] = [];
    for await (const { name } of Deno.readDir(dir)) {
      if (/\.(?:pid|sock)$/.test(name)) names.push(name);
    }
    return names.toSorted();
  }

  /** Kills a program and waits for its end. */
  async kill(pid: number): Promise<void> {
    Deno.kill(pid, "SIGKILL");
    await waitUntil(async () => !await isRunning(pid), {
      what: `the end of ${pid}`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.notePid();
    for (const pid of this.#pids) {
      if (await isRunning(pid) && await this.#isOurs(pid)) await this.kill(pid);
    }
  }

  /** The process id may have been reused by another program. */
  async #isOurs(pid: number): Promise<boolean> {
    const command = await readIfThere(`/proc/${pid}/cmdline`);
    return command?.includes(this.#cluster.dir) === true;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
