#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { buildCommand, EXIT, report } from "./command.js";
import { commands } from "./commands/index.js";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

async function main(): Promise<void> {
  // A closed pipe (`| head`) is not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.input),
  );
  let code: number = EXIT.done;
  const finish = (result: number) => {
    code = result;
  };
  // If nobody reads the progress (`2>&1 | head`), the work continues.
  process.stderr.on("error", () => {});
  const program = new Command("roformer")
    .description("Trains and runs rotary transformers (RoFormer) on the CPU.")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError();
  for (const spec of commands) program.addCommand(buildCommand(spec, finish));
  try {
    if (process.argv.length < 3) program.help({ error: true });
    await program.parseAsync();
  } catch (error) {
    code = report(error, false);
  }
  process.exitCode = code;
}

await main();
