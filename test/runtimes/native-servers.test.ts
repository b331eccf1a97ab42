import { runContract } from "../contract/contract.ts";
import { bunCommand, denoCommand, startProgram, startWorker } from "./server-process.ts";

runContract({
  name: "Deno.serve, from source, allowed to listen and nothing else",
  start: (setup) => startProgram(denoCommand, "deno.ts", setup),
});

for (const way of ["fetch", "routes"]) {
  runContract({
    name: `Bun.serve, by ${way}`,
    start: (setup) => startProgram(bunCommand, "bun.ts", setup, way),
  });
}

for (const nodeCompatible of [false, true]) {
  runContract({
    name: nodeCompatible ? "workerd with nodejs_compat" : "workerd",
    start: (setup) => startWorker(setup, nodeCompatible),
  });
}
