/**
 * What `npm run mutation -- NAME` changes, and the folders and files of the tests that run against it. Tests that start
 * processes would see no change: it is active in the process of the tests only.
 */
export const targets = {
  core: { mutate: ["packages/core/src/**/*.ts"], tests: ["core"] },
  adapters: { mutate: ["packages/{node-http,koa,fastify,web-fetch}/src/**/*.ts"], tests: ["contract", "web-fetch"] },
  origin: { mutate: ["packages/origin/src/**/*.ts"], tests: ["origin"] },
};

/** Which part of a target's changes must be noticed by a test; of core, all that a test can notice. */
export const leastNoticed = 0.85;

/** Tests that measure time, by name: sources with every mutant in them are slower. */
export const timed = /longer than 5 ms|proportional to the length|linear time/;
