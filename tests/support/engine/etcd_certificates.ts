import { strictEqual } from "node:assert/strict";
import type { TempDir } from "../host/temp_dir.ts";

/** Files of a certificate and its authority. */
export interface HostCertificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/**
 * Creates an authority and a certificate as in the operators' manual.
 *
 * @param dir The folder of the files.
 * @param addresses Further addresses for which the certificate is valid.
 */
export async function hostCertificate(
  dir: TempDir,
  addresses: readonly string[] = [],
): Promise<HostCertificate> {
  const names = ["DNS:hub1", "DNS:localhost", "IP:127.0.0.1"];
  const all = [...names, ...addresses.map((each) => `IP:${each}`)].join(",");
  const script = `
    openssl req -x509 -newkey ed25519 -nodes -days 9 -subj /CN=ca -keyout ca.key -out ca.pem
    openssl req -newkey ed25519 -nodes -subj /CN=hub1 -keyout hub1.key -out hub1.csr
    printf 'subjectAltName=${all}' > hub1.ext
    openssl x509 -req -in hub1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -extfile hub1.ext -out hub1.pem`;
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-ec", script],
    cwd: dir.path(),
  }).output();
  strictEqual(success, true, new TextDecoder().decode(stderr));
  return {
    authority: dir.path("ca.pem"),
    certificate: dir.path("hub1.pem"),
    key: dir.path("hub1.key"),
  };
}
