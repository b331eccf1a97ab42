/**
 * What `npm run mutation -- NAME` changes, and the folders and files of the tests that run against it. With `command`,
 * the tests also start the command, which is bundled with the changes in it. With `mostTime`, only the tests of the
 * nearest files run against a change: as many as take this time without it, in ms.
 */
export const targets = {
  core: { mutate: ["packages/core/src/**/*.ts"], tests: ["core"] },
  adapters: { mutate: ["packages/{node-http,koa,fastify,web-fetch}/src/**/*.ts"], tests: ["contract", "web-fetch"] },
  origin: { mutate: ["packages/origin/src/**/*.ts"], tests: ["origin"] },
  issuer: {
    mutate: ["packages/issuer/src/**/*.ts"],
    // Not readme.test.ts, whose examples are processes that import the packages themselves.
    tests: [
      "issuer",
      ...["app-manifest", "configuration-api", "configuration-store", "end-to-end", "install-commands", "read-ipa"].map(
        (name) => `issuer-interop/${name}.test.ts`,
      ),
    ],
  },
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

/**
 * Why a run fails; undefined if it does not.
 *
 * @param counts.open - how many changes are noticed by no test and have no reason
 * @param counts.part - part of all changes that tests notice, from 0 to 1
 */
export function shortfall(name, { open, part }) {
  if (name === "core") {
    return open === 0
      ? undefined
      : `core: changes that are noticed by no test and have no reason: ${open}; there must be none.`;
  }
  return part >= leastNoticed ? undefined : `${name}: fewer than ${leastNoticed * 100} % of the changes are noticed.`;
}

/**
 * The names of tests that are left out: those that measure time or memory, because sources that contain every mutant take
 * more, and one that reads the source of a function.
 */
export const leftOut = /longer than 5 ms|proportional to the length|linear time|200 MB of heap|the plugin has its name/;
