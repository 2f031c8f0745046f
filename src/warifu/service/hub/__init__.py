"""Where the signers' connections meet: who is there, what is asked of them, and what they say to each other."""
