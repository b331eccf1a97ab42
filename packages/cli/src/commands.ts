import { type Command, command } from "./command-line/command.ts";
import { advise } from "./commands/advise/advise.ts";
import { apiToken } from "./commands/api-token/api-token.ts";
import { auth } from "./commands/auth/auth.ts";
import { completion } from "./commands/completion/completion.ts";
import { configuration } from "./commands/configuration/configuration.ts";
import { demo } from "./commands/demo/demo.ts";
import { depot } from "./commands/depot/depot.ts";
import { inspect } from "./commands/inspect/inspect.ts";
import { item } from "./commands/item/item.ts";
import { keygen } from "./commands/keygen/keygen.ts";
import { link } from "./commands/link/link.ts";
import { manifest } from "./commands/manifest/manifest.ts";
import { probe } from "./commands/probe/probe.ts";
import { pubkey } from "./commands/pubkey/pubkey.ts";
import { publish } from "./commands/publish/publish.ts";
import { redact } from "./commands/redact/redact.ts";
import { rewritemap } from "./commands/rewritemap/rewritemap.ts";
import { scanLogs } from "./commands/scan-logs/scan-logs.ts";
import { serve } from "./commands/serve/serve.ts";
import { sign } from "./commands/sign/sign.ts";

/** All commands, in the order in which `--help` lists them. */
export const commands: readonly Command[] = [
  command(serve, async () => (await import("./commands/serve/run-serve.ts")).runServe),
  command(auth, async () => (await import("./commands/auth/run-auth.ts")).runAuth),
  command(rewritemap, async () => (await import("./commands/rewritemap/run-rewritemap.ts")).runRewritemap),
  command(depot, async () => (await import("./commands/depot/run-depot.ts")).runDepot),
  command(publish, async () => (await import("./commands/publish/run-publish.ts")).runPublish),
  command(item, async () => (await import("./commands/item/run-item.ts")).runItem),
  command(link, async () => (await import("./commands/link/run-link.ts")).runLink),
  command(apiToken, async () => (await import("./commands/api-token/run-api-token.ts")).runApiToken),
  command(configuration, async () => (await import("./commands/configuration/run-configuration.ts")).runConfiguration),
  command(inspect, async () => (await import("./commands/inspect/run-inspect.ts")).runInspect),
  command(probe, async () => (await import("./commands/probe/run-probe.ts")).runProbe),
  command(keygen, async () => (await import("./commands/keygen/run-keygen.ts")).runKeygen),
  command(pubkey, async () => (await import("./commands/pubkey/run-pubkey.ts")).runPubkey),
  command(sign, async () => (await import("./commands/sign/run-sign.ts")).runSign),
  command(manifest, async () => (await import("./commands/manifest/run-manifest.ts")).runManifest),
  command(scanLogs, async () => (await import("./commands/scan-logs/run-scan-logs.ts")).runScanLogs),
  command(redact, async () => (await import("./commands/redact/run-redact.ts")).runRedact),
  command(advise, async () => (await import("./commands/advise/run-advise.ts")).runAdvise),
  command(demo, async () => (await import("./commands/demo/run-demo.ts")).runDemo),
  command(completion, async () => {
    const { completionFor } = await import("./commands/completion/shell-completion.ts");
    return completionFor(commands);
  }),
];
