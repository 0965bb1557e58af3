import type { Setting } from "../train/settings/rules.js";
import { fieldFlag, type OptionSpec, ruled } from "./option.js";

/** The flags of a table of settings: name, value, help and check come from the table. `--seed` is a flag of every command. */
export function settingOptions({ seed, ...table }: Readonly<Record<string, Setting>>): OptionSpec[] {
  return Object.entries(table).map(([name, setting]) => ({
    flags: setting.rule.kind === "boolean" ? flagOf(name, setting) : `${fieldFlag(name)} <${setting.unit}>`,
    help: helpOf({ ...setting, help: setting.off ?? setting.help }),
    parse: ruled(setting.rule),
    isFlag: setting.rule.kind === "boolean",
  }));
}

/** `--name`, or `--no-name` for what is on by default. */
const flagOf = (name: string, { off }: Setting): string =>
  off === undefined ? fieldFlag(name) : `--no-${fieldFlag(name).slice(2)}`;

/** The sentence of the library's documentation, with flags for names of settings. */
function helpOf({ help, usually, default: value, rule }: Setting): string {
  const names = rule.names ? `: ${rule.names.join(", ")}` : "";
  const standard = usually ?? (rule.kind === "boolean" ? undefined : value);
  const all = `${help[0]!.toLowerCase()}${help.slice(1)}${names}${standard === undefined ? "" : ` (default: ${standard})`}`;
  return all
    .replaceAll(/`(init|heads|epochs|layers|batch|warmup|stages|steps|maxLength)`/g, (_, name: string) =>
      fieldFlag(name),
    )
    .replaceAll(/[`"]/g, "");
}
