import { EngineError } from "../errors.js";
import type { HeadName } from "../nn/heads/index.js";
import type { Member } from "./member.js";
import type { SessionModel } from "./model.js";
import type { Session } from "./session.js";

/** One model in all sessions of a pool, loaded where it is not, or not any more. */
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
    // A failure is no answer to the next request.
    model.catch(() => {
      if (this.#models.get(member)?.model === model) this.#models.delete(member);
    });
    return model;
  }

  /** Gives the memory in all sessions back. */
  async close(): Promise<void> {
    this.#closed = true;
    const models = [...this.#models.values()];
    await Promise.all(models.map(({ model }) => model.then((one) => one.close()).catch(() => undefined)));
  }
}
