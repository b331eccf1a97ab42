/** Licences that a package states only in its README, and not in its manifest. */
export const statedElsewhere: Readonly<Record<string, string>> = {
  "node_modules/combine-errors": "MIT",
};
