/// <reference lib="esnext.disposable" preserve="true" />
import { EngineError } from "../errors.js";
import type { ModelFacts } from "../models/facts.js";
import type { ModelOutput, OutputOf } from "../models/outputs.js";
import type { HeadName } from "../nn/heads/index.js";
import type { PipelineMethods, PipelineName } from "../pipelines/index.js";
import { traced } from "./callers.js";
import { checkCall } from "./calls.js";
import type { Member } from "./member.js";
import { knownOf, type SessionModel } from "./model.js";
import type { RequestQueue } from "./queue.js";
import type { Session } from "./session.js";

/** A model that every session of a pool has: each call goes to one session, and settles when it is done. */
export interface PoolModel<H extends HeadName = HeadName, O extends ModelOutput = OutputOf<H>>
  extends PipelineMethods,
    ModelFacts<H>,
    Pick<SessionModel<H, O>, "forward"> {
  /** Frees the model in all sessions. */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** One model in all sessions of a pool; where a session does not have it (any more), it is loaded. */
export class PoolModels<H extends HeadName = HeadName> {
  readonly #load: (session: Session) => Promise<SessionModel<H>>;
  readonly #models = new Map<Member, { readonly life: number; readonly model: Promise<SessionModel<H>> }>();
  #closed = false;

  constructor(load: (session: Session) => Promise<SessionModel<H>>) {
    this.#load = load;
  }

  /** The model in a session, which is started anew if it has ended. */
  async on(member: Member): Promise<SessionModel<H>> {
    const session = await member.up();
    if (this.#closed) throw new EngineError("the model is closed", { reason: "closed" });
    const known = this.#models.get(member);
    if (known?.life === member.life) return known.model;
    const model = this.#load(session);
    this.#models.set(member, { life: member.life, model });
    // The next request tries again after a failure.
    model.catch(() => {
      if (this.#models.get(member)?.model === model) this.#models.delete(member);
    });
    return model;
  }

  /** Frees the model in all sessions. */
  async close(): Promise<void> {
    this.#closed = true;
    const models = [...this.#models.values()];
    await Promise.all(models.map(({ model }) => model.then((one) => one.close()).catch(() => undefined)));
  }
}

/** What `Pool.load` returns: each call of a method is a request, which goes to one session. */
export function poolModel<H extends HeadName>(
  queue: RequestQueue,
  models: PoolModels<H>,
  model: SessionModel<H>,
): PoolModel<H> {
  const { facts, pipelines } = knownOf(model);
  const names = Object.keys(pipelines) as PipelineName[];
  const method =
    (name: PipelineName | "forward") =>
    (...args: unknown[]) =>
      traced(async () => {
        checkCall(name, args, pipelines);
        return queue.run(
          async (member) => ((await models.on(member))[name] as (...args: unknown[]) => Promise<unknown>)(...args),
          (args.at(-1) as { signal?: AbortSignal } | undefined)?.signal,
        );
      });
  const close = () => models.close();
  return {
    ...facts,
    ...Object.fromEntries([...names, "forward" as const].map((name) => [name, method(name)])),
    close,
    [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: close,
  } as unknown as PoolModel<H>;
}
