import { after } from "node:test";

/** The part of Miniflare, Cloudflare's simulator, that is used. Its own types exist only after this folder's packages are installed. */
interface Miniflare {
  readonly ready: Promise<URL>;
  getR2Bucket(name: string): Promise<unknown>;
  dispose(): Promise<void>;
}

/** Runs a worker in workerd until the test file ends. */
export async function startMiniflare(options: object): Promise<Miniflare> {
  const name: string = "miniflare";
  const { Miniflare } = (await import(name)) as { readonly Miniflare: new (options: object) => Miniflare };
  const miniflare = new Miniflare({ modules: true, ...options });
  after(() => miniflare.dispose());
  await miniflare.ready;
  return miniflare;
}
