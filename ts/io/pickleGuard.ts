/** An operation: bytes of argument, values popped from the stack, values pushed. */
interface Operation {
  readonly name: string;
  readonly bytes?: number;
  readonly takes?: number;
  readonly gives?: number;
}

const [MARK, TUPLE, APPENDS, SETITEMS, STOP, BUILD] = [0x28, 0x74, 0x65, 0x75, 0x2e, 0x62];
const [PROTO, GLOBAL, LONG1, SHORT_UNICODE, UNICODE] = [0x80, 0x63, 0x8a, 0x8c, 0x58];
const [PUT, LONG_PUT, MEMOIZE, GET, LONG_GET] = [0x71, 0x72, 0x94, 0x68, 0x6a];
const [POP, STACK_GLOBAL] = [0x30, 0x93];
/** Operations that make objects of classes: NEWOBJ, NEWOBJ_EX, OBJ, INST. */
const OBJECTS = [0x81, 0x92, 0x6f, 0x69];
const LATEST_PROTOCOL = 5;
/** Maximum bytes of integers that a number holds exactly. */
const LONGEST_INTEGER = 6;

/** The operations that `torch.save` writes for tensors (protocols 2 to 5), by code: cpython/Lib/pickletools.py. */
const OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  [PROTO, { name: "PROTO", bytes: 1 }],
  [0x95, { name: "FRAME", bytes: 8 }],
  [STOP, { name: "STOP", takes: 1 }],
  [MARK, { name: "MARK" }],
  [PUT, { name: "BINPUT", bytes: 1, takes: 1, gives: 1 }],
  [LONG_PUT, { name: "LONG_BINPUT", bytes: 4, takes: 1, gives: 1 }],
  [MEMOIZE, { name: "MEMOIZE", takes: 1, gives: 1 }],
  [GET, { name: "BINGET", bytes: 1, gives: 1 }],
  [LONG_GET, { name: "LONG_BINGET", bytes: 4, gives: 1 }],
  [0x4e, { name: "NONE", gives: 1 }],
  [0x88, { name: "NEWTRUE", gives: 1 }],
  [0x89, { name: "NEWFALSE", gives: 1 }],
  [0x4a, { name: "BININT", bytes: 4, gives: 1 }],
  [0x4b, { name: "BININT1", bytes: 1, gives: 1 }],
  [0x4d, { name: "BININT2", bytes: 2, gives: 1 }],
  [LONG1, { name: "LONG1", bytes: 1, gives: 1 }],
  [0x47, { name: "BINFLOAT", bytes: 8, gives: 1 }],
  [UNICODE, { name: "BINUNICODE", bytes: 4, gives: 1 }],
  [SHORT_UNICODE, { name: "SHORT_BINUNICODE", bytes: 1, gives: 1 }],
  [GLOBAL, { name: "GLOBAL", gives: 1 }],
  [STACK_GLOBAL, { name: "STACK_GLOBAL", takes: 2, gives: 1 }],
  [0x29, { name: "EMPTY_TUPLE", gives: 1 }],
  [0x85, { name: "TUPLE1", takes: 1, gives: 1 }],
  [0x86, { name: "TUPLE2", takes: 2, gives: 1 }],
  [0x87, { name: "TUPLE3", takes: 3, gives: 1 }],
  [TUPLE, { name: "TUPLE" }],
  [0x5d, { name: "EMPTY_LIST", gives: 1 }],
  [0x61, { name: "APPEND", takes: 2, gives: 1 }],
  [APPENDS, { name: "APPENDS" }],
  [0x7d, { name: "EMPTY_DICT", gives: 1 }],
  [0x73, { name: "SETITEM", takes: 3, gives: 1 }],
  [SETITEMS, { name: "SETITEMS" }],
  [0x51, { name: "BINPERSID", takes: 1, gives: 1 }],
  [0x52, { name: "REDUCE", takes: 2, gives: 1 }],
  [BUILD, { name: "BUILD", takes: 2, gives: 1 }],
]);

/** A pickle that can be parsed. */
export interface CheckedPickle {
  /** Its bytes, with some operations replaced by harmless ones. */
  readonly bytes: Uint8Array;
  /** The end of the pickle in the input. */
  readonly end: number;
}

/**
 * Scans a pickle without creating values. `pickleparser` trusts its input: it would go back in the stream for a
 * negative length, pop from an empty stack, write into whatever is there, set attributes of any object, and
 * misread long and negative integers. A pickle that passes cannot cause this: attributes are dropped (PyTorch's are versions of
 * layers, `_metadata`), and integers that it would misread become strings. Messages of errors continue after the file's name.
 */
export function checkPickle(bytes: Uint8Array): CheckedPickle {
  const guard = new Guard(bytes);
  while (!guard.step());
  return { bytes: guard.harmless(), end: guard.at };
}

class Guard {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #memo = new Set<number>();
  /** Number of values above the last mark, and below each mark. */
  #depth = 0;
  readonly #below: number[] = [];
  /** Bytes to replace: position, value, count. */
  readonly #changes: [at: number, byte: number, times: number][] = [];
  /** The last strings, which name a class. */
  #words: string[] = [];
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The pickle scanned so far, with unsafe operations replaced. */
  harmless(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.at);
    for (const [at, byte, times] of this.#changes) bytes.fill(byte, at, at + times);
    return bytes;
  }

  /** Scans one operation; returns whether it was the last. */
  step(): boolean {
    const start = this.at;
    const code = this.#bytes[this.#skip(1)]!;
    const operation = OPERATIONS.get(code);
    if (OBJECTS.includes(code)) return this.#refuseObject(start);
    if (!operation) return this.#fail(`has the operation 0x${code.toString(16)}, which no tensors need`, start);
    const { name, bytes = 0, takes = 0, gives = 0 } = operation;
    const argument = this.#skip(bytes);
    if (this.#depth < takes) this.#fail(`takes ${takes} values where there are ${this.#depth} (${name})`, start);
    this.#depth += gives - takes;
    this.#follow(code, argument);
    return code === STOP;
  }

  #follow(code: number, argument: number): void {
    const number = (): number =>
      [UNICODE, LONG_PUT, LONG_GET].includes(code) ? this.#view.getUint32(argument, true) : this.#bytes[argument]!;
    if (code === PROTO && number() > LATEST_PROTOCOL)
      this.#fail(`is of protocol ${number()}, not at most ${LATEST_PROTOCOL}`, argument);
    else if (code === UNICODE || code === SHORT_UNICODE) this.#word(this.#skip(number()), this.at);
    else if (code === LONG1) this.#integer(number(), argument - 1);
    else if (code === GLOBAL) for (let lines = 0; lines < 2; lines++) this.#line();
    else if (code === MEMOIZE) this.#memo.add(this.#memo.size);
    else if (code === PUT || code === LONG_PUT) this.#put(number());
    else if (code === GET || code === LONG_GET) {
      if (!this.#memo.has(number())) this.#fail(`asks for value ${number()}, which it has not kept`, argument);
    } else if (code === MARK) this.#below.push(this.#depth);
    else if (code === TUPLE || code === APPENDS || code === SETITEMS) this.#close(code);
    else if (code === BUILD) this.#changes.push([argument - 1, POP, 1]);
    if (code === MARK) this.#depth = 0;
  }

  /** Combines the values above the mark into one, or adds them to the value below it. */
  #close(code: number): void {
    const items = this.#depth;
    const below = this.#below.pop();
    const open = below ?? this.#fail("ends a list that it has not begun", this.at);
    if (code !== TUPLE && open === 0) this.#fail("adds to a list or dictionary that is not there", this.at);
    if (code === SETITEMS && items % 2 !== 0) this.#fail("has a key without a value", this.at);
    this.#depth = code === TUPLE ? open + 1 : open;
  }

  #put(index: number): void {
    if (index > this.#bytes.length) this.#fail(`keeps value ${index} of at most ${this.#bytes.length}`, this.at);
    this.#memo.add(index);
  }

  /** Replaces integers that pickleparser would misread, long or negative ones, by question marks, which are neither size nor offset. */
  #integer(length: number, start: number): void {
    this.#skip(length);
    if (length <= LONGEST_INTEGER && (length === 0 || this.#bytes[this.at - 1]! <= 127)) return;
    this.#changes.push([start, SHORT_UNICODE, 1], [start + 2, 0x3f, length]);
  }

  #line(): void {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) this.#fail("ends inside a name", this.at);
    this.#word(this.at, end);
    this.at = end + 1;
  }

  /** Keeps a string that may be half of a class's name. */
  #word(from: number, to: number): void {
    if (to - from < 200)
      this.#words = [...this.#words.slice(-1), new TextDecoder().decode(this.#bytes.subarray(from, to))];
  }

  /** Refuses an object of a class: usually it is the model itself. */
  #refuseObject(at: number): never {
    const name = JSON.stringify(this.#words.join("."));
    return this.#fail(
      `holds an object of the class ${name}, as torch.save(model) writes it, and only a dictionary of tensors is read: save ` +
        "model.state_dict() instead",
      at,
    );
  }

  /** Skips `length` bytes and returns where they begin. */
  #skip(length: number): number {
    const start = this.at;
    if (length > this.#bytes.length - start)
      this.#fail(`ends after ${this.#bytes.length} bytes, where ${length} more are needed`, start);
    this.at += length;
    return start;
  }

  #fail(what: string, at: number): never {
    throw new SyntaxError(`${what}, at byte ${at}`);
  }
}
