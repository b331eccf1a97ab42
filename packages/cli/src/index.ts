export type { MainOptions } from "./command-line/context.ts";
export type { ExitCode } from "./command-line/exit-code.ts";
export { exitCode } from "./command-line/exit-code.ts";
export { main } from "./main.ts";
