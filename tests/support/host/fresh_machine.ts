/**
 * A machine without any state: empty `/var/lib`, `/run`, `/var/log` and
 * `/etc/fail2ban-cluster`, its own network, and the project with its shipped
 * configuration. Needs the parts `mountns`, `netns` and `setpriv` of
 * `real_parts.ts`.
 *
 * @module
 */

import { ChildProcess } from "./child_process.ts";
import { roleCommand, type RoleName } from "../cluster/test_cluster.ts";

/** Hides the host's state, then waits until its input ends. */
const SCRIPT = `set -e
for folder in /var/lib /run /var/log; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
[ ! -d /etc/fail2ban-cluster ] || mount -t tmpfs tmpfs /etc/fail2ban-cluster
ip link set lo up
echo hidden
exec cat`;

/** May read all files, so that it finds the tests' own; writes only its own. */
const ORDINARY = [
  ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
  ...[
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
  ],
  "--bounding-set=-all,+dac_read_search",
];

/**
 * The user that starts programs: root, or one without write access to system
 * folders.
 */
export type MachineUser = "root" | "ordinary";

/** Removed with everything started on it, after that has ended. */
export class FreshMachine implements AsyncDisposable {
  readonly #holder: ChildProcess;
  readonly #children: ChildProcess[] = [];
  /** The home folder of an ordinary user. */
  readonly home: string;

  readonly #user: MachineUser;

  private constructor(
    holder: ChildProcess,
    { home, user }: { home: string; user: MachineUser },
  ) {
    this.#holder = holder;
    this.home = home;
    this.#user = user;
  }

  /** @param user The user that starts programs. */
  static async create(user: MachineUser): Promise<FreshMachine> {
    const home = await Deno.makeTempDir({ prefix: "f2bc_home_" });
    await giveCache(home, user);
    const args = ["--mount", "--net", "sh", "-c", SCRIPT];
    const holder = new ChildProcess({ command: "unshare", args });
    await holder.waitForLine(/^hidden$/);
    return new FreshMachine(holder, { home, user });
  }

  /** Starts one of the project's programs. */
  start(role: RoleName | "cluster", ...args: readonly string[]): ChildProcess {
    const { command, args: before } = roleCommand(role);
    return this.spawn([command, ...before, ...args]);
  }

  /** Starts any program. */
  spawn(command: readonly string[]): ChildProcess {
    const child = new ChildProcess({
      command: "nsenter",
      args: [
        `--target=${this.#holder.pid}`,
        ...["--mount", "--net", "--wdns=/"],
        ...(this.#user === "root" ? [] : ORDINARY),
        ...["env", ...this.#environment(), ...command],
      ],
    });
    this.#children.push(child);
    return child;
  }

  #environment(): readonly string[] {
    const clean = ["-u", "XDG_STATE_HOME", "-u", "XDG_RUNTIME_DIR"];
    return [...clean, `HOME=${this.home}`, `DENO_DIR=${this.home}/.cache/deno`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await child[Symbol.asyncDispose]();
    await this.#holder[Symbol.asyncDispose]();
    await Deno.remove(this.home, { recursive: true });
  }
}

/**
 * Copies the npm cache: nothing can be downloaded there, and Deno must own it.
 */
async function giveCache(home: string, user: MachineUser): Promise<void> {
  const cache = Deno.env.get("DENO_DIR") ??
    `${Deno.env.get("HOME") ?? "/root"}/.cache/deno`;
  const owner = user === "root" ? "0:0" : "65534:65534";
  const script =
    'mkdir -p "$1"; cp -r "$2" "$1"; chown -R "$4" "$3"; chmod 755 "$3"';
  await new Deno.Command("sh", {
    args: [
      ...["-ec", script, "sh", `${home}/.cache/deno`, `${cache}/npm`],
      ...[home, owner],
    ],
  }).output();
}
