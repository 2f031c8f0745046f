"""What runs beside the enclave on each device: it holds the connection to the service and understands none of it.

The agent is trusted with no secret. It starts the enclave process, passes frames between it and the service, and
marks every byte from the network as the service's, so that only this device's operator can speak as the operator.
"""
