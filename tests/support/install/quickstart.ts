/**
 * Types the commands of QUICKSTART.md and README.md on booted hosts, and
 * compares the output with that of the pages.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { waitUntil } from "../host/wait_until.ts";
import type { BootedHosts, Typed } from "./booted_hosts.ts";
import { type Shown, withoutCodes } from "./shown_commands.ts";

const CODES = /^(\w+) (F2BC1\S+)$/gm;
/** Commands whose expected output appears only after some time. */
const WAITED: Readonly<Record<string, RegExp>> = {
  "fail2ban-cluster test": /^2 nodes answered$/m,
  "fail2ban-cluster why 203.0.113.7":
    /^203\.0\.113\.7 is banned, .*enforced +\d/ms,
  "fail2ban-client status fail2bancluster": /203\.0\.113\.7/,
  "nft list ruleset | grep 203.0.113.7": /203\.0\.113\.7/,
};
/**
 * A command that runs until it is stopped: started first, and read during the
 * others.
 */
const TAIL = "fail2ban-cluster tail";
const TOLD = "/mnt/shared/tail";

/** A reader who follows the page. */
export class Reader {
  readonly #hosts: BootedHosts;
  /** The join codes by node, printed by the hub. */
  readonly #codes = new Map<string, string>();

  /** @param hosts Hosts by their names on the page. */
  constructor(hosts: BootedHosts) {
    this.#hosts = hosts;
  }

  /** Types a line, repeatedly if its output needs time; asserts success. */
  async type(host: string, line: string): Promise<string> {
    const pattern = WAITED[line];
    let typed: Typed = { code: -1, said: "" };
    const isSaid = async () => {
      typed = await this.#hosts.type(host, line);
      return pattern === undefined || pattern.test(typed.said);
    };
    const wait = { what: line, timeoutMs: 20_000, intervalMs: 200 };
    try {
      await waitUntil(isSaid, wait);
    } catch (error) {
      throw new Error(typed.said, { cause: error });
    }
    strictEqual(typed.code, 0, `${host}# ${line}\n${typed.said}`);
    return typed.said;
  }

  /** Types all lines, with each node's own code. */
  async typeAll(lines: readonly Shown[]): Promise<void> {
    for (const { host, line, says } of lines) {
      const code = this.#codes.get(host) ?? "";
      const own = withoutCodes(line).replace("CODE", code);
      const said = await this.type(host, own);
      for (const [, name = "", code = ""] of said.matchAll(CODES)) {
        this.#codes.set(name, code);
      }
      if (says.length === 0) continue;
      deepStrictEqual(
        withoutCodes(said).trimEnd().split("\n"),
        says.map(withoutCodes),
      );
    }
  }

  /**
   * Types README's commands; repeats the ban if it came before `tail` had
   * started.
   */
  async typeScene(lines: readonly Shown[]): Promise<void> {
    const [ban, tail, ...rest] = lines;
    deepStrictEqual([ban?.host, tail?.line], ["web1", TAIL]);
    await this.#hosts.type(
      "hub",
      `${TAIL} >${TOLD} 2>&1 & echo $! >${TOLD}.pid`,
    );
    const isTold = async () => {
      await this.#hosts.type(
        "web1",
        ban?.line.replace("banip", "unbanip") ?? "",
      );
      await this.type("web1", ban?.line ?? "");
      const { said } = await this.#hosts.type("hub", `sleep 1; cat ${TOLD}`);
      return /ban +203\.0\.113\.7 +sshd +web1 +\+\d+\.\d{3} s +\d+\/\d+$/m
        .test(said);
    };
    await waitUntil(isTold, { what: "tail's line", timeoutMs: 20_000 });
    await this.#hosts.type("hub", `kill $(cat ${TOLD}.pid)`);
    for (const { host, line } of rest) await this.type(host, line);
  }
}
