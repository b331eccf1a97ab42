import {
  type AzureBlobOptions,
  azureBlob,
  type HttpOriginOptions,
  httpOrigin,
  type Origin,
  respond,
  type S3Options,
  s3,
} from "@portcullis/origin";

/** An origin as text, for a server on another runtime. */
export type ServedOrigin =
  | { readonly kind: "s3"; readonly options: S3Options }
  | { readonly kind: "azure"; readonly options: AzureBlobOptions }
  | { readonly kind: "http"; readonly options: HttpOriginOptions };

export function openOrigin(served: ServedOrigin): Origin {
  if (served.kind === "s3") return s3(served.options);
  return served.kind === "azure" ? azureBlob(served.options) : httpOrigin(served.options);
}

type Handler = (request: Request) => Promise<Response>;

declare const Deno:
  | {
      readonly args: readonly string[];
      serve(options: { hostname: string; port: number; onListen(address: { port: number }): void }, on: Handler): void;
    }
  | undefined;
declare const Bun:
  | {
      readonly argv: readonly string[];
      serve(options: { hostname: string; port: number; fetch: Handler }): { readonly port: number };
    }
  | undefined;

// Run as a program by Deno or Bun, it serves the origin of its argument and prints its port.
const hostname = "127.0.0.1";
if (typeof Deno !== "undefined") {
  const origin = openOrigin(JSON.parse(Deno.args[0] as string));
  Deno.serve({ hostname, port: 0, onListen: ({ port }) => console.log(port) }, (request) => respond(origin, request));
} else if (typeof Bun !== "undefined") {
  const origin = openOrigin(JSON.parse(Bun.argv[2] as string));
  console.log(Bun.serve({ hostname, port: 0, fetch: (request) => respond(origin, request) }).port);
}
