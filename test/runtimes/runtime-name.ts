interface Globals {
  readonly navigator?: { readonly userAgent?: string };
  readonly Deno?: { readonly version: { readonly deno: string } };
  readonly process?: {
    readonly versions?: { readonly node?: string; readonly bun?: string };
    getBuiltinModule?(name: string): unknown;
  };
}

/**
 * Names the runtime that this code really runs on, by features that only that runtime has. Without this check, a suite
 * that is thought to run on Bun can run on Node for months.
 */
export function runtimeName(): string {
  const { navigator, Deno, process } = globalThis as Globals;
  const { versions } = process ?? {};
  const agent = navigator?.userAgent ?? "";
  if (Deno) return `Deno ${Deno.version.deno}`;
  if (versions?.bun) return `Bun ${versions.bun}`;
  if (agent === "Cloudflare-Workers") {
    return process?.getBuiltinModule ? "workerd with nodejs_compat" : "workerd";
  }
  const [, chromium] = /Chrome\/(\d+)/.exec(agent) ?? [];
  if (chromium) return `Chromium ${chromium}`;
  return versions?.node ? `Node ${versions.node}` : `unknown (${agent})`;
}
