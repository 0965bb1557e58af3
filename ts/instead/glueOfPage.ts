import { ConfigError } from "../errors.js";

interface Options {
  readonly glue?: string | undefined;
  readonly data?: unknown;
}

/** What a run is asked. */
interface Asked<O> {
  readonly options: O;
  readonly glue?: undefined;
}

/** The options as they are. A page has no folder of GLUE's files. Errors: ConfigError where `glue` asks for one. */
export async function withGlue<O extends Options>(options: O): Promise<Asked<O>> {
  if (options.glue !== undefined) throw new ConfigError("browsers cannot read glue's folder; give rows or files");
  if (options.data !== undefined) throw new ConfigError("data is for glue; name the training rows with train");
  return { options };
}

/** The same for an evaluation, whose data are its rows. */
export async function withGlueRows<O extends Options>(options: O): Promise<Asked<O>> {
  if (options.glue !== undefined) throw new ConfigError("browsers cannot read glue's folder; give rows or files");
  return { options };
}
