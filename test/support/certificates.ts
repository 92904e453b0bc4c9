import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

/** A certificate and its key, both PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** An authority made for a test. */
export interface Authority {
  /** Its own certificate, PEM. */
  readonly ca: string;
  /** A certificate for names and IPv4 addresses, the first of which is its subject. */
  issue(...names: string[]): Issued;
}

/**
 * Makes an authority for certificates of TLS. Node can sign but has no words for certificates; what stands here is as
 * much of X.509 (RFC 5280) as TLS needs: ECDSA on P-256, valid for a day.
 */
export function createAuthority(name: string): Authority {
  const own = newKey();
  const subject = commonName(name);
  const ca = certificate({ subject, issuer: subject, signer: own, holder: own, extensions: [authorityExtension] });
  return {
    ca,
    issue(...names) {
      const holder = newKey();
      const extensions = [alternativeNames(names)];
      const cert = certificate({
        subject: commonName(names[0] ?? ""),
        issuer: subject,
        signer: own,
        holder,
        extensions,
      });
      return { cert, key: holder.privateKey };
    },
  };
}

interface Key {
  /** PEM. */
  readonly privateKey: string;
  readonly spki: Buffer;
}

function newKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    spki: publicKey.export({ type: "spki", format: "der" }),
  };
}

interface CertificateInit {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly signer: Key;
  readonly holder: Key;
  readonly extensions: readonly Buffer[];
}

function certificate({ subject, issuer, signer, holder, extensions }: CertificateInit): string {
  const algorithm = der(0x30, oid("2a8648ce3d040302"));
  const serial = randomBytes(16);
  // positive
  serial.writeUInt8(0x40 | (serial.readUInt8() & 0x3f));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    issuer,
    der(0x30, time(-1), time(1)),
    subject,
    holder.spki,
    der(0xa3, der(0x30, ...extensions)),
  );
  const signature = sign("sha256", body, signer.privateKey);
  const all = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = all.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** A tag, the length and what it holds. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function commonName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from(name)))));
}

function time(days: number): Buffer {
  const text = new Date(Date.now() + days * 86_400_000).toISOString();
  return der(0x17, Buffer.from(`${text.slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));
}

/** Basic constraints, critical: this is an authority. */
const authorityExtension = der(
  0x30,
  oid("551d13"),
  der(0x01, Buffer.from([0xff])),
  der(0x04, der(0x30, der(0x01, Buffer.from([0xff])))),
);

function alternativeNames(names: readonly string[]): Buffer {
  const all = names.map((name) =>
    isIPv4(name) ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name)),
  );
  return der(0x30, oid("551d11"), der(0x04, der(0x30, ...all)));
}
