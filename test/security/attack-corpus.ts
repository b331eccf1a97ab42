import type { WebSigningKey } from "../support/web-signing-key.ts";
import type { AttackCase } from "./attack-case.ts";
import { claimAttacks } from "./claim-attacks.ts";
import { encodingAttacks } from "./encoding-attacks.ts";
import { headerAttacks } from "./header-attacks.ts";
import { pathAttacks } from "./path-attacks.ts";
import { queryAttacks } from "./query-attacks.ts";
import { signatureAttacks } from "./signature-attacks.ts";

/**
 * All cases, about which every entry point must make the same decision: the adapters, the servers, the nginx module and the
 * runtimes. The corpus is created with Web Crypto only, so that it can be created in each of them. The tokens are signed
 * with `key`, for the time `now`.
 */
export async function attackCorpus(key: WebSigningKey): Promise<AttackCase[]> {
  const groups = [queryAttacks, encodingAttacks, headerAttacks, signatureAttacks, claimAttacks, pathAttacks];
  const cases = await Promise.all(groups.map((attacks) => attacks(key)));
  return cases.flat();
}
