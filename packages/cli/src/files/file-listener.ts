import type { IncomingMessage, ServerResponse } from "node:http";
import { openFile } from "./open-file.ts";
import { answerMethodNotAllowed, answerProblem, isFetching } from "./problem-answer.ts";
import { readRequestPath } from "./request-path.ts";
import { sendFile, type Transfer } from "./send-file.ts";

/** Answers a request that was let in; resolves as soon as the answer has begun. */
export type FileListener = (request: IncomingMessage, response: ServerResponse) => Promise<Transfer | undefined>;

/** Makes the listener that serves the files of one folder; no listing, no index, no redirect. */
export function createFileListener(folder: string): FileListener {
  return async (request, response) => {
    if (!isFetching(request.method)) {
      answerMethodNotAllowed(response);
      return undefined;
    }
    const segments = readRequestPath(request.url ?? "");
    if (segments === undefined) {
      answerProblem(response, 400, "The path of the URL is not one of a file.");
      return undefined;
    }
    const file = await openFile(folder, segments);
    if (!file.handle) {
      answerProblem(response, 404, "There is no such file here.");
      return undefined;
    }
    if (response.destroyed) {
      await file.handle.close();
      return undefined;
    }
    return sendFile(request, response, file, segments.at(-1) ?? "");
  };
}
