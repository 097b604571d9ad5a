/**
 * A complete test host, hub and node at once: real fail2ban, real nft, the
 * programs from these sources under their usual names, all healthy. Needs the
 * parts `overlay`, `netns`, `fail2ban` and `nftables`.
 *
 * @module
 */

import { NetworkNamespace } from "./network_namespace.ts";
import { ThrowawayRoot } from "./throwaway_root.ts";

const PROJECT = decodeURIComponent(
  new URL("../../../", import.meta.url).pathname,
).replace(/\/$/, "");
const GIVEN = "/mnt/given";

/** A line of `doctor --json`. */
export interface DoctorFinding {
  readonly state: "ok" | "warn" | "fail";
  readonly subject: string;
  readonly finding: string;
  readonly fix: string | null;
}

/** The output of `doctor`. */
export interface Diagnosed {
  readonly code: number;
  readonly findings: readonly DoctorFinding[];
}

/** The result of a command. */
export interface Typed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Installs the programs, a fail2ban with our jail, and a configuration. */
const SET_UP = `set -e
mkdir -p /usr/local/bin /etc/fail2ban-cluster /var/log
for role in cluster monitor publisher subscriber; do
  cat >/usr/local/bin/fail2ban-$role <<END
#!/bin/sh
exec "$DENO" run --quiet --no-prompt --cached-only --config ${GIVEN}/deno.json -P=$role ${GIVEN}/roles/$role.ts "\\$@"
END
  chmod 755 /usr/local/bin/fail2ban-$role
done
rm -rf /etc/fail2ban/jail.d/* /etc/fail2ban/*.local /var/lib/fail2ban /var/log/fail2ban.log
mkdir -p /var/lib/fail2ban /run/fail2ban
cat >/etc/fail2ban/jail.d/host.conf <<END
[sshd]
enabled = true
backend = polling
filter = sshd
logpath = /dev/null
journalmatch =
usedns = no
action = dummy
END
cp ${GIVEN}/fail2ban/jail.d/fail2bancluster.conf /etc/fail2ban/jail.d/
sed 's/^authtoken = .*/authtoken = a-planted-token-0123456789/' ${GIVEN}/fail2ban-cluster.conf >/etc/fail2ban-cluster/fail2ban-cluster.conf
chmod 600 /etc/fail2ban-cluster/fail2ban-cluster.conf
cat >/etc/fail2ban-cluster/fail2ban-cluster.local <<END
[general]
hostname = all1
logtarget = /var/log/f2bc.log
[subscriber]
subscriberaction = fail2banclient, nftables
END
chmod 600 /etc/fail2ban-cluster/fail2ban-cluster.local
fail2ban-client start >/dev/null
fail2ban-cluster init 2>/dev/null
fail2ban-cluster join $(fail2ban-cluster node add all1 2>/dev/null) 2>/dev/null
for role in publisher monitor subscriber; do fail2ban-$role start; done
`;

const END =
  `for role in monitor subscriber publisher; do fail2ban-$role stop; done
fail2ban-client stop`;

/** Removed completely when disposed. */
export class DoctoredRoot implements AsyncDisposable {
  readonly #root: ThrowawayRoot;
  readonly #held: AsyncDisposableStack;

  private constructor(root: ThrowawayRoot, held: AsyncDisposableStack) {
    this.#root = root;
    this.#held = held;
  }

  /** Creates a host with running programs. */
  static async create(): Promise<DoctoredRoot> {
    await using held = new AsyncDisposableStack();
    const network = held.use(await NetworkNamespace.create());
    const root = held.use(await ThrowawayRoot.create(PROJECT, network.name));
    const host = new DoctoredRoot(root, held.move());
    try {
      await host.type(SET_UP);
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Runs a script in a root shell.
   *
   * @throws {Error} when it fails.
   */
  async type(script: string): Promise<string> {
    const { code, out, err } = await this.run(script);
    if (code === 0) return out;
    throw new Error(`${script}: ${code}\n${out}${err}`);
  }

  /** Runs a script that may fail. */
  async run(
    script: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Typed> {
    const { command, args } = this.#root.inside(["sh", "-c", script]);
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args,
      env: {
        ...{ LC_ALL: "C", DENO: Deno.execPath(), SSH_CONNECTION: "" },
        PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ...env,
      },
      stdin: "null",
    }).output();
    const [out = "", err = ""] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    return { code, out, err };
  }

  /** Runs `doctor`. */
  async doctor(
    before = "",
    env: Readonly<Record<string, string>> = {},
  ): Promise<Diagnosed> {
    const said = await this.run(
      `${before} fail2ban-cluster doctor --json`,
      env,
    );
    const { code, out, err } = said;
    const lines = out.split("\n").filter((line) => line !== "");
    try {
      return { code, findings: lines.map((line) => JSON.parse(line)) };
    } catch (cause) {
      throw new Error(`${code}\n${out}\n${err}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(END);
    await this.#held.disposeAsync();
  }
}
