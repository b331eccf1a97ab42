/**
 * What `npm run mutation -- NAME` changes, and the folders and files of the tests that run against it. Tests that
 * start processes would not notice any change, because it is active only in the process of the tests.
 */
export const targets = {
  core: { mutate: ["packages/core/src/**/*.ts"], tests: ["core"] },
  adapters: { mutate: ["packages/{node-http,koa,fastify,web-fetch}/src/**/*.ts"], tests: ["contract", "web-fetch"] },
  origin: { mutate: ["packages/origin/src/**/*.ts"], tests: ["origin"] },
};

/** The share of a target's changes that tests must notice; for core, all changes that a test can notice. */
export const leastNoticed = 0.85;

/** The names of tests that measure time, which are left out: sources that contain every mutant are slower. */
export const timed = /longer than 5 ms|proportional to the length|linear time/;
