/** What a thread is given. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Its number, from 1. */
  readonly thread: number;
}

/** Works until the engine ends. */
export declare function takePart(data: ThreadData): void;
