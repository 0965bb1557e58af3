const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Ctrl-C and its kin, as a command sees them: the first aborts `signal`, a second ends the process unless work is being saved. */
export function stopSignals() {
  const controller = new AbortController();
  let isProtected = false;
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      controller.abort();
    } else if (isProtected) {
      process.stderr.write("still saving what was trained\n");
    } else {
      leave();
      process.kill(process.pid, name);
    }
  };
  const leave = () => {
    for (const name of SIGNALS) process.off(name, onSignal);
  };
  return {
    signal: controller.signal,
    listen: () => {
      for (const name of SIGNALS) process.on(name, onSignal);
    },
    /** After a stop the process ends anyway, with an exit code of its own. */
    leave: () => {
      if (!controller.signal.aborted) leave();
    },
    protect: () => {
      isProtected = true;
    },
  };
}
