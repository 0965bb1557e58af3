import { zip } from "fflate";

/** Files as one zip. Weights hardly shrink, so nothing is compressed. */
export async function zipFiles(files: ReadonlyMap<string, Blob>): Promise<Blob> {
  const bytes: Record<string, Uint8Array> = {};
  for (const [name, blob] of files) bytes[name] = new Uint8Array(await blob.arrayBuffer());
  return new Promise((resolve, reject) => {
    zip(bytes, { level: 0 }, (error, zipped) => {
      if (error) reject(error);
      else resolve(new Blob([zipped as Uint8Array<ArrayBuffer>], { type: "application/zip" }));
    });
  });
}

/** Hands a file to the browser's downloads. */
export function download(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the download has begun by then
}
