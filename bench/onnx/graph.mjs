// An ONNX graph put together node by node, and its bytes.
import { create, toBinary } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType as Kind, ModelProtoSchema, TensorProto_DataType as Type } from "onnx-buf";

/** The standard operators, and ONNX Runtime's own. */
const OPSETS = [
  { domain: "", version: 20n },
  { domain: "com.microsoft", version: 1n },
];

/** @typedef {number | string | number[]} Attribute a whole number, a float given as text ("1e-12"), or whole numbers */

/** Collects nodes; every method that computes something gives the name of its result. */
export class Graph {
  /** @type {object[]} */ #nodes = [];
  /** @type {object[]} */ #initializers = [];
  /** @type {object[]} */ #inputs = [];
  /** @type {object[]} */ #outputs = [];
  #names = 0;

  /**
   * An input of whole numbers.
   * @param {string} name
   * @param {(string | number)[]} shape sizes, or names of sizes
   */
  integers(name, shape) {
    this.#inputs.push(described(name, Type.INT64, shape));
    return name;
  }

  /**
   * An input of f32.
   * @param {string} name
   * @param {(string | number)[]} shape
   */
  floats(name, shape) {
    this.#inputs.push(described(name, Type.FLOAT, shape));
    return name;
  }

  /**
   * @param {string} name the result that the graph gives
   * @param {(string | number)[]} shape
   */
  output(name, shape) {
    this.#outputs.push(described(name, Type.FLOAT, shape));
  }

  /**
   * Numbers that are part of the graph.
   * @param {Float32Array | Int8Array | number[]} values a list is of whole numbers
   * @param {readonly number[]} dims
   */
  constant(values, dims) {
    const { buffer, byteOffset, byteLength } = Array.isArray(values) ? BigInt64Array.from(values, BigInt) : values;
    const name = `constant_${this.#initializers.length}`;
    const rawData = new Uint8Array(buffer, byteOffset, byteLength);
    this.#initializers.push({ name, dims: dims.map(BigInt), dataType: typeOf(values), rawData });
    return name;
  }

  /**
   * A node with one result.
   * @param {string} opType
   * @param {string[]} input "" where an optional one is left out
   * @param {{ [name: string]: Attribute }} [attributes]
   * @param {{ domain?: string, name?: string }} [options] `name`: of the result
   */
  node(opType, input, attributes = {}, { domain = "", name = `${opType}_${this.#names++}` } = {}) {
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.#nodes.push({ opType, input, output: [name], attribute, domain });
    return name;
  }

  /** The file's bytes. */
  encode() {
    const graph = { name: "roformer", node: this.#nodes, initializer: this.#initializers };
    const model = create(ModelProtoSchema, {
      irVersion: 9n,
      producerName: "roformer-bench",
      opsetImport: OPSETS,
      graph: { ...graph, input: this.#inputs, output: this.#outputs },
    });
    return toBinary(ModelProtoSchema, model);
  }
}

/** @param {Float32Array | Int8Array | number[]} values */
function typeOf(values) {
  if (values instanceof Float32Array) return Type.FLOAT;
  return values instanceof Int8Array ? Type.INT8 : Type.INT64;
}

/**
 * @param {string} name
 * @param {Attribute} value
 */
function attributeOf(name, value) {
  if (typeof value === "number") return { name, type: Kind.INT, i: BigInt(value) };
  if (typeof value === "string") return { name, type: Kind.FLOAT, f: Number(value) };
  return { name, type: Kind.INTS, ints: value.map(BigInt) };
}

/**
 * An input or output with its type and shape.
 * @param {string} name
 * @param {number} elemType
 * @param {(string | number)[]} shape
 */
function described(name, elemType, shape) {
  const dim = shape.map((size) => ({
    value: typeof size === "string" ? { case: "dimParam", value: size } : { case: "dimValue", value: BigInt(size) },
  }));
  return { name, type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } } };
}
