import { roleCommand, type TestCluster } from "./test_cluster.ts";

/**
 * Runs an operator's command at the publisher of a cluster. @throws when it
 * fails.
 */
export async function operate(
  cluster: TestCluster,
  words: string,
  host = "hub",
): Promise<string> {
  const { command, args } = roleCommand("cluster");
  const config = `${cluster.dir}/${host}/fail2ban-cluster.conf`;
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args, ...words.split(" "), "--config", config],
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((said) =>
    new TextDecoder().decode(said)
  );
  if (code !== 0) throw new Error(`${words}: ${err}`);
  return out ?? "";
}
