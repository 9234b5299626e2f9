/** What went wrong, by the library's names. */
export type Code =
  | "ENOMEM" | "EINVAL" | "ERANGE" | "EUTF8" | "ECORRUPT" | "EVERSION" | "ELIMIT" | "ELINEAGE"
  | "EFORK" | "EBUSY" | "EGONE" | "EAUTH" | "ECLOCK" | "EIO" | "ECLOSED";

const CODES: Code[] = [
  "ENOMEM", "EINVAL", "ERANGE", "EUTF8", "ECORRUPT", "EVERSION", "ELIMIT", "ELINEAGE",
  "EFORK", "EBUSY", "EGONE", "EAUTH", "ECLOCK", "EIO", "ECLOSED",
];

/** Anything the library refuses; the document is as it was before. */
export class SennitError extends Error {
  /** What it is, such as "ERANGE": a position past the end. */
  readonly code: Code;
  /** The library's number for it. */
  readonly status: number;
  /** Offset of the guilty byte, where bytes were read; else 0. */
  readonly position: number;

  constructor(status: number, reason: string, position = 0) {
    super(position > 0 ? `${reason} (at ${position})` : reason);
    this.name = "SennitError";
    this.status = status;
    this.code = CODES[-1 - status] ?? "EINVAL";
    this.position = position;
  }
}

/** @internal */
export function misuse(reason: string): SennitError {
  return new SennitError(-2, reason);
}
