import { afterEach, describe, expect, it } from "vitest";
import { AbortError, ConfigError, DataError, EngineError } from "../../ts/errors.js";
import { platform, type StartedWorker } from "../../ts/platform/index.js";
import { Link } from "../../ts/session/link.js";
import type { Greeting } from "../../ts/session/protocol.js";
import { serve } from "../../ts/session/serve.js";
import { start } from "../engine/programs.js";
import { failure } from "./built.js";
import { type StreamCommands, streamCommands } from "./streamCommands.js";

const links: Link<StreamCommands>[] = [];
afterEach(async () => {
  for (const link of links.splice(0)) await link.close("the test is over");
});

/** Host and link in one thread; `held` says whether it would keep a process alive. */
function beside() {
  const state = { held: false };
  const worker: StartedWorker = {
    worker: undefined,
    postMessage: (greeting) => void serve(greeting as Greeting, streamCommands()),
    hold(held) {
      state.held = held;
    },
    terminate: async () => undefined,
  };
  const link = new Link<StreamCommands>(() => worker);
  links.push(link);
  return { link, state };
}

/** A link to a worker of `worker_threads`. */
function inWorker() {
  const script = new URL("../programs/workers/streams.mjs", import.meta.url);
  const link = new Link<StreamCommands>((onEnd) => platform.startWorker(script, onEnd));
  links.push(link);
  return { link, state: undefined };
}

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.each([
  ["beside its host", beside],
  ["to a worker", inWorker],
])("a link %s", (_, open) => {
  it("gives what a generator yields, each value made when it is asked for, and its return value", async () => {
    const { link } = open();
    const stream = await link.call("count", 3);
    await later(20);
    expect(await link.call("log")).toEqual([]);
    expect(await stream.next()).toEqual({ done: false, value: 0 });
    await later(20);
    expect(await link.call("log")).toEqual(["begin", "make 0"]);
    const rest = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next()]);
    expect(rest.map(({ value }) => value)).toEqual([1, 2, "all", undefined]);
    expect(rest.map(({ done }) => done)).toEqual([false, false, true, true]);
    expect(await link.call("log")).toEqual(["begin", "make 0", "make 1", "make 2", "end"]);
  });

  it("ends the generator when its consumer breaks, throws, or returns before the first value", async () => {
    const { link } = open();
    for await (const n of await link.call("count", 1000)) if (n === 2) break;
    expect((await link.call("log")).slice(-2)).toEqual(["make 2", "end"]);
    const consumer = async () => {
      for await (const n of await link.call("slow", 0)) if (n === 1) throw new RangeError("mine");
    };
    expect(await failure(consumer())).toBeInstanceOf(RangeError);
    expect((await link.call("log")).at(-1)).toBe("end slow");
    const unread = await link.call("count", 3);
    expect(await unread.return("x")).toEqual({ done: true, value: "x" });
    expect(await unread.next()).toEqual({ done: true, value: undefined });
    expect((await link.call("log")).at(-1)).toBe("end slow");
  });

  it("sends values and errors to the generator, and its errors back, of their classes", async () => {
    const { link } = open();
    const echo = await link.call("echo");
    expect((await echo.next()).value).toBe("first");
    expect((await echo.next({ a: 1 })).value).toEqual({ a: 1 });
    expect((await echo.throw(new DataError("thrown in"))).value).toEqual([true, "thrown in"]);
    expect(await echo.next("stop")).toEqual({ done: true, value: "stopped" });
    await expect(echo.throw(new RangeError("late"))).rejects.toThrow(RangeError);

    const failing = await link.call("failing");
    await failing.next();
    const error = await failure(failing.next());
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe("rows.csv: line 2 is broken");
    expect(error.stack).toMatch(/called by:\n(.*\n)*.*streams\.test\.ts/);
    expect(await failing.next()).toEqual({ done: true, value: undefined });
  });

  it("moves buffers, takes iterators that have next alone, and ends what yields values that cannot be sent", async () => {
    const { link } = open();
    const found: unknown[] = [];
    for await (const { values, moved } of await link.call("arrays")) found.push([[...values], moved]);
    expect(found).toEqual([0, 1, 2].map((i) => [Array(4).fill(i), i > 0]));
    const bare = (await link.call("bare")) as unknown as AsyncGenerator<number>;
    expect([(await bare.next()).value, (await bare.return(9)).value]).toEqual([0, 9]);
    const functions = await link.call("functions");
    await expect(functions.next()).rejects.toThrow("Unserializable return value");
    await link.call("listens", {}); // behind the end of the generator
    expect(await link.call("log")).toEqual(["end functions"]);
    const echo = await link.call("echo");
    await echo.next();
    expect(await failure(echo.next(() => 1))).toBeInstanceOf(ConfigError);
    expect(await echo.next()).toEqual({ done: true, value: undefined });
  });

  it("runs other calls between two values, whether or not the consumer goes on", async () => {
    const { link } = open();
    const [one, two] = await Promise.all([link.call("count", 3), link.call("count", 3)]);
    await one.next();
    expect(await link.call("listens", {})).toBe(7);
    expect((await two.next()).value).toBe(0);
    const order: string[] = [];
    const slow = await link.call("slow", 20);
    const asked = [
      slow.next().then(() => order.push("value")),
      link.call("listens", {}).then(() => order.push("call")),
      slow.next().then(() => order.push("value")),
    ];
    await Promise.all(asked);
    expect(order).toEqual(["value", "call", "value"]);
  });

  it("aborts a stream: in a step, between two values, and where its generator ignores the signal", async () => {
    const { link } = open();
    const [idle, unread] = [new AbortController(), new AbortController()];
    const stream = await link.call("count", 9, { signal: idle.signal });
    await stream.next();
    idle.abort("why");
    const error = await failure(stream.next());
    expect(error).toBeInstanceOf(AbortError);
    expect([error.message, error.cause]).toEqual(["count was aborted", "why"]);
    await link.call("listens", {}); // behind the end of the generator
    expect((await link.call("log")).at(-1)).toBe("end");

    const inStep = new AbortController();
    const heeding = await link.call("heed", { signal: inStep.signal });
    const step = failure(heeding.next());
    await later(10);
    inStep.abort("enough");
    expect(await step).toMatchObject({ name: "AbortError", message: "stopped in its step", cause: "enough" });

    const left = await link.call("slow", 1, { signal: unread.signal });
    await left.next();
    unread.abort(); // nobody asks for another value
    await link.call("listens", {});
    expect((await link.call("log")).at(-1)).toBe("end slow");

    const running = new AbortController();
    const busy = await link.call("slow", 50, { signal: running.signal });
    const [value, waiting] = [busy.next(), failure(link.call("count", 1, { signal: running.signal }))];
    await later(10);
    running.abort("stop");
    expect((await value).value).toBe(0); // it was made already, and the generator has no regard to the signal
    expect(await waiting).toMatchObject({ name: "AbortError", cause: "stop" });
    expect(await failure(busy.next())).toMatchObject({ name: "AbortError", cause: "stop" });
  });

  it("calls any function of the options, with all its arguments, and none of a call that has ended", async () => {
    const { link } = open();
    const heard: unknown[] = [];
    const onValue = (...args: unknown[]) => void heard.push(args);
    expect(await link.call("listens", { onValue, onLate: onValue })).toBe(7);
    for await (const _ of await link.call("count", 2, { onValue }));
    await later(30);
    expect(heard).toEqual([
      ["a", 1],
      [0, 0],
      [1, 1],
    ]);
    class Options {
      onValue = onValue;
    }
    await link.call("listens", new Options());
    expect(heard.at(-1)).toEqual(["a", 1]);
  });

  it("ends a stream with what a listener throws, in the worker too", async () => {
    const { link } = open();
    const thrown = new RangeError("mine");
    let calls = 0;
    const onValue = (n: unknown) => {
      calls++;
      if (n === 1) throw thrown;
    };
    const stream = await link.call("count", 9, { onValue });
    await stream.next();
    expect(await failure(stream.next())).toBe(thrown);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await link.call("listens", {});
    expect((await link.call("log")).slice(-2)).toEqual(["make 1", "end"]);
    expect(calls).toBe(2);
  });

  it("ends every stream when it is closed", async () => {
    const { link } = open();
    const [idle, busy, left] = [await link.call("count", 3), await link.call("slow", 500), await link.call("count", 3)];
    await idle.next();
    const waiting = failure(busy.next());
    await link.close("the session was closed");
    for (const error of [await waiting, await failure(idle.next())]) {
      expect(error).toBeInstanceOf(EngineError);
      expect(error).toMatchObject({ message: "the session was closed", reason: "closed" });
    }
    expect(await idle.next()).toEqual({ done: true, value: undefined });
    expect(await left.return(undefined as never)).toEqual({ done: true, value: undefined });
  });
});

it("holds its process while a value is made, and not between two", async () => {
  const { link, state } = beside();
  const stream = await link.call("slow", 10);
  expect(state.held).toBe(false);
  const value = stream.next();
  await later(1);
  expect(state.held).toBe(true);
  await value;
  expect(state.held).toBe(false);
});

it("a process ends by itself that has left a stream unfinished", async () => {
  const { code, stdout } = await start("streamsLeft.mjs");
  expect([code, stdout]).toEqual([0, '{"done":false,"value":0}\n']);
});

it("a worker that dies ends a stream with an EngineError", async () => {
  const { link } = inWorker();
  const stream = await link.call("slow", 50);
  await stream.next();
  const [waiting, exit] = [failure(stream.next()), failure(link.call("exit"))];
  for (const error of await Promise.all([waiting, exit])) {
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toBe("the session's worker ended: it exited with code 3");
  }
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});
