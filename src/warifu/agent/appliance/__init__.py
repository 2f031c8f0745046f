"""A device whose signer runs in an appliance: a small measured system in a virtual machine on this computer.

It is no enclave: whoever controls this computer can read the virtual machine's memory and that of its virtual TPM. What
it gives is a system of known content in which nothing but the signer runs, and a share that opens only in that system,
with that TPM.

``guest`` runs inside; ``port`` is what both sides agreed on; the rest runs on the host.
"""
