"""The program inside an enclave: it holds one key share and judges every request on its own."""
