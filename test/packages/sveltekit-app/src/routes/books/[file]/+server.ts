import type { RequestHandler } from "@sveltejs/kit";

/** Behind the README's hook: responds with every URL that a handler can see there. */
export const GET: RequestHandler = ({ request, url }) => new Response(`${request.url} ${url}`);
