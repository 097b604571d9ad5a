/** Real programs and kernel features that tests need. */
export type RealPart =
  | "ansible"
  | "etcd"
  | "chromium"
  | "fail2ban"
  | "fish"
  | "faketime"
  | "ipset"
  | "ipv6"
  | "lintian"
  | "loopdisk"
  | "mandoc"
  | "mountns"
  | "netns"
  | "nftables"
  | "npm"
  | "nspawn"
  | "overlay"
  | "promtool"
  | "pyzmq"
  | "repository"
  | "rpm"
  | "setpriv"
  | "shellcheck"
  | "systemd"
  | "zsh";

interface Probe {
  /** A command that works only if the part is available. */
  readonly command: string;
  readonly args: readonly string[];
  /** The message if it is not. */
  readonly missing: string;
}

const PROBES: Readonly<Record<RealPart, Probe>> = {
  ansible: {
    missing:
      "Debian's ansible-core, ansible-lint, python3-apt or openssh-server is not installed",
    command: "sh",
    args: [
      "-ec",
      "for each in ansible-playbook ansible-lint /usr/sbin/sshd; do command -v $each; done; " +
      "/usr/bin/python3 -c 'import apt'",
    ],
  },
  etcd: {
    missing: "Debian's etcd-server is not installed",
    command: "etcd",
    args: ["--version"],
  },
  chromium: {
    missing: "Debian's chromium is not installed",
    command: "chromium",
    args: ["--version"],
  },
  fail2ban: {
    missing: "Debian's fail2ban is not installed",
    command: "fail2ban-server",
    args: ["--version"],
  },
  fish: {
    missing: "Debian's fish is not installed",
    command: "fish",
    args: ["--version"],
  },
  faketime: {
    missing: "Debian's faketime is not installed",
    command: "faketime",
    args: ["-f", "+1h", "true"],
  },
  ipv6: {
    missing: "this host has no address ::1",
    command: "grep",
    args: ["-q", "^0\\{31\\}1 ", "/proc/net/if_inet6"],
  },
  lintian: {
    missing: "Debian's lintian is not installed",
    command: "lintian",
    args: ["--version"],
  },
  loopdisk: {
    missing: "a disk that fails takes root, a loop device and ext4",
    command: "unshare",
    args: [
      ...["--mount", "sh", "-ec"],
      "image=$(mktemp); trap 'rm $image' EXIT; truncate -s 1M $image; " +
      "mkfs.ext4 -q -F $image; mount -o loop $image /mnt; " +
      "[ -w /sys/fs/ext4/$(basename $(findmnt -n -o SOURCE /mnt))/trigger_fs_error ]; umount /mnt",
    ],
  },
  mandoc: {
    missing: "Debian's mandoc is not installed",
    command: "sh",
    args: ["-c", "command -v mandoc"],
  },
  mountns: {
    missing: "a mount namespace takes root",
    command: "unshare",
    args: ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
  },
  netns: {
    missing: "a network namespace takes root and Debian's iproute2",
    command: "unshare",
    args: ["--net", "ip", "link", "set", "lo", "up"],
  },
  nftables: {
    missing: "Debian's nftables is not installed",
    command: "nft",
    args: ["--version"],
  },
  npm: {
    missing: "npm is not installed",
    command: "npm",
    args: ["--version"],
  },
  repository: {
    missing: "Debian's apt-utils, createrepo-c, dnf or gpg is not installed",
    command: "sh",
    args: [
      "-ec",
      "for each in apt-ftparchive createrepo_c dnf gpg; do command -v $each; done",
    ],
  },
  rpm: {
    missing: "Debian's rpm is not installed",
    command: "rpmbuild",
    args: ["--version"],
  },
  ipset: {
    missing: "Debian's ipset is not installed",
    command: "ipset",
    args: ["--version"],
  },
  nspawn: {
    missing: "Debian's systemd-container is not installed",
    command: "systemd-nspawn",
    args: ["--version"],
  },
  overlay: {
    missing: "to lay a file system over the host's takes root",
    command: "unshare",
    args: [
      ...["--mount", "sh", "-ec"],
      "mount -t tmpfs tmpfs /mnt; mkdir /mnt/u /mnt/w /mnt/r; " +
      "mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w o /mnt/r",
    ],
  },
  promtool: {
    missing: "Debian's prometheus is not installed",
    command: "promtool",
    args: ["--version"],
  },
  pyzmq: {
    missing: "Debian's python3-zmq is not installed",
    command: "/usr/bin/python3",
    args: ["-c", "import zmq"],
  },
  setpriv: {
    missing: "to become another user takes root",
    command: "setpriv",
    args: ["--reuid=65534", "--regid=65534", "--clear-groups", "true"],
  },
  shellcheck: {
    missing: "Debian's shellcheck is not installed",
    command: "shellcheck",
    args: ["--version"],
  },
  zsh: {
    missing: "Debian's zsh is not installed",
    command: "zsh",
    args: ["--version"],
  },
  systemd: {
    missing: "Debian's systemd is not installed",
    command: "systemd-analyze",
    args: ["--version"],
  },
};

/** Whether a part is available. */
export function isInstalled(part: RealPart): boolean {
  const { command, args } = PROBES[part];
  try {
    return new Deno.Command(command, {
      args: [...args],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Registers a test that needs parts; without one it is skipped, with the reason
 * in its name.
 */
export function testWith(
  parts: RealPart | readonly RealPart[],
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  const missing = (typeof parts === "string" ? [parts] : parts)
    .find((part) => !isInstalled(part));
  const reason = missing === undefined
    ? ""
    : ` (skipped: ${PROBES[missing].missing})`;
  Deno.test({ name: name + reason, ignore: missing !== undefined, fn });
}
