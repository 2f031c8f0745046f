// @0xcarbon/dkls23-wasm: DKLs23 ECDSA, Rust as WebAssembly, made for browsers (so it is started by hand here).
//
// Its key generation makes the base oblivious transfers of every pair; its signing extends them. Messages are objects of
// hexadecimal strings and lists of bytes; counted is the binary content, which is half or less of what JSON would take.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import * as dkls from '@0xcarbon/dkls23-wasm/dkls23_wasm.js';

for (const level of ['debug', 'info', 'log']) console[level] = () => {}; // it logs to where the answers go
dkls.initSync(
  readFileSync(new URL('./node_modules/@0xcarbon/dkls23-wasm/dkls23_wasm_bg.wasm', import.meta.url)),
);

function size(value) {
  if (typeof value === 'string') return value.length / 2;
  if (typeof value !== 'object') return 1;
  return (value instanceof Map ? [...value.values()] : Object.values(value)).reduce(
    (sum, part) => sum + size(part),
    0,
  );
}

function ok(result) {
  if (result?.Err) throw new Error(result.Err.description);
  return result?.Ok ?? result;
}

const addressed = (messages, party) => messages.flat().filter(({ parties }) => parties.receiver === party);

function generated(threshold, count) {
  const session = [...randomBytes(32)];
  const parties = Array.from({ length: count }, (_, index) => index + 1);
  const data = parties.map((party_index) => ({
    parameters: { threshold, share_count: count },
    party_index,
    session_id: session,
  }));
  const fragments = data.map((each) => dkls.phase1_wasm_binding(each));
  const second = data.map((each, me) =>
    dkls.phase2_wasm_binding(
      each,
      fragments.map((sent) => sent[me]),
    ),
  );
  const proofs = second.map((each) => each[1]);
  const zeroCommitments = second.map((each) => each[3]);
  const chainCommitments = new Map(second.map((each, me) => [me + 1, each[5]]));
  const third = data.map((each, me) => dkls.phase3_wasm_binding(each, second[me][2], second[me][4]));
  const zeroOpenings = third.map((each) => each[1]);
  const multiplication = third.map((each) => each[3]);
  const chainOpenings = new Map(third.map((each, me) => [me + 1, each[4]]));
  const keys = data.map((each, me) =>
    ok(dkls.phase4_wasm_binding(
      each,
      second[me][0],
      proofs,
      third[me][0],
      addressed(zeroCommitments, me + 1),
      addressed(zeroOpenings, me + 1),
      third[me][2],
      addressed(multiplication, me + 1),
      chainCommitments,
      chainOpenings,
    )),
  );
  const each = [fragments.flatMap((sent, me) => sent.filter((_, to) => to !== me)), zeroCommitments];
  const all = [proofs, chainCommitments, chainOpenings];
  const bytes = size([...each, zeroOpenings, multiplication]) + (count - 1) * size(all);
  return { keys, bytes };
}

function signed(keys, digest) {
  const signers = keys.map((key) => key.party_index);
  const sign_id = [...randomBytes(32)];
  const data = signers.map((me) => ({
    sign_id,
    counterparties: signers.filter((other) => other !== me),
    message_hash: digest,
  }));
  const first = keys.map((key, i) => dkls.sign_phase1(key, data[i]));
  const second = keys.map((key, i) =>
    ok(dkls.sign_phase2(
      key,
      data[i],
      first[i][0],
      first[i][1],
      addressed(
        first.map((each) => each[2]),
        signers[i],
      ),
    )),
  );
  const third = keys.map((key, i) =>
    ok(dkls.sign_phase3(
      key,
      data[i],
      second[i][0],
      second[i][1],
      addressed(
        second.map((each) => each[2]),
        signers[i],
      ),
    )),
  );
  const shares = third.map((each) => each[1]);
  const signatures = keys.map((key, i) => {
    const signature = ok(dkls.sign_phase4(key, data[i], third[i][0], shares, true));
    return third[i][0] + (Array.isArray(signature) ? signature[0] : signature);
  });
  const each = [...first, ...second].map((sent) => sent[2]);
  return { signatures, bytes: size(each) + (keys.length - 1) * size(shares) };
}

export const operations = {
  keygen: (threshold, count) => ({
    run: () => generated(threshold, count),
    after: ({ bytes }) => bytes,
  }),
  sign(threshold, count) {
    const keys = generated(threshold, count).keys.slice(0, threshold);
    return {
      before: () => randomBytes(32),
      run: (digest) => ({ digest, ...signed(keys, [...digest]) }),
      after({ digest, signatures, bytes }) {
        for (const signature of signatures) {
          if (!secp256k1.verify(Buffer.from(signature, 'hex'), digest, Buffer.from(keys[0].pk, 'hex'), { prehash: false })) {
            throw new Error('the signature does not verify');
          }
        }
        return bytes;
      },
    };
  },
};
