/** Licences that a package states in its README only, and not in its manifest. */
export const statedElsewhere: Readonly<Record<string, string>> = {
  "node_modules/combine-errors": "MIT",
};
