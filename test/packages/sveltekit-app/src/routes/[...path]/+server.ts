import type { RequestHandler } from "@sveltejs/kit";
import { contractHandler, respondWithWhatWasSeen } from "../../../contract.js";

const handler = contractHandler(JSON.parse(process.env.CONTRACT_SETUP ?? "{}"));

/** Odd targets of the contract end in slashes: they must be checked, not redirected. */
export const trailingSlash = "ignore";

export const fallback: RequestHandler = async ({ request, url, locals }) => {
  if (process.env.GUARDED_BY !== "hook") return handler(request);
  const response = await respondWithWhatWasSeen(request, locals.download);
  response.headers.set("X-Other-Url", url.href);
  return response;
};
