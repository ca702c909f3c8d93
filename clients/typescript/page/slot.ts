/** What somebody gives, by a file or otherwise: the last of it counts, however long reading took. */

/** What was given: nothing, a value, a file that is still read, or one that cannot be. */
export type Given<T> =
  | { state: "nothing" }
  | { state: "there"; value: T }
  | { state: "reading" }
  | { state: "unreadable"; why: unknown };

/** Where bytes come from: a file, or an answer. */
export type Readable = Pick<Blob, "arrayBuffer">;

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

  /** Puts nothing, and tells nobody. */
  forget(): void {
    this.#given = { state: "nothing" };
  }

  /** Reads a file, and returns its bytes unless they do not count: something else was given meanwhile. */
  async read(file: Readable): Promise<Uint8Array | null> {
    const reading = { state: "reading" } as const;
    this.put(reading);
    const read = await readBytes(file);
    if (this.#given !== reading) return null;
    this.put(read);
    return read.state === "there" ? read.value : null;
  }
}

/** Some things cannot be read, such as a folder or a file that has gone. */
async function readBytes(file: Readable): Promise<Exclude<Given<Uint8Array>, { state: "nothing" }>> {
  try {
    return { state: "there", value: new Uint8Array(await file.arrayBuffer()) };
  } catch (why) {
    return { state: "unreadable", why };
  }
}
