/**
 * A complete test system: the host's files, with all changes in memory. Needs
 * the part `overlay` of `real_parts.ts`.
 *
 * @module
 */

import { ChildProcess } from "./child_process.ts";
import { deadline } from "./deadline.ts";

/** Mounts the system over a folder and waits there until its input ends. */
const SCRIPT = `set -e
mount -t tmpfs tmpfs "$1"
lower=/
if [ -n "$3" ]; then lower=$3; fi
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$lower,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
for name in proc dev run tmp; do mkdir -p "$1/root/$name"; done
mount --rbind /proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
mount -t tmpfs -o mode=1777 tmpfs "$1/root/tmp"
mkdir -p "$1/root/mnt/given"
mount --bind -o ro "$2" "$1/root/mnt/given"
mount -o remount,bind,ro "$1/root/mnt/given"
if [ -z "$3" ]; then
  rm -rf "$1/root/etc/fail2ban-cluster" "$1/root/var/lib/fail2ban-cluster" "$1/root/usr/local"
  mkdir -p "$1/root/usr/local/bin" "$1/root/usr/local/lib" "$1/root/usr/local/share"
fi
echo mounted
exec cat`;

/** Prepares a system that boots to run one script, and then shuts down. */
const BOOT_SCRIPT = `cd /etc/systemd/system
rm -rf *.wants
: >/etc/machine-id
: >/root/told
cat >script.service <<'END'
[Unit]
DefaultDependencies=no
After=basic.target
[Service]
ExecStart=sh -c "sh -ex /root/script >/root/told 2>&1; systemctl poweroff"
END
cat >script.target <<'END'
[Unit]
Requires=basic.target
Wants=script.service
END`;

/**
 * Unmounts what systemd mounts itself, and boots with separate control groups:
 * two systems in one group would remove each other's.
 */
const BOOT = `cd "$1"
umount --lazy proc dev run tmp
root=$1 most=$2
shift 2
groups=
while IFS=: read -r _ controllers path; do
  case $controllers in
    '') kind=cgroup2 options= ;;
    name=systemd) kind=cgroup options=$controllers ;;
    *) continue ;;
  esac
  mounted=$(findmnt --noheadings --first-only --output TARGET --types $kind \${options:+--options $options})
  group=\${mounted%/}\${path%/}/f2bc_boot_$$
  mkdir "$group"
  groups="$groups $group"
done </proc/self/cgroup
code=0
sh -ec 'for group in $1; do echo $$ >"$group/cgroup.procs"; done; shift; exec "$@"' sh "$groups" \
  timeout "$most" systemd-nspawn --quiet --register=no --keep-unit "$@" \
  --capability=CAP_NET_ADMIN --directory "$root" \
  --boot systemd.unit=script.target || code=$?
find $groups -depth -type d -exec rmdir {} +
exit $code`;

/** Default time limit of a boot and its script on a quiet machine. */
const BOOT_MS = 20_000;

/** Options for {@link ThrowawayRoot.boot}. */
export interface BootPlace {
  /** A network namespace. @default {a new one} */
  readonly netns?: string;
  /** A writable folder of the host, at `/mnt/shared`. @default {none} */
  readonly shared?: string;
  /**
   * Time limit of the boot and the script on a quiet machine. @default {20_000}
   */
  readonly mostMs?: number;
}

/** The result of a program. */
export interface RootOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Removed completely when disposed; programs inside must have ended. */
export class ThrowawayRoot implements AsyncDisposable {
  readonly #dir: string;
  readonly #holder: ChildProcess;
  readonly #netns: string | undefined;

  private constructor(
    dir: string,
    holder: ChildProcess,
    netns?: string,
  ) {
    this.#dir = dir;
    this.#holder = holder;
    this.#netns = netns;
  }

  /**
   * Creates a system.
   *
   * @param given A folder to mount read-only at `/mnt/given`.
   * @param netns The network namespace for {@link inside}.
   */
  static async create(given: string, netns?: string): Promise<ThrowawayRoot> {
    return await ThrowawayRoot.#mount(given, [], "", netns);
  }

  /**
   * Creates a copy of this system, which must not change or be removed
   * meanwhile.
   */
  async another(given: string): Promise<ThrowawayRoot> {
    const there = ["nsenter", `--mount=/proc/${this.#holder.pid}/ns/mnt`];
    return await ThrowawayRoot.#mount(given, there, `${this.#dir}/root`);
  }

  static async #mount(
    given: string,
    there: readonly string[],
    lower: string,
    netns?: string,
  ): Promise<ThrowawayRoot> {
    const dir = await Deno.makeTempDir({ prefix: "f2bc_root_" });
    const [command = "unshare", ...args] = [...there, "unshare", "--mount"];
    const holder = new ChildProcess({
      command,
      args: [...args, "sh", "-c", SCRIPT, "sh", dir, given, lower],
    });
    try {
      await holder.waitForLine(/^mounted$/);
      return new ThrowawayRoot(dir, holder, netns);
    } catch (error) {
      await holder[Symbol.asyncDispose]();
      await Deno.remove(dir);
      throw error;
    }
  }

  /**
   * The command of a program inside, in the host's network or the namespace.
   */
  inside(
    command: readonly string[],
    network: "host" | "own" = "own",
  ): { command: string; args: string[] } {
    const own = this.#netns !== undefined && network === "own";
    return {
      command: "nsenter",
      args: [
        `--mount=/proc/${this.#holder.pid}/ns/mnt`,
        ...(own ? [`--net=/run/netns/${this.#netns}`] : []),
        ...["chroot", `${this.#dir}/root`, ...command],
      ],
    };
  }

  /** Runs a program inside as root to its end. */
  async run(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<RootOutcome> {
    const { command: program, args } = this.inside(command, "host");
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      env: { LC_ALL: "C", ...env },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return {
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  }

  /** Runs a script inside, and asserts success. */
  async shell(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(["sh", "-ec", script]);
    if (code === 0) return stdout;
    throw new Error(`${script}: ${code}\n${stdout}${stderr}`);
  }

  /**
   * Boots the system with systemd, and runs a script in it.
   *
   * @param script A sh script, run as root.
   * @param place By default isolated, in a new network namespace.
   * @returns The script's output, after the system's shutdown.
   */
  async boot(
    script: string,
    { netns, shared, mostMs = BOOT_MS }: BootPlace = {},
  ): Promise<string> {
    const options = [
      netns === undefined
        ? "--private-network"
        : `--network-namespace-path=/run/netns/${netns}`,
      ...shared === undefined ? [] : [`--bind=${shared}:/mnt/shared`],
    ];
    await this.shell(BOOT_SCRIPT);
    await this.shell(
      `cat >/root/script <<'THAT_IS_ALL'\n${script}\nTHAT_IS_ALL`,
    );
    const { code, stdout, stderr } = await new Deno.Command("nsenter", {
      args: [
        ...[`--mount=/proc/${this.#holder.pid}/ns/mnt`, "unshare", "--mount"],
        ...["sh", "-ec", BOOT, "sh", `${this.#dir}/root`],
        ...[`${deadline(mostMs) / 1_000}`, ...options],
      ],
      stdin: "null",
    }).output();
    const told = await this.shell("cat /root/told");
    if (code === 0) return told;
    const texts = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    throw new Error(`${told}\n${code}\n${texts.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.closeInput();
    await this.#holder.ended;
    await this.#holder[Symbol.asyncDispose]();
    await Deno.remove(this.#dir);
  }
}
