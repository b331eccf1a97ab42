import { allowedCacheControl, createRequestGuard, type Download, type GuardOptions } from "@portcullis/core";
import { hiddenUrlOf, type RewritableRequest, withoutTokens } from "./hide-token.ts";

/** What the guard adds to Fastify's request. */
export interface DownloadRequest {
  /**
   * The decision; in a handler, it is a refusal only if `reportOnly` is set. Its `fingerprint` identifies the token in
   * logs.
   */
  download: Download;
}

/** The part of Fastify's reply that the guard uses. */
export interface GuardedReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: Uint8Array): unknown;
}

/** The part of Fastify's request that the guard uses. */
interface GuardedRequest {
  readonly method: string;
  readonly raw: RewritableRequest;
}

/** The part of a Fastify instance that the guard uses. */
export interface GuardedInstance {
  decorateRequest(name: string): unknown;
  hasRequestDecorator(name: string): boolean;
  addHook(name: "onRequest", hook: (request: GuardedRequest, reply: GuardedReply) => Promise<unknown>): unknown;
}

/**
 * A Fastify plugin that guards all routes of the instance in which it is registered, and of the plugins registered after
 * it. It needs {@link hideToken} as the server's `rewriteUrl`.
 *
 * Handlers see `request.download`, the decision; no URL that they see has the token; `Cache-Control: private` is set,
 * unless they set their own. Refusals are responses, not errors: no error handler sees or changes them.
 *
 * @throws {ConfigurationError} if an option is wrong
 *
 * @example
 * const app = Fastify({ logger: true, rewriteUrl: hideToken() });
 * app.register(guard, { keys: publicKeyPem });
 */
export const guard: (instance: GuardedInstance, options: GuardOptions) => Promise<void> = Object.assign(
  async (instance: GuardedInstance, options: GuardOptions) => {
    const check = createRequestGuard(options);
    if (!instance.hasRequestDecorator("download")) instance.decorateRequest("download");

    instance.addHook("onRequest", async (request, reply) => {
      const hidden = hiddenUrlOf(request.raw);
      // Fails closed: without the rewritten URL, the log already contains the token.
      if (!hidden) throw new Error("@portcullis/fastify: create the server with Fastify({ rewriteUrl: hideToken() })");
      const checked = check(request.method, hidden.url);
      const result = "then" in checked ? await checked : checked;
      Object.assign(request, { download: result.download });
      // Only loggers still read the URL of a refused request, so tokens are removed from all other places too.
      request.raw.url = withoutTokens(result.url, result.tokenParameter);
      request.raw.originalUrl = withoutTokens(result.stripUrl(request.raw.originalUrl ?? ""), result.tokenParameter);
      if (result.response) {
        const { status, headers, body } = result.response;
        reply.code(status);
        for (const name of Object.keys(headers)) reply.header(name, headers[name] as string);
        // Sent as bytes, because Fastify adds a charset to the type of a string, and JSON needs none.
        return reply.send(new TextEncoder().encode(body));
      }
      if (hidden.tokenParameter !== result.tokenParameter) {
        throw new Error(`@portcullis/fastify: set rewriteUrl: hideToken(${JSON.stringify(result.tokenParameter)})`);
      }
      reply.header("Cache-Control", allowedCacheControl);
      return undefined;
    });
  },
  {
    // Otherwise Fastify would limit the hook to this plugin, which has no routes.
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "@portcullis/fastify",
  },
);
