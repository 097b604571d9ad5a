/**
 * Runs the Ansible role on three hosts with systemd, from one of them, with the
 * package and the inventory that its README shows.
 *
 * @module
 */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { copyTree } from "../../../tools/compile/copy_tree.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { BootedHosts } from "../../support/install/booted_hosts.ts";
import { PROJECT, releaseFromSource } from "../../support/install/installer.ts";
import { packRelease } from "../../support/install/packages.ts";

const ROLE = `${PROJECT}/packaging/ansible`;
const ADDRESSES = { hub: "192.0.2.10", web1: "192.0.2.11", web2: "192.0.2.12" };
const JOIN_CODE = /F2BC1[\w.-]{20}/;
/** Its own fail2ban, and who may come in. */
const PREPARE = `install -d -m 700 /root/.ssh
install -m 600 key /root/.ssh/key
install -m 600 key.pub /root/.ssh/authorized_keys
: >/var/log/auth.log
: >/var/log/fail2ban.log
rm -f /var/lib/fail2ban/* /root/.bashrc`;
/** All that a run says, and what it is that says it. */
const PLAY = `export HOME=/root LC_ALL=C.UTF-8
export ANSIBLE_LOG_PATH=/root/ansible.log ANSIBLE_HOST_KEY_CHECKING=false ANSIBLE_PIPELINING=true
cp -r /mnt/given/ansible /mnt/given/hosts.yml /root/
cd /root/ansible && ansible-playbook -vvv -i ../hosts.yml site.yml \\
  -e ansible_user=root -e ansible_ssh_private_key_file=/root/.ssh/key \\
  -e fail2ban_cluster_deb=$(echo /mnt/given/*.deb)`;

/** What hosts are given: package, role, the inventory that its README shows, a key. */
async function prepareGiven(dir: TempDir): Promise<string> {
  await packRelease(dir, await releaseFromSource(dir), "given");
  await copyTree(ROLE, dir.path("given/ansible"));
  const readme = await Deno.readTextFile(`${ROLE}/README.md`);
  const [, inventory = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  await dir.write("given/hosts.yml", inventory);
  const { success } = await new Deno.Command("ssh-keygen", {
    args: ["-q", "-t", "ed25519", "-N", "", "-f", dir.path("given/key")],
  }).output();
  ok(success);
  return dir.path("given");
}

function linesWithCodes(text: string): readonly string[] {
  return text.split("\n").filter((line) => JOIN_CODE.test(line));
}

/** Three hosts, and what is done with them. */
class Cluster implements AsyncDisposable {
  readonly #hosts: BootedHosts;

  private constructor(hosts: BootedHosts) {
    this.#hosts = hosts;
  }

  static async start(given: string): Promise<Cluster> {
    const plans = Object.fromEntries(
      Object.entries(ADDRESSES).map(([name, address]) => [
        name,
        { address, prepare: PREPARE },
      ]),
    );
    const cluster = new Cluster(await BootedHosts.start(given, plans, 60_000));
    await cluster.everywhere("systemctl start ssh");
    for (const node of ["web1", "web2"]) {
      await cluster.type(node, "systemctl start fail2ban");
    }
    return cluster;
  }

  /** @returns What a line says, which has to go well. */
  async type(host: string, line: string): Promise<string> {
    const { code, said } = await this.#hosts.type(host, line);
    strictEqual(code, 0, `${host}# ${line}\n${said}`);
    return said;
  }

  async everywhere(line: string): Promise<string> {
    const hosts = Object.keys(ADDRESSES);
    const said = await Promise.all(hosts.map((host) => this.type(host, line)));
    return said.join("\n");
  }

  /**
   * Runs the role.
   *
   * @returns How many things it changed, by host; no code may be in what it says.
   */
  async play(more = ""): Promise<Readonly<Record<string, number>>> {
    const said = await this.type("hub", `${PLAY} ${more}`);
    deepStrictEqual(linesWithCodes(said), []);
    return Object.fromEntries(
      [...said.matchAll(/^(\w+) +: ok=\d+ +changed=(\d+) /gm)]
        .map(([, host = "", changed]) => [host, Number(changed)]),
    );
  }

  /** A ban on web1 comes to web2. */
  async shares(address: string): Promise<void> {
    await this.type("web1", `fail2ban-client set sshd banip ${address}`);
    const isThere = async () =>
      (await this.type("web2", "fail2ban-client get fail2bancluster banip"))
        .includes(address);
    await waitUntil(isThere, { what: address, timeoutMs: 20_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hosts[Symbol.asyncDispose]();
  }
}

const UNCHANGED = { hub: 0, web1: 0, web2: 0 };

testWith(
  ["ansible", "netns", "nspawn", "overlay", "fail2ban", "nftables", "rpm"],
  "the Ansible role makes a hub and two nodes that share bans, changes nothing the second time, and tells nobody a join code",
  async () => {
    await using dir = await TempDir.create();
    await using cluster = await Cluster.start(await prepareGiven(dir));
    ok(Object.values(await cluster.play()).every((changed) => changed > 0));
    await cluster.shares("203.0.113.7");
    deepStrictEqual(await cluster.play(), UNCHANGED);

    // A new setting, and a host that was installed anew: it joins by another code.
    await cluster.type("web2", "rm /var/lib/fail2ban-cluster/membership.json");
    const { hub, web1 } = await cluster.play(
      `-e '{"fail2ban_cluster_settings":{"monitor":{"bantime":"7m"}}}'`,
    );
    deepStrictEqual({ hub, web1 }, { hub: 2, web1: 2 });
    const printed = await cluster.type(
      "web1",
      "fail2ban-monitor --print-config",
    );
    match(printed, /^bantime = 7m/m);
    match(printed, /^controlserver = "?tcp:\/\/192\.0\.2\.10:5681/m);
    await cluster.shares("203.0.113.8");

    const log = await cluster.type("hub", "cat /root/ansible.log");
    match(log, /TASK \[fail2ban_cluster : Have the hub print a code\]/);
    match(log, /no_log: true/);
    const journals = await cluster.everywhere("journalctl --no-pager");
    match(journals, /ansible-ansible\.legacy\.command/);
    deepStrictEqual(linesWithCodes(log), []);
    deepStrictEqual(linesWithCodes(journals), []);
  },
);

/** Says what would be done here with an inventory of this host under other names. */
async function tried(hosts: readonly string[]): Promise<string> {
  await using dir = await TempDir.create();
  const inventory = `[fail2ban_cluster_hub]
hub
[fail2ban_cluster_nodes]
${hosts.join("\n")}
`;
  const args = ["-i", await dir.write("hosts", inventory), "--check"];
  const { stdout, stderr } = await new Deno.Command("ansible-playbook", {
    args: [
      ...args,
      "-c",
      "local",
      "-e",
      `fail2ban_cluster_deb=${dir.path("hosts")}`,
      "site.yml",
    ],
    cwd: ROLE,
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

testWith(
  "ansible",
  "two nodes of one name do not take each other's membership",
  async () => {
    const said = await tried(["web1.a.example.org", "web1.b.example.org"]);
    match(said, /two nodes have one name: .*web1 {2}web1/);
    match(said, /^hub +: ok=0 +changed=0 .*failed=1/m);
  },
);

testWith(
  "ansible",
  "a look at a host that has nothing yet does not fail, and changes nothing",
  async () => {
    const said = await tried([
      "web1.a.example.org",
      "web1.b.example.org fail2ban_cluster_node=web2",
    ]);
    match(said, /^hub +: .*failed=0/m);
    match(said, /^web1\.b\.example\.org +: .*failed=0/m);
  },
);

testWith("ansible", "ansible-lint has nothing to say of the role", async () => {
  const { success, stdout, stderr } = await new Deno.Command("ansible-lint", {
    args: ["--offline", "--profile", "production", "site.yml"],
    cwd: ROLE,
  }).output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  ok(success, said.join("\n"));
});
