/**
 * What `npm run mutation -- NAME` changes, and the folders and files of the tests that run against it. With `command`,
 * the tests also start the command, which is bundled with the changes in it. With `mostTime`, only the tests of the
 * nearest files run against a change: as many as take this time without it, in ms.
 */
export const targets = {
  core: { mutate: ["packages/core/src/**/*.ts"], tests: ["core"] },
  adapters: { mutate: ["packages/{node-http,koa,fastify,web-fetch}/src/**/*.ts"], tests: ["contract", "web-fetch"] },
  origin: { mutate: ["packages/origin/src/**/*.ts"], tests: ["origin"] },
  issuer: { mutate: ["packages/issuer/src/**/*.ts"], tests: ["issuer", "issuer-interop"] },
  depot: { mutate: ["packages/depot/src/**/*.{ts,tsx}"], tests: ["depot"] },
  cli: {
    mutate: ["packages/cli/src/**/*.ts"],
    tests: ["cli", "commands", "commands/serve", "depot"],
    command: true,
    mostTime: 60_000,
  },
};

/** The share of a target's changes that tests must notice; for core, all changes that a test can notice. */
export const leastNoticed = 0.85;

/** The names of tests that measure time, which are left out: sources that contain every mutant are slower. */
export const timed = /longer than 5 ms|proportional to the length|linear time/;
