// @silencelaboratories/dkls-wasm-ll-node: DKLs23 ECDSA, Rust as WebAssembly.
//
// Its key generation makes the base oblivious transfers of every pair; its signing extends them.
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';

const { KeygenSession, Keyshare, SignSession } = createRequire(import.meta.url)(
  '@silencelaboratories/dkls-wasm-ll-node',
);

const others = (messages, party) =>
  messages.filter((message) => message.from_id !== party).map((message) => message.clone());
const addressed = (messages, party) =>
  messages.filter((message) => message.to_id === party).map((message) => message.clone());

/** Counts what is sent, a broadcast once for each receiver, and gives the memory of the messages back. */
function counter(parties) {
  let bytes = 0;
  return {
    add(messages) {
      for (const message of messages) {
        bytes += message.payload.length * (message.to_id === undefined ? parties - 1 : 1);
      }
      return messages;
    },
    addBytes(length) {
      bytes += length * (parties - 1);
    },
    get total() {
      return bytes;
    },
  };
}

const free = (messages) => messages.forEach((message) => message.free());

function generated(threshold, count) {
  const sent = counter(count);
  const parties = Array.from({ length: count }, (_, party) => new KeygenSession(count, threshold, party));
  const first = sent.add(parties.map((party) => party.createFirstMessage()));
  const second = sent.add(parties.flatMap((party, id) => party.handleMessages(others(first, id))));
  const commitments = parties.map((party) => party.calculateChainCodeCommitment());
  commitments.forEach((commitment) => sent.addBytes(commitment.length));
  const third = sent.add(parties.flatMap((party, id) => party.handleMessages(addressed(second, id))));
  const fourth = sent.add(
    parties.flatMap((party, id) => party.handleMessages(addressed(third, id), commitments)),
  );
  parties.forEach((party, id) => party.handleMessages(others(fourth, id)));
  [first, second, third, fourth].forEach(free);
  return { shares: parties.map((party) => party.keyshare()), bytes: sent.total };
}

function signed(shares, digest) {
  const sent = counter(shares.length);
  const parties = shares.map((share) => new SignSession(share, 'm'));
  const first = sent.add(parties.map((party) => party.createFirstMessage()));
  const second = sent.add(parties.flatMap((party, id) => party.handleMessages(others(first, id))));
  const third = sent.add(parties.flatMap((party, id) => party.handleMessages(addressed(second, id))));
  parties.forEach((party, id) => party.handleMessages(addressed(third, id)));
  const last = sent.add(parties.map((party) => party.lastMessage(digest)));
  const signatures = parties.map((party, id) => party.combine(others(last, id)));
  [first, second, third, last].forEach(free);
  return { signatures, bytes: sent.total };
}

export const operations = {
  keygen: (threshold, count) => ({
    run: () => generated(threshold, count),
    after({ shares, bytes }) {
      shares.forEach((share) => share.free());
      return bytes;
    },
  }),
  sign(threshold, count) {
    const stored = generated(threshold, count).shares;
    const publicKey = stored[0].publicKey;
    const encoded = stored.slice(0, threshold).map((share) => share.toBytes());
    let digest;
    return {
      before() {
        digest = randomBytes(32);
        return encoded.map((share) => Keyshare.fromBytes(share)); // a session uses its share up
      },
      run: (shares) => signed(shares, digest),
      after({ signatures, bytes }) {
        for (const [r, s] of signatures) {
          const signature = new Uint8Array([...r, ...s]);
          if (!secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: false })) {
            throw new Error('the signature does not verify');
          }
        }
        return bytes;
      },
    };
  },
};
