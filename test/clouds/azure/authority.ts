import { generate } from "selfsigned";

export interface Authority {
  readonly key: string;
  /** The server's certificate, which is its own authority: for loopback and a few days. */
  readonly cert: string;
}

let made: Promise<Authority> | undefined;

/** A throw-away certificate, one for each process: clients trust it by its text and nothing else does. */
export function authority(): Promise<Authority> {
  made ??= generate([{ name: "commonName", value: "127.0.0.1" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 7, ip: "127.0.0.1" },
          { type: 2, value: "localhost" },
        ],
      },
    ],
  }).then(({ private: key, cert }) => ({ key, cert }));
  return made;
}
