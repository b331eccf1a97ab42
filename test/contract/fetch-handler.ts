import type { Decision } from "@portcullis/core";
import { summaryOf } from "./decision-record.ts";

/** The fetch handler behind the guard that the contract describes, in every runtime. */
export async function respondWithWhatWasSeen(request: Request, download: Decision): Promise<Response> {
  const { method, url } = request;
  const { pathname } = new URL(url);
  if (pathname === "/throw") throw new Error("the handler failed, on purpose");
  const own = pathname === "/own-cache-control" ? { "Cache-Control": "public, max-age=60" } : undefined;
  const seen = { method, url, otherUrls: [], download: summaryOf(download), body: await request.text() };
  return Response.json(seen, own && { headers: own });
}
