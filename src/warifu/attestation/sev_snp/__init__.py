"""AMD SEV-SNP: the report that the secure processor signs for a confidential virtual machine.

The documents are AMD's: "SEV Secure Nested Paging Firmware ABI Specification" (publication 56860), "Versioned Chip
Endorsement Key (VCEK) Certificate and KDS Interface Specification" (57230), and for the table of certificates "SEV-ES
Guest-Hypervisor Communication Block Standardization" (56421). Tables are cited by their numbers in revision 1.55 of
56860; what later revisions added is marked with the version of the report that brought it.
"""

from warifu.attestation.sev_snp.verifier import SevSnpVerifier

__all__ = ["SevSnpVerifier"]
