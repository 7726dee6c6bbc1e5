/** What a path is. `other`: a FIFO, a socket, a device. */
export type FileKind = "file" | "directory" | "other";

export interface FileStat {
  readonly kind: FileKind;
  readonly bytes: number;
  /** The path with every symbolic link resolved: two names of one file have the same. */
  readonly realPath: string;
}

export type ReadResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** `tooLarge`: more than `maxBytes` came, whatever its size was said to be. */
  | {
      readonly ok: false;
      readonly reason: "missing" | "denied" | "tooLarge" | "notAFile" | "failed";
      readonly detail: string;
    };

/**
 * How manifest files are read; the engine implements it for disks, tests for memory. Paths are as the
 * person wrote them, `/` between parts; relative ones are relative to what the implementation says.
 */
export interface Files {
  /** Undefined when nothing is there, or it may not be looked at. Never opens the file. */
  stat(path: string): Promise<FileStat | undefined>;
  /** At most `maxBytes`; never waits on a FIFO or a device. */
  read(path: string, maxBytes: number): Promise<ReadResult>;
  /**
   * What matches a pattern under `folder` and is no folder, as `folder/…` paths, sorted; links are not followed into
   * folders. `*` and `?` within a part, `**` over parts. At most `limit` + 1 of them.
   */
  glob(folder: string, pattern: string, limit: number): Promise<readonly string[]>;
}
