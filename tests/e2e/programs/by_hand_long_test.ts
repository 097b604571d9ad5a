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
/** Ends a program that runs in the background. */
const STOP = `for role in monitor publisher; do
  file=/var/run/fail2ban-$role.pid
  if [ -e $file ]; then kill $(cat $file); fi
  while [ -e $file ]; do sleep 0.05; done
done`;
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
      await root.shell(STOP);
      const { command, args } = root.inside(["sh", "-c", IN_FRONT, "sh", line]);
      await using node = new ChildProcess({ command, args, env: ENV });
      await node.waitForLine(/fail2ban-subscriber.*\bready\b/);
      await root.shell(STOP);
      strictEqual((await node.ended).code, 0, node.stderr.join("\n"));
    } finally {
      await typed(root, STOP);
      await typed(root, "fail2ban-client stop");
    }
  },
);
