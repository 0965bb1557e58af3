import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { crc32c } from "../../io/crc32c.js";

/** Values of one step, by the names that TensorBoard shows. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly time: number;
  readonly step: number;
  readonly scalars: Readonly<Record<string, number>>;
}

/** The first record of an event file: `file_version` of tensorflow.Event. */
export const fileStart = (time: number): Uint8Array =>
  framed(
    new BinaryWriter().tag(1, WireType.Bit64).double(time).tag(3, WireType.LengthDelimited).string("brain.Event:2"),
  );

/** A record of tensorflow.Event (wall_time = 1, step = 2, summary = 5), whose Summary has a Value (tag = 1, simple_value = 2) a name. */
export function scalarRecord({ time, step, scalars }: ScalarEvent): Uint8Array {
  const event = new BinaryWriter().tag(1, WireType.Bit64).double(time).tag(2, WireType.Varint).int64(step);
  event.tag(5, WireType.LengthDelimited).fork();
  for (const [name, value] of Object.entries(scalars)) {
    event.tag(1, WireType.LengthDelimited).fork();
    event.tag(1, WireType.LengthDelimited).string(name).tag(2, WireType.Bit32).float(inRange(value)).join();
  }
  return framed(event.join());
}

/** The writer refuses numbers beyond single precision. */
const inRange = (value: number): number => (Number.isFinite(value) ? Math.fround(value) : value);

/** A TFRecord: length (8 bytes), its masked CRC, data, its masked CRC; all in little endian. */
function framed(message: BinaryWriter): Uint8Array {
  const data = message.finish();
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return record;
}

/** A CRC of bytes that hold CRCs is weak: TFRecord's are rotated and shifted. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
