"""Evidence of a TPM 2.0 (TCG TPM 2.0 Library Specification, Parts 1 to 3): a quote, and what it is judged by.

The structures that a TPM signs are parsed here in plain Python, so that a device without a TPM, and without a TPM's
libraries, can judge the evidence of one that has it. The attester is in ``warifu.tee``.
"""
