// @cmdcode/frost: FROST for BIP-340 in JavaScript, over noble. It has no key generation but a trusted dealer.
//
// Every signer combines and checks the signature for itself, as every one of Warifu's does.
import { randomBytes } from 'node:crypto';
import {
  combine_partial_sigs,
  create_commit_pkg,
  create_dealer_set,
  get_group_signing_ctx,
  sign_msg,
  verify_final_sig,
} from '@cmdcode/frost/lib';

const half = (hex) => hex.length / 2;

function signed({ group_pk: publicKey }, shares, message) {
  const nonces = shares.map((share) => create_commit_pkg(share));
  const sent = nonces.map(({ idx, hidden_pn, binder_pn }) => ({ idx, hidden_pn, binder_pn }));
  const contexts = shares.map(() => get_group_signing_ctx(publicKey, [...sent], message));
  const partials = shares.map((share, me) => sign_msg(contexts[me], share, nonces[me]));
  const signatures = contexts.map((context) => combine_partial_sigs(context, partials));
  const verified = signatures.every((signature, me) => verify_final_sig(contexts[me], message, signature));
  const bytes = [...sent, ...partials].reduce(
    (sum, each) => sum + (each.psig ? half(each.psig) : half(each.hidden_pn) + half(each.binder_pn)),
    0,
  );
  return { verified, bytes: bytes * (shares.length - 1) };
}

export const operations = {
  'sign bip340'(threshold, count) {
    const group = create_dealer_set(threshold, count, [randomBytes(32).toString('hex')]);
    const shares = group.shares.slice(0, threshold);
    return {
      before: () => randomBytes(32).toString('hex'),
      run: (message) => signed(group, shares, message),
      after({ verified, bytes }) {
        if (!verified) throw new Error('the signature does not verify');
        return bytes;
      },
    };
  },
};
