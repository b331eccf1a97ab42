import { onNode, testRunnableExample } from "../support/runnable-example.ts";

for (const name of ["node-http", "express", "koa", "fastify", "hono"]) testRunnableExample({ name, ...onNode });
