/**
 * A real cluster whose publisher serves the page.
 *
 * @module
 */

import { OperatedCluster } from "../cluster/operated_cluster.ts";
import { freePort } from "../host/test_ports.ts";

/** A cluster with the URL of its page. */
export interface PageCluster extends AsyncDisposable {
  readonly operated: OperatedCluster;
  readonly url: string;
}

/** Starts hosts that report and enforce. */
export async function startPageCluster(
  hosts: readonly string[],
): Promise<PageCluster> {
  const url = `http://localhost:${freePort()}`;
  const pagebindurl = url.replace("localhost", "127.0.0.1");
  const operated = await OperatedCluster.start({
    hosts,
    publisher: { pagebindurl },
  });
  return {
    operated,
    url,
    [Symbol.asyncDispose]: () => operated[Symbol.asyncDispose](),
  };
}

/** A login code from the operator's command. */
export async function codeOf(
  operated: OperatedCluster,
  ...options: readonly string[]
): Promise<string> {
  const { code, out, err } = await operated.say("page", "login", ...options);
  if (code !== 0) throw new Error(err);
  return out;
}

/** Logs in without a browser, and returns the cookie. */
export async function cookieOf(
  { operated, url }: PageCluster,
  ...options: readonly string[]
): Promise<string> {
  const response = await postTo(
    `${url}/api/login`,
    { code: await codeOf(operated, ...options) },
  );
  await response.text();
  return (response.headers.get("set-cookie") ?? "").replace(/;.*/, "");
}

/** Sends a request like the page. */
export async function postTo(
  url: string,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "origin": new URL(url).origin,
      ...headers,
    },
    body: JSON.stringify(value),
  });
}
