import type { IncomingMessage, ServerResponse } from "node:http";
import { openFile } from "../../static-files/open-file.ts";
import { readRequestPath } from "../../static-files/request-path.ts";
import { sendFile, type Transfer } from "../../static-files/send-file.ts";
import { isFetching, sendMethodNotAllowed, sendProblem } from "../../static-files/send-problem.ts";

/** Answers a request that was let in; resolves as soon as the answer has begun. */
export type FileListener = (request: IncomingMessage, response: ServerResponse) => Promise<Transfer | undefined>;

/** Makes the listener that serves the files of one folder; no listing, no index, no redirect. */
export function createFileListener(folder: string): FileListener {
  return async (request, response) => {
    if (!isFetching(request.method)) {
      sendMethodNotAllowed(response);
      return undefined;
    }
    const segments = readRequestPath(request.url ?? "");
    if (segments === undefined) {
      sendProblem(response, 400, "The path of the URL is not one of a file.");
      return undefined;
    }
    const file = await openFile(folder, segments);
    if (!file.handle) {
      sendProblem(response, 404, "There is no such file here.");
      return undefined;
    }
    if (response.destroyed) {
      await file.handle.close();
      return undefined;
    }
    return sendFile(request, response, file, segments.at(-1) ?? "");
  };
}
