import { runContract } from "../contract/contract.ts";
import { bunCommand, denoCommand, startProgram, startWorker } from "./server-process.ts";

runContract({
  name: "Deno.serve, from source, allowed to listen and nothing else",
  start: (setup) => startProgram(denoCommand, "deno.ts", setup),
});

runContract({
  name: "Bun.serve",
  start: (setup) => startProgram(bunCommand, "bun.ts", setup),
});

for (const nodeCompatible of [false, true]) {
  runContract({
    name: nodeCompatible ? "workerd with nodejs_compat" : "workerd",
    start: (setup) => startWorker(setup, nodeCompatible),
  });
}
