import { StringDecoder } from "node:string_decoder";
import type { Clock } from "../../src/model/index.ts";
import type { LogChunk } from "../../src/provider/index.ts";
import type { RunFolder } from "./folder.ts";
import { OutputFile, type OutputLimits } from "./output.ts";

const CHUNK_BYTES = 64 * 1024;
const FOLLOW_MS = 200;

export interface LogRequest {
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly isEnded: () => Promise<boolean>;
}

/**
 * The kept output. The two streams are two files: within each the order is that of writing; which of two lines of
 * different streams came first is not known, and stdout comes first in what was there when the reading began.
 */
export async function* readLogs(folder: RunFolder, limits: OutputLimits, request: LogRequest): AsyncIterable<LogChunk> {
  const streams = [
    new StreamReader("stdout", new OutputFile(folder.out, limits)),
    new StreamReader("stderr", new OutputFile(folder.err, limits)),
  ];
  if (request.tailLines !== undefined) for (const stream of streams) await stream.seekLines(request.tailLines);
  for (;;) {
    // Asked before reading: what an ended run wrote is all there by then.
    const ended = !request.follow || (await request.isEnded());
    for (const stream of streams) {
      for await (const chunk of stream.read()) {
        if (request.signal?.aborted) return;
        yield chunk;
      }
    }
    if (ended) break;
    await request.clock.sleep(FOLLOW_MS, request.signal);
    if (request.signal?.aborted) return;
  }
  for (const stream of streams) yield* stream.end();
}

class StreamReader {
  readonly #stream: "stdout" | "stderr";
  readonly #file: OutputFile;
  readonly #decoder = new StringDecoder("utf8");
  #position = 0;

  constructor(stream: "stdout" | "stderr", file: OutputFile) {
    this.#stream = stream;
    this.#file = file;
  }

  /** Everything from the present position to the end. */
  async *read(): AsyncIterable<LogChunk> {
    for (;;) {
      const { bytes, position, dropped } = await this.#file.read(this.#position, CHUNK_BYTES);
      if (dropped > 0) {
        yield { stream: "system", text: `[rota: ${dropped} bytes of ${this.#stream} were dropped here]\n` };
      }
      this.#position = position;
      if (bytes.length === 0) return;
      const text = this.#decoder.write(bytes);
      if (text !== "") yield { stream: this.#stream, text };
    }
  }

  *end(): Iterable<LogChunk> {
    const text = this.#decoder.end();
    if (text !== "") yield { stream: this.#stream, text };
  }

  /** To where the last so many lines begin, as far as they are in what is kept after the gap. */
  async seekLines(lines: number): Promise<void> {
    const size = await this.#file.size();
    const floor = (await this.#file.gap())?.to ?? 0;
    let wanted = lines + 1;
    let position = size;
    if (lines === 0) {
      this.#position = size;
      return;
    }
    while (position > floor) {
      const start = Math.max(floor, position - CHUNK_BYTES);
      const { bytes } = await this.#file.read(start, position - start);
      for (let index = bytes.length - 1; index >= 0; index -= 1) {
        // The newline at the very end closes the last line; it does not begin another.
        if (bytes[index] !== 0x0a || start + index === size - 1) continue;
        wanted -= 1;
        if (wanted === 1) {
          this.#position = start + index + 1;
          return;
        }
      }
      position = start;
    }
    this.#position = floor;
  }
}
