// @noble/curves: FROST in JavaScript; `schnorr_FROST` for BIP-340 and `ed25519_FROST`.
//
// Every signer aggregates, and so checks the signature for itself, as every one of Warifu's does. Counted are the points,
// proofs and scalars of each message without names and identifiers.
import { randomBytes } from 'node:crypto';
import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import { ed25519_FROST } from '@noble/curves/ed25519.js';

const total = (...parts) => parts.flat().reduce((sum, part) => sum + part.length, 0);

function generated(suite, threshold, count) {
  const signers = { min: threshold, max: count };
  const names = Array.from({ length: count }, (_, index) => suite.Identifier.fromNumber(index + 1));
  const first = names.map((name) => suite.DKG.round1(name, signers));
  const heard = names.map((_, me) => first.filter((_, other) => other !== me).map((each) => each.public));
  const second = first.map(({ secret }, me) => suite.DKG.round2(secret, heard[me]));
  let bytes = 0;
  for (const { public: sent } of first) bytes += (count - 1) * total(sent.commitment, sent.proofOfKnowledge);
  for (const sent of second) for (const each of Object.values(sent)) bytes += each.signingShare.length;
  const keys = first.map(({ secret }, me) =>
    suite.DKG.round3(
      secret,
      heard[me],
      second.filter((_, other) => other !== me).map((sent) => sent[names[me]]),
    ),
  );
  return { keys, bytes };
}

function signed(suite, keys, message) {
  const first = keys.map((key) => suite.commit(key.secret));
  const commitments = first.map((each) => each.commitments);
  const shares = Object.fromEntries(
    keys.map((key, me) => [
      key.secret.identifier,
      suite.signShare(key.secret, key.public, first[me].nonces, commitments, message),
    ]),
  );
  const signatures = keys.map((key) => suite.aggregate(key.public, commitments, message, shares));
  const sent = total(...commitments.map((each) => [each.hiding, each.binding]), Object.values(shares));
  return { signatures, bytes: sent * (keys.length - 1) };
}

const suiteOperations = (suite, name) => ({
  [`keygen ${name}`]: (threshold, count) => ({
    run: () => generated(suite, threshold, count),
    after: ({ bytes }) => bytes,
  }),
  [`sign ${name}`](threshold, count) {
    const keys = generated(suite, threshold, count).keys.slice(0, threshold);
    return {
      before: () => randomBytes(32),
      run: (message) => ({ message, ...signed(suite, keys, message) }),
      after({ message, signatures, bytes }) {
        if (!signatures.every((each) => suite.verify(each, message, keys[0].public.commitments[0]))) {
          throw new Error('the signature does not verify');
        }
        return bytes;
      },
    };
  },
});

export const operations = {
  ...suiteOperations(schnorr_FROST, 'bip340'),
  ...suiteOperations(ed25519_FROST, 'ed25519'),
};
