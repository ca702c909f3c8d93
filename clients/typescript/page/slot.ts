/** What somebody gives, by a file or otherwise: the last of it counts, however long reading took. */

/** What was given: nothing, a value, a file that is still read, or one that cannot be. */
export type Given<T> =
  | { state: "nothing" }
  | { state: "there"; value: T }
  | { state: "reading" }
  | { state: "unreadable" };

/** Holds what was given last: the bytes of a file, or something else. */
export class Slot<Else = never> {
  /** Called after every change. */
  changed: () => void = () => {};
  #given: Given<Uint8Array | Else> = { state: "nothing" };

  get given(): Given<Uint8Array | Else> {
    return this.#given;
  }

  put(given: Given<Uint8Array | Else>): void {
    this.#given = given;
    this.changed();
  }

  /** Reads a file, and returns its bytes unless they do not count: something else was given meanwhile. */
  async read(file: Blob): Promise<Uint8Array | null> {
    const reading = { state: "reading" } as const;
    this.put(reading);
    const read = await readBytes(file);
    if (this.#given !== reading) return null;
    this.put(read ? { state: "there", value: read } : { state: "unreadable" });
    return read;
  }
}

/** Returns nothing for what cannot be read, such as a folder or a file that has gone. */
async function readBytes(file: Blob): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    return null;
  }
}
