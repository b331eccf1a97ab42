import type { IncomingMessage, ServerResponse } from "node:http";
import { badPathResponse, failureResponse, methodNotAllowedResponse, missingResponse } from "../describe-response.ts";
import { openByName, readObjectName } from "../object-name.ts";
import type { OpenOptions, Origin } from "../origin.ts";
import { mostVersions } from "../origin-error.ts";
import type { RespondOptions } from "../respond.ts";
import { sendHead, sendObject } from "./send-object.ts";

/** Handles a `node:http` request; resolves when the response has begun, and never rejects. */
export type OriginListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Creates a `node:http` listener that serves the objects of an origin: GET and HEAD, ranges, conditional requests, types,
 * and problem documents (RFC 9457) for the rest. It checks no token: put it behind a guard.
 *
 * @example
 * http.createServer(guard({ keys }, serveFrom(folder("apps"))));
 * app.use("/apps", guard({ keys }), serveFrom(folder("apps"))); // Express, which strips "/apps"
 */
export function serveFrom(origin: Origin, options: RespondOptions = {}): OriginListener {
  const { under, onProblem = (problem, name) => console.error(`${name}: ${problem}`) } = options;

  async function sendByName(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    attempts: number,
  ): Promise<void> {
    const object = await openByName(origin, name, openFor(response));
    if (object.problem !== undefined) onProblem(object.problem, name);
    if (!object.found) return sendHead(response, missingResponse(object));
    if (response.destroyed) return object.close();
    const startAgain = attempts > 1 ? () => sendByName(request, response, name, attempts - 1) : undefined;
    const transfer = sendObject(request, response, object, startAgain);
    response.once("close", () => {
      const problem = transfer.problem();
      if (problem !== undefined) onProblem(problem, name);
    });
  }

  return async (request, response) => {
    const { method, url = "" } = request;
    if (method !== "GET" && method !== "HEAD") return sendHead(response, methodNotAllowedResponse());
    const name = readObjectName(url, under);
    if (name === undefined) return sendHead(response, badPathResponse());
    try {
      await sendByName(request, response, name, mostVersions);
    } catch (error) {
      onProblem((error as Error).message, name);
      if (response.headersSent) response.destroy();
      else sendHead(response, failureResponse());
    }
  };
}

/**
 * The options for opening an object on behalf of a client: the signal is aborted if the client disconnects before it
 * has received everything. It is created when an origin needs it; creating one for each file of a folder would take a
 * tenth of the time of the whole request.
 */
export function openFor(response: ServerResponse): OpenOptions {
  return new ClientOptions(response);
}

/** A class, because an object literal with a getter is slow to create. */
class ClientOptions implements OpenOptions {
  readonly #response: ServerResponse;
  #controller: AbortController | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const controller = new AbortController();
    const response = this.#response;
    this.#controller = controller;
    response.once("close", () => {
      if (!response.writableFinished) controller.abort();
    });
    return controller.signal;
  }
}
