import type { RequestHandler } from "@sveltejs/kit";

/** Behind the hook of the README: answers with every URL that is to be seen there. */
export const GET: RequestHandler = ({ request, url }) => new Response(`${request.url} ${url}`);
