// noble-curves as a servant of the tests: one JSON request a line, one JSON answer a line, bytes as hex.
// argv[2] is the folder of its packages. A request that noble refuses is answered with {"refused": its reason}.
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const load = (file) => import(pathToFileURL(join(process.argv[2], '@noble', 'curves', file)));
const { ed25519, ed25519_FROST } = await load('ed25519.js');
const { secp256k1, schnorr } = await load('secp256k1.js');

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (array) => Buffer.from(array).toString('hex');
const name = (number) => ed25519_FROST.Identifier.fromNumber(number);
const named = (entries, read) => Object.fromEntries(Object.entries(entries).map(([who, value]) => [name(+who), read(value)]));
const list = (commitments) =>
  Object.entries(commitments).map(([who, both]) => ({
    identifier: name(+who),
    hiding: bytes(both.slice(0, 64)),
    binding: bytes(both.slice(64)),
  }));
const publicKey = (key) => ({
  signers: { min: key.t, max: key.n },
  commitments: key.commitments.map(bytes),
  verifyingShares: named(key.pubshares, bytes),
});

let nonces;
const answers = {
  ed25519: ({ key, message, signature, zip215 }) =>
    ed25519.verify(bytes(signature), bytes(message), bytes(key), { zip215 }),
  bip340: ({ key, message, signature }) => schnorr.verify(bytes(signature), bytes(message), bytes(key)),
  ecdsa: ({ key, digest, signature, format, lowS }) =>
    secp256k1.verify(bytes(signature), bytes(digest), bytes(key), { prehash: false, format, lowS }),
  commit({ who, share }) {
    const made = ed25519_FROST.commit({ identifier: name(who), signingShare: bytes(share) });
    nonces = made.nonces;
    return hex(made.commitments.hiding) + hex(made.commitments.binding);
  },
  sign: ({ who, share, key, commitments, message }) =>
    hex(
      ed25519_FROST.signShare(
        { identifier: name(who), signingShare: bytes(share) },
        publicKey(key),
        nonces,
        list(commitments),
        bytes(message),
      ),
    ),
  verifyShare: ({ who, key, commitments, message, partial }) =>
    ed25519_FROST.verifyShare(publicKey(key), list(commitments), bytes(message), name(who), bytes(partial)),
  aggregate: ({ key, commitments, message, partials }) =>
    hex(ed25519_FROST.aggregate(publicKey(key), list(commitments), bytes(message), named(partials, bytes))),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = { answer: answers[op](request) };
  } catch (error) {
    answer = { refused: String(error.message) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
