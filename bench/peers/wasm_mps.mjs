// @bitgo/wasm-mps: threshold Schnorr on Ed25519 (multi-party-schnorr of Silence Laboratories), Rust as WebAssembly.
//
// The package fixes 2-of-3. Its key generation encrypts the shares to the X25519 keys of the others (crypto_box).
// Loaded as CommonJS: the ES module of 1.8.1 names its files without their endings, which Node does not resolve.
import { createRequire } from 'node:module';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

const mps = createRequire(import.meta.url)('@bitgo/wasm-mps');
const COUNT = 3;
const PARTIES = [0, 1, 2];
const others = (values, me) => values.filter((_, other) => other !== me);

function boxKeys() {
  const { privateKey } = generateKeyPairSync('x25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  return { secret: Buffer.from(d, 'base64url'), open: Buffer.from(x, 'base64url') };
}

function generated(keys) {
  const open = keys.map((key) => key.open);
  const first = PARTIES.map((me) =>
    mps.ed25519_dkg_round0_process(me, keys[me].secret, others(open, me), randomBytes(32)),
  );
  const firstMessages = first.map((each) => each.msg);
  const second = PARTIES.map((me) =>
    mps.ed25519_dkg_round1_process(others(firstMessages, me), first[me].state),
  );
  const secondMessages = second.map((each) => each.msg);
  const shares = PARTIES.map((me) =>
    mps.ed25519_dkg_round2_process(others(secondMessages, me), second[me].state),
  );
  const bytes = [...firstMessages, ...secondMessages].reduce((sum, each) => sum + each.length, 0);
  return { shares, bytes: bytes * (COUNT - 1) };
}

function signed(shares, message) {
  let bytes = 0;
  let states = shares.map((share) => mps.ed25519_dsg_round0_process(share, 'm', message));
  for (const round of [mps.ed25519_dsg_round1_process, mps.ed25519_dsg_round2_process]) {
    const messages = states.map((each) => each.msg);
    bytes += messages[0].length + messages[1].length;
    states = states.map((each, me) => round(messages[1 - me], each.state));
  }
  const messages = states.map((each) => each.msg);
  bytes += messages[0].length + messages[1].length;
  const signatures = states.map((each, me) => mps.ed25519_dsg_round3_process(messages[1 - me], each.state));
  return { signatures, bytes };
}

function only2of3(threshold, count) {
  if (threshold !== 2 || count !== COUNT) throw new Error('the package does 2-of-3 only');
}

export const operations = {
  'keygen ed25519'(threshold, count) {
    only2of3(threshold, count);
    const keys = PARTIES.map(boxKeys);
    return { run: () => generated(keys), after: ({ bytes }) => bytes };
  },
  'sign ed25519'(threshold, count) {
    only2of3(threshold, count);
    const { shares } = generated(PARTIES.map(boxKeys));
    const [first, second] = shares;
    const encoded = [first.share, second.share];
    const publicKey = first.pk;
    return {
      before: () => randomBytes(32),
      run: (message) => ({ message, ...signed(encoded, message) }),
      after({ message, signatures, bytes }) {
        if (!signatures.every((each) => ed25519.verify(each, message, publicKey))) {
          throw new Error('the signature does not verify');
        }
        return bytes;
      },
    };
  },
};
