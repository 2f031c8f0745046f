"""Evidence of Intel TDX and SGX: ECDSA quotes, and the collateral by which Intel vouches for the machine (DCAP).

Signatures, TCB levels and their status are computed by ``dcap-qvl``, a library in Rust. Around it stands what it leaves
out: one exact form for quote and collateral, whose certificates may sign what, and windows of validity in which only
what is renewed often gets a grace.
"""
