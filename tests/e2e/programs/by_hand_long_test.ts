import { match, strictEqual } from "node:assert/strict";
import {
  namedCommands,
  shownBlock,
} from "../../support/install/shown_commands.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { PROJECT } from "../../support/install/installer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { ThrowawayRoot } from "../../support/host/throwaway_root.ts";

/** npx has no registry here, and Deno at hand. */
const ENV = { LC_ALL: "C", "npm_config_offline": "true" };
/** What Debian has done by the time somebody begins. */
const BEFORE = `cd /mnt/given
: >/var/log/auth.log
rm -f /var/lib/fail2ban/*
mkdir -p /run/fail2ban
fail2ban-client start
`;
const RUN = "npx -y deno@2.9.6 run -q";
const STOP_NODE = `cd /mnt/given; ${RUN} -P=node roles/node.ts stop`;
const STOP_HUB = `cd /mnt/given; ${RUN} -P=publisher roles/publisher.ts stop`;
const IN_FRONT = 'cd /mnt/given; eval "exec $1"';
const ADDRESS = "192.0.2.10/24";

/** Types a script in a system, on its own network, as root. */
async function typed(
  root: ThrowawayRoot,
  script: string,
): Promise<{ code: number; said: string }> {
  const { command, args } = root.inside(["sh", "-ec", `exec 2>&1\n${script}`]);
  const { code, stdout } = await new Deno.Command(command, {
    args,
    env: ENV,
    stdin: "null",
  }).output();
  return { code, said: new TextDecoder().decode(stdout) };
}

testWith(
  ["fail2ban", "netns", "npm", "overlay"],
  "what QUICKSTART types without install.sh makes a host hub and node, in a copy of the project; README's line runs a node in the foreground",
  async () => {
    const block = await shownBlock(
      "docs/QUICKSTART.md",
      "roles/node.ts start",
    );
    const [line = ""] = (await namedCommands("README.md"))
      .filter((command) => command.includes("roles/node.ts"));
    await using network = await NetworkNamespace.create();
    await network.run("ip", "addr", "add", ADDRESS, "dev", "lo");
    await using root = await ThrowawayRoot.create(PROJECT, network.name);
    try {
      const { code, said } = await typed(root, BEFORE + block);
      strictEqual(code, 0, said);
      match(said, /^fail2ban-publisher: started, with process id \d+$/m);
      match(said, /^fail2ban-node: started, with process id \d+$/m);
      match(said, /^hub +heard, rules agree +[\d.]+ ms$/m);
      match(said, /^1 node answered$/m);
      await typed(root, STOP_NODE);
      const { command, args } = root.inside(["sh", "-c", IN_FRONT, "sh", line]);
      await using node = new ChildProcess({ command, args, env: ENV });
      await node.waitForLine(/following/);
      await typed(root, STOP_NODE);
      strictEqual((await node.ended).code, 0, node.stderr.join("\n"));
    } finally {
      for (const stop of [STOP_NODE, STOP_HUB, "fail2ban-client stop"]) {
        await typed(root, stop);
      }
    }
  },
);
