/** Where documents are kept on this device, so that they open offline and nothing
 * that was not sent yet is lost with the page. */

/** A document as it is kept. */
export interface Kept {
  /** `Document.save({ identity: true })`. */
  document: Uint8Array<ArrayBuffer>;
  /** `Undo.save()`. */
  undo: Uint8Array<ArrayBuffer>;
  /** So many own operations are durable at the server. */
  durable: number;
  /** Of the server it was in step with last; 0n: none. */
  incarnation: bigint;
}

/** One document's place in a store. Nobody else has it until it is closed, for two
 * that wrote under one replica id would fork. */
export interface Place {
  load(): Promise<Kept | null>;
  save(kept: Kept): Promise<void>;
  /** What other places hold of the same document, open or not. */
  others(): Promise<Kept[]>;
  /** What is kept cannot be read: put it aside, so that it is not overwritten. */
  setAside(): Promise<void>;
  close(): void;
}

export interface Store {
  /** The first place of a document that nobody has. */
  open(name: string): Promise<Place>;
}

/** Keeps documents as long as it is itself kept: for tests and for programs that
 * save elsewhere. */
export class MemoryStore implements Store {
  readonly kept = new Map<string, Kept>();
  readonly #open = new Set<string>();

  async open(name: string): Promise<Place> {
    let slot = 0;
    while (this.#open.has(key(name, slot))) slot++;
    const at = key(name, slot);
    this.#open.add(at);
    return {
      load: async () => this.kept.get(at) ?? null,
      save: async (kept) => void this.kept.set(at, kept),
      others: async () => [...this.kept].filter(([k]) => isOf(k, name) && k !== at).map(([, kept]) => kept),
      setAside: async () => {
        const kept = this.kept.get(at);
        if (kept) this.kept.set(aside(at), kept);
        this.kept.delete(at);
      },
      close: () => void this.#open.delete(at),
    };
  }
}

const TABLE = "documents";

/** Keeps documents in the browser's IndexedDB. Places are told apart by Web Locks, so
 * it takes a secure context: https, or localhost. */
export class IndexedDbStore implements Store {
  readonly #database: string;

  constructor(database = "sennit") {
    this.#database = database;
  }

  /** Opens the database while the lock is waited for. */
  async open(name: string): Promise<Place> {
    const [lock, db] = await Promise.allSettled([lockFirst(name), openDatabase(this.#database)]);
    if (lock.status === "fulfilled" && db.status === "fulfilled") return placeIn(db.value, name, ...lock.value);
    if (lock.status === "fulfilled") lock.value[1]();
    if (db.status === "fulfilled") db.value.close();
    throw (lock as PromiseRejectedResult).reason ?? (db as PromiseRejectedResult).reason;
  }
}

function placeIn(db: IDBDatabase, name: string, at: string, close: () => void): Place {
  const table = (mode: IDBTransactionMode): IDBObjectStore => db.transaction(TABLE, mode).objectStore(TABLE);
  const get = async (k: string): Promise<Kept | null> => ((await done(table("readonly").get(k))) as Kept | undefined) ?? null;
  return {
    load: () => get(at),
    save: async (kept) => void (await done(table("readwrite").put(kept, at))),
    others: async () => {
      const keys = (await done(table("readonly").getAllKeys())) as string[];
      const all = await Promise.all(keys.filter((k) => isOf(k, name) && k !== at).map(get));
      return all.filter((kept) => kept !== null);
    },
    setAside: async () => {
      const kept = await get(at), both = table("readwrite");
      both.put(kept, aside(at));
      await done(both.delete(at));
    },
    close: () => {
      db.close();
      close();
    },
  };
}

const key = (name: string, slot: number): string => `${name}\n${slot}`;
const aside = (at: string): string => `damaged\n${at}\n${Date.now()}`;
const isOf = (k: string, name: string): boolean => k.startsWith(`${name}\n`);

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = (): void => resolve(request.result);
    request.onerror = (): void => reject(request.error as Error);
  });
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = (): void => void request.result.createObjectStore(TABLE);
  return done(request);
}

/** Lock the first place of a document that is free; returns what gives it back. */
async function lockFirst(name: string): Promise<[key: string, close: () => void]> {
  if (!globalThis.navigator?.locks) throw new Error("offline copies take a secure context: https, or localhost");
  for (let slot = 0; ; slot++) {
    const at = key(name, slot);
    const close = await tryLock(`sennit\n${at}`);
    if (close) return [at, close];
  }
}

function tryLock(lock: string): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    navigator.locks.request(lock, { ifAvailable: true }, (got) => {
      if (got) return new Promise<void>((close) => resolve(close));
      resolve(null);
      return undefined;
    }).catch(reject);
  });
}
