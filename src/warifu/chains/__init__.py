"""What Warifu knows of each chain: a pure half that signers use, and a network half that only the service uses."""
